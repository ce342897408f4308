"""Whoever conducts a run is killed, or stands still: nothing is sent for longer than is documented, nothing is left."""

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import pytest

from _hookswarm.records.exit_codes import Exit
from _hookswarm.senders.plan.arrivals import Constant
from _hookswarm.senders.plan.stages import Stage, to_plain
from tests.support.receivers import MARK, RunningReceiver, environment, free_port, processes_in, running_receiver
from tests.support.receivers import wait_until as until
from tests.support.runs import BUSY, PLAN, RUNNER, analyse, codes, end_group, regions_file, run_folder, start_locust

pytestmark = pytest.mark.slow

ENDLESS = Stage("endless", users=4, arrivals=Constant(100), payload="thin", duration_s=120)
SHORT = Stage("short", users=4, arrivals=Constant(100), payload="thin", duration_s=8)
FORKED = ("--processes", "2")


@dataclass(frozen=True)
class _Run:
    """Of plain Locust, against a receiver of its own; its worker, if nobody forked that."""

    folder: Path
    receiver: RunningReceiver
    master: "subprocess.Popen[bytes]"
    worker: "subprocess.Popen[bytes] | None" = None

    def arrivals(self) -> int:
        return int(self.receiver.ask("/stats").json()["arrivals"])

    def said(self) -> str:
        return "".join(path.read_text() for path in self.folder.glob("*.log"))


@contextmanager
def _run(folder: Path, stage: Stage, *options: str) -> Iterator[_Run]:
    """With these options, or with a worker on its own; gone afterwards."""
    folder.mkdir()
    port = str(free_port())
    with running_receiver(folder) as receiver:
        regions = ["--regions", str(regions_file(folder, receiver))]
        bound = ["--master", "--expect-workers", "1", "--master-bind-host", "127.0.0.1", "--master-bind-port", port]
        master = start_locust(folder, [stage], *regions, *(options or bound))
        worker = None
        if not options:
            command = [sys.executable, "-m", "locust", "-f", str(PLAN), "--worker", "--master-port", port, *regions]
            env = environment(HOOKSWARM_TEST_STAGES=json.dumps([to_plain(stage)]), HOOKSWARM_TEST_NAME="performance")
            with (folder / "worker.log").open("wb") as log:
                worker = subprocess.Popen(command, cwd=folder, env=env, stdout=log, stderr=log, start_new_session=True)
        try:
            yield _Run(folder, receiver, master, worker)
        finally:
            for process in filter(None, (worker, master)):
                end_group(process)


def _ceased(runs: list[_Run], began_s: float, within_s: float) -> None:
    """So long after that instant nothing arrives any more."""
    time.sleep(max(began_s + within_s - time.monotonic(), 0))
    then = [run.arrivals() for run in runs]
    time.sleep(1.5)
    assert [run.arrivals() for run in runs] == then


def test_without_a_master_nothing_is_sent(tmp_path: Path) -> None:
    """Two seconds after it was killed, whether it forked its sending processes or not; six after it began to stand
    still. One that stands still for three seconds goes on, and its run ends as it should. Each says why it ends.
    """
    with (
        _run(tmp_path / "forked", ENDLESS, *FORKED) as forked,
        _run(tmp_path / "apart", ENDLESS) as apart,
        _run(tmp_path / "silent", ENDLESS) as silent,
        _run(tmp_path / "paused", SHORT, "--processes", "1") as paused,
    ):
        runs = [forked, apart, silent, paused]
        until(lambda: all(run.arrivals() > 30 for run in runs), 60)
        children = psutil.Process(forked.master.pid).children()
        paused.master.send_signal(signal.SIGSTOP)
        goes_on = threading.Timer(3, paused.master.send_signal, [signal.SIGCONT])
        goes_on.start()  # on a busy machine what is looked at meanwhile takes longer
        silent.master.send_signal(signal.SIGSTOP)
        forked.master.kill()
        apart.master.kill()
        killed_s = time.monotonic()
        _ceased([forked, apart], killed_s, 2)
        goes_on.join()
        assert apart.worker
        assert apart.worker.wait(10) == Exit.VOID
        until(lambda: not any(child.is_running() and child.status() != psutil.STATUS_ZOMBIE for child in children), 10)
        _ceased([silent], killed_s, 6.5)
        assert silent.worker
        assert silent.worker.wait(10) == Exit.VOID
        assert paused.master.wait(60) in (Exit.PASS, Exit.VOID)
    assert forked.said().count("ends: the process that started it is gone; see why the master ended") == 2
    assert "ends: the connection to the master is closed; see why" in apart.said()
    assert "ends: the master has said nothing for 5 s; see why" in silent.said()
    section, _ = analyse(run_folder(paused.folder))
    assert codes(section) <= BUSY, section.verdict
    assert section.stages[0].deliveries.acknowledged == 800


def test_a_command_that_is_killed_leaves_nothing(tmp_path: Path) -> None:
    """Neither Locust, nor what that forked, nor receivers."""
    options = ["--test", "load", "--quick", "--stages", "sustained", "--rate", "50", "--duration", "60s", *FORKED]
    command = subprocess.Popen(
        [sys.executable, str(RUNNER), *options], cwd=tmp_path, env=environment(**{MARK: str(tmp_path)}),
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        until(lambda: len(list(tmp_path.glob("results/*/attempts-*"))) == 2, 60)
        assert len(processes_in(tmp_path)) >= 6
    finally:
        command.kill()
        command.wait()
    until(lambda: not processes_in(tmp_path), 5)
