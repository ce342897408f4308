"""A machine that others use, too: who they are, and the stage that they spoilt once more."""

import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from _hookswarm.analysis.reading.frames import load_run
from _hookswarm.analysis.reports import analyse
from _hookswarm.analysis.schema.verdict import Status
from _hookswarm.records.timeline import BystandersSeen, StageEnded, read_timeline
from _hookswarm.senders.plan.arrivals import Poisson
from _hookswarm.senders.plan.stages import Stage
from tests.support.receivers import running_receiver, wait_until
from tests.support.runs import end_group, regions_file, run_folder, start_locust

pytestmark = pytest.mark.alone

SPIN = [sys.executable, "-c", "import time\nend = time.monotonic() + 60\nwhile time.monotonic() < end: pass"]
PLAN = [
    Stage("crowded", users=8, duration_s=2, arrivals=Poisson(300), payload="thin"),
    Stage("calm", users=8, duration_s=6, arrivals=Poisson(300), payload="thin"),
]


def test_a_stage_that_others_spoil_is_played_once_more(tmp_path: Path) -> None:
    """Six processes spin on both cores until the first stage is over: it is played again, and they are named."""
    burners = [subprocess.Popen(SPIN, start_new_session=True) for _ in range(6)]
    try:
        with running_receiver(tmp_path) as receiver:
            locust = start_locust(tmp_path, PLAN, "--regions", str(regions_file(tmp_path, receiver)), "--replay")
            try:
                wait_until(lambda: _is_over(tmp_path), 30)
                for burner in burners:
                    burner.kill()
                locust.wait(60)
            finally:
                end_group(locust)
    finally:
        for burner in burners:
            burner.kill()
            burner.wait()
    section = analyse(load_run(run_folder(tmp_path))).performance
    stages = {stage.name: stage for stage in section.stages}
    assert list(stages) == ["crowded (first time)", "calm", "crowded"]
    assert stages["crowded (first time)"].throughput_per_s is None
    assert not stages["crowded"].disturbed
    assert stages["crowded"].throughput_per_s == pytest.approx(300, rel=0.2)
    assert section.verdict.status is Status.PASS, section.verdict
    codes = {reason.code for reason in stages["crowded (first time)"].disturbed}
    assert {"stage_replayed", "machine_disturbed"} <= codes
    seen = [entry for entry in read_timeline(run_folder(tmp_path)) if isinstance(entry, BystandersSeen)]
    assert {one.pid for one in seen[0].busiest} <= {burner.pid for burner in burners}
    assert "is played once more" in (tmp_path / "locust.log").read_text()


def _is_over(folder: Path) -> bool:
    with suppress(AssertionError):  # there is no run yet
        return any(isinstance(entry, StageEnded) for entry in read_timeline(run_folder(folder)))
    return False
