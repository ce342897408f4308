"""A sending process that dies in mid-run: noticed at once, accounted for, and only forgiven when that was allowed."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import psutil
import pytest

from _hookswarm.analysis.schema.report import Section
from _hookswarm.analysis.schema.verdict import Status
from _hookswarm.records.exit_codes import Exit
from _hookswarm.records.timeline import WorkerLost, read_timeline
from _hookswarm.senders.plan.arrivals import Constant
from _hookswarm.senders.plan.stages import Stage
from tests.support.receivers import free_port, running_receiver, wait_until
from tests.support.runs import BUSY, analyse, codes, end_group, regions_file, run_folder, start_locust

pytestmark = pytest.mark.slow

STAGES = [
    Stage("struck", users=4, arrivals=Constant(200), duration_s=10, payload="thin"),
    Stage("after", users=4, events=500, payload="thin"),
]


def _strike(
    folder: Path, *more: str, meanwhile: Callable[[], object] = lambda: None
) -> tuple[Section, int, float, float]:
    """Kill one of two workers in the first stage; the section, its exit code, and after how long that was noticed and
    the run was over. `meanwhile`: the run goes on.
    """
    with running_receiver(folder) as receiver:
        options = ["--regions", str(regions_file(folder, receiver)), "--processes", "2", *more]
        process = start_locust(folder, STAGES, *options, headless="--autostart" not in more)
        try:
            wait_until(lambda: len(list((folder / "results").glob("*/attempts-*"))) == 2, 30)
            time.sleep(2)
            os.kill(psutil.Process(process.pid).children()[0].pid, signal.SIGKILL)
            killed = time.time_ns()
            meanwhile()
            process.wait(60)
            ended_s = (time.time_ns() - killed) / 1e9
        finally:
            end_group(process)
    run = run_folder(folder)
    (lost,) = [entry for entry in read_timeline(run) if isinstance(entry, WorkerLost)]
    section, exit_code = analyse(run)
    return section, exit_code, (lost.at_ns - killed) / 1e9, ended_s


def test_a_lost_worker_voids_the_run_within_seconds(tmp_path: Path) -> None:
    """It is noticed within 4.5 s and ends the run; what it had under way is in doubt, and nothing else is lost."""
    section, exit_code, noticed_s, ended_s = _strike(tmp_path)
    assert 0 < noticed_s < 4.5
    assert ended_s < 15
    assert exit_code == Exit.VOID
    assert section.verdict.status is Status.VOID
    assert "worker_lost" in codes(section)
    (struck,) = section.stages
    assert struck.name == "struck"
    assert struck.deliveries.acknowledged > 0
    assert struck.ledger.lost == 0


def test_a_loss_that_was_allowed_is_a_note(tmp_path: Path) -> None:
    """With --allow-worker-loss the other worker goes on with its own events, the next stage is played whole. Prometheus
    is told of it.
    """
    port = free_port()

    def told() -> bool:
        text = httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False).text
        return {"hookswarm_workers_gone_total 1.0", "hookswarm_workers 1.0"} <= set(text.splitlines())

    web_ui = ("--autostart", "--autoquit", "0", "--web-host", "127.0.0.1", "--web-port", str(port))
    section, _, noticed_s, _ = _strike(tmp_path, "--allow-worker-loss", *web_ui, meanwhile=lambda: wait_until(told, 10))
    assert 0 < noticed_s < 4.5
    allowed = {"worker_lost", "locust_total_differs"}
    assert section.verdict.status is Status.PASS or codes(section) <= BUSY | allowed, section.verdict
    assert "worker_lost" in codes(section)
    struck, after = section.stages
    # Half of 10 s at 200/s is the other worker's; the lost one had sent for more than a second.
    assert 1_000 + 100 < struck.deliveries.due <= 2_000
    assert struck.deliveries.acknowledged + struck.deliveries.in_doubt == struck.deliveries.due
    assert struck.deliveries.in_doubt <= 2
    assert after.deliveries.acknowledged == 500
