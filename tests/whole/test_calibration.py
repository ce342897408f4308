"""A plan made for another service drowns none: rates come from what this one is seen to take."""

from pathlib import Path

import pytest

from _hookswarm.records.exit_codes import Exit
from tests.support.delivery_services import delivery_service
from tests.support.through_service import own_table, run_through

pytestmark = pytest.mark.slow

WORKERS, WORK_MS = 4, 50
DELIVERS = WORKERS / WORK_MS * 1e3


def test_stages_run_at_half_of_what_a_slow_service_delivers(tmp_path: Path) -> None:
    """80/s are found, said and reported; a stage that was planned with 200/s runs at 40/s at most."""
    with delivery_service(tmp_path, "--workers", str(WORKERS), "--work-ms", str(WORK_MS)) as service:
        table = own_table(tmp_path, service)
        run = run_through(tmp_path, table, "load", "--quick", "--stages", "sustained")
    assert not run.faults, run.said
    assert run.section.service
    assert (found := run.section.service.calibration)
    assert found.accepts_per_s > 2 * DELIVERS
    assert DELIVERS / 2 < found.delivers_per_s < DELIVERS * 1.1
    assert found.at_most_per_s == pytest.approx(found.delivers_per_s / 2, abs=0.01)
    (sustained,) = (stage for stage in run.section.stages if stage.scenario == "sustained")
    assert sustained.parameters["arrivals"]["rate"] == pytest.approx(found.at_most_per_s, rel=0.01)
    said = " ".join(run.said.split())
    assert "stages run at half of that" in said
    assert "--rate sets another" in said


def test_a_service_that_delivers_nothing_is_said_to(tmp_path: Path) -> None:
    """The run ends after the calibration, untested, with what to look at."""
    with delivery_service(tmp_path, "--never-deliver") as service:
        table = own_table(tmp_path, service)
        table.write_text("drain_s = 1\n" + table.read_text())
        run = run_through(tmp_path, table, "load", "--quick", "--stages", "sustained", "--no-probe")
    assert run.code == Exit.UNTESTED, run.said
    assert "nothing of the 100 events that were accepted first has arrived" in " ".join(run.said.split())
