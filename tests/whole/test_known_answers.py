"""Whole runs against servers whose behaviour is known: the figures must be the ones that arithmetic gives."""

from pathlib import Path

import pytest

from _hookswarm.analysis.schema.report import Section
from _hookswarm.records.export import read_journals
from _hookswarm.senders.plan.arrivals import Constant
from _hookswarm.senders.plan.stages import Stage
from tests.support.measuring import measure, plainly
from tests.support.runs import analyse

pytestmark = pytest.mark.alone


def _judged(run: Path) -> Section:
    section, code = analyse(run)
    assert code == 0, section.verdict
    return section


def test_a_fixed_delay_is_measured_within_a_millisecond(tmp_path: Path) -> None:
    """A server that takes 20 ms is reported with 20 to 21 ms, at the median and at the 99th percentile.

    A machine that is slow now and then adds to the latter, and to what the simplest client sees beside: that is the
    measure then. An error of the sender's own would be in each of eight measurements.
    """
    stage = Stage("delay", users=4, arrivals=Constant(80), warmup_s=1, duration_s=4, payload="thin")
    found = []
    for number in range(8):
        folder = tmp_path / str(number)
        folder.mkdir()
        run = measure(folder, stage, "--delay", "0.02", beside_every_s=0.05)
        attempt = _judged(run).stages[0].latency_ms.attempt
        assert attempt.count == 320
        assert attempt.p50 == pytest.approx(20, abs=1)
        (attempts,) = read_journals(run, "attempts")
        beside = plainly(folder, attempts.rows["start"].min(), attempts.rows["done"].max())
        assert len(beside) >= 60
        found.append((attempt.p99, float(beside.max())))
        assert attempt.p99 is not None
        if 20 <= attempt.p99 <= max(20, beside.max()) + 1:
            return
    pytest.fail(f"p99 of all measurements, and the plain client's longest: {found} ms")


RATE, LENGTH_S, STALL_S = 200, 5, 1.0


def test_a_stall_shows_in_the_tail_of_an_open_run(tmp_path: Path) -> None:
    """What fell due during a 1 s stall waited for its end: a fifth of 5 s, so p99 is 0.95 s and the maximum 1 s.

    That a closed loop hides it is shown without a clock: `tests/senders/worker/test_queue.py`.
    """
    stage = Stage("stall", users=8, arrivals=Constant(RATE), duration_s=LENGTH_S, payload="thin")
    found = _judged(measure(tmp_path, stage, "--stall-at", "2", "--stall", str(STALL_S))).stages[0]
    assert found.deliveries.due == found.deliveries.acknowledged == RATE * LENGTH_S
    # Of the slowest 1 %, the fastest fell due 1 % of the run's length after the stall began.
    assert found.latency_ms.delivery.p99 == pytest.approx((STALL_S - LENGTH_S * 0.01) * 1e3, rel=0.05)
    assert found.latency_ms.delivery.max == pytest.approx(STALL_S * 1e3, rel=0.05)
