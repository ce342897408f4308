"""The capacity of a service that is known beforehand: c workers that take S seconds each deliver c / S a second."""

from pathlib import Path

import pytest

from _hookswarm.records.exit_codes import Exit
from tests.support.delivery_services import delivery_service
from tests.support.through_service import own_table, run_through

pytestmark = pytest.mark.alone

WORKERS, WORK_MS = 4, 10
CAPACITY = WORKERS / WORK_MS * 1e3


def test_the_capacity_of_a_known_service(tmp_path: Path) -> None:
    """Within 5 %, from the calibration on, and it says that what it accepts piles up, though it accepts far more."""
    with delivery_service(tmp_path, "--workers", str(WORKERS), "--work-ms", str(WORK_MS)) as service:
        table = own_table(tmp_path, service)
        run = run_through(tmp_path, table, "scalability", "--stages", "capacity", timeout_s=300)
    assert run.code == Exit.PASS, run.said
    assert run.section.capacity
    (found,) = run.section.capacity
    assert found.rate_per_s == pytest.approx(CAPACITY, rel=0.05), run.said
    assert found.limited_by == "queue"
    assert not found.lower_bound
