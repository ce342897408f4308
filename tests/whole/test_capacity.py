"""The search for capacity finds what is known beforehand: c servers that take S seconds each serve c / S a second."""

from pathlib import Path

import pytest

from _hookswarm.records.exit_codes import Exit
from _hookswarm.senders.plan.arrivals import Constant
from _hookswarm.senders.plan.stages import Limits, Stage
from tests.support.measuring import measure
from tests.support.runs import analyse

pytestmark = pytest.mark.alone

SERVERS, SERVICE_S = 8, 0.02
CAPACITY = SERVERS / SERVICE_S
FIRST = 260.0


def test_the_capacity_of_a_known_server(tmp_path: Path) -> None:
    """Within 5 %, and it says that the queue, or its wait, broke first. From other first rates, and with tries that
    are disturbed, the same search is played without a clock: `tests/senders/plan/test_search.py`.

    At a rate that is e above the capacity the wait grows by e a second: after 2 s, 30 ms of margin tell 1.5 %.
    """
    limits = Limits(p99_ms=SERVICE_S * 1e3 + 30, tolerance=0.03, repeats=3)
    search = Stage(
        "capacity", users=64, arrivals=Constant(FIRST), duration_s=2, drain_s=3, overload_s=1.5, payload="thin",
        limits=limits,
    )  # fmt: skip
    run = measure(tmp_path, search, "--servers", str(SERVERS), "--service", str(SERVICE_S), test="scalability")
    section, code = analyse(run)
    assert code == Exit.PASS, section.verdict
    assert section.capacity
    (found,) = section.capacity
    assert found.rate_per_s == pytest.approx(CAPACITY, rel=0.05)
    assert found.low_per_s
    assert found.high_per_s
    assert found.low_per_s < found.high_per_s <= found.low_per_s * 1.04
    assert found.limited_by in ("queue", "p99_ms")
