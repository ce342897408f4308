"""Locust as a process of its own: one test's locustfile, played to its end."""

import argparse
import signal
import sys
import tempfile
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from _hookswarm.analysis.reporting.progress import Display
from _hookswarm.receiver import children
from _hookswarm.receiver.fleet import free_ports
from _hookswarm.records.exit_codes import Exit
from _hookswarm.records.manifest import MANIFEST, new_run_id
from _hookswarm.records.timeline import StageStarted, read_timeline
from _hookswarm.runner.interrupt import Interrupt
from _hookswarm.runner.said import Said
from _hookswarm.runner.tests import LOCUSTFILES, Test
from _hookswarm.senders.exchange.messages import RUN_VARIABLE, SAYS
from _hookswarm.senders.plan.options import to_arguments
from _hookswarm.senders.service.kept import account_of, left_behind

STOP_PATIENCE_S = 45
"""How long Locust may take to end in order once it is told to."""
LEFT_PATIENCE_S = 8
"""How long its sending processes may take when it was killed; they see that themselves, and end."""


@dataclass(frozen=True)
class Run:
    """A run that is over."""

    folder: Path
    began: bool
    """Its manifest was there: from then on something may have been sent."""
    said: str
    """What Locust printed."""
    code: int | None = None
    """Its exit code."""

    @property
    def refused(self) -> str:
        """What Locust said where the target accepted nothing, so that other tests would find no more; else empty."""
        if self.code != Exit.UNTESTED or (self.began and self._played):
            return ""
        lines = [line.removeprefix(SAYS) for line in self.said.splitlines() if line.startswith(SAYS)]
        lines = [line for line in lines if not line.startswith("run ")]
        return lines[-1] if lines else "the target accepted nothing"

    @property
    def _played(self) -> bool:
        """A stage began: a service may refuse its set-up, which the run's folder already holds."""
        return any(isinstance(entry, StageStarted) for entry in read_timeline(self.folder))


def run_locust(
    name: str, test: Test, options: argparse.Namespace, extra: Sequence[str], interrupt: Interrupt, console: Console
) -> Run:
    """Run one test's locustfile to its end, with a progress bar."""
    run = new_run_id(name, datetime.now(UTC))
    folder = Path(options.results) / run
    folder.mkdir(parents=True)
    planned = 0 if options.service else test.processes[not options.quick]  # it compares numbers of our processes
    processes = planned if options.processes is None else options.processes
    command = [sys.executable, "-m", "locust", "-f", str(LOCUSTFILES / test.file), "--headless", "--only-summary"]
    command.append("--host=")  # whatever a file of Locust's configuration says: the target is the command's
    command += ["--loglevel", "WARNING", *to_arguments(options), *extra]
    if options.expect_workers:
        command += ["--master", "--expect-workers", str(options.expect_workers)]
        command += ["--expect-workers-max-wait", str(options.expect_workers_max_wait)]
    elif processes:
        port = str(free_ports(1)[0])
        command += ["--processes", str(processes), "--master-bind-host", "127.0.0.1"]
        command += ["--master-bind-port", port, "--master-port", port]
    with tempfile.TemporaryFile() as file, Display(folder, name, console) as display:
        said = Said(file)
        locust = children.start_child(command, {RUN_VARIABLE: run}, output=file)
        try:
            told, began = 0, False
            while locust.poll() is None:
                interrupt.wanted.wait(0.2) if not told else threading.Event().wait(0.2)
                began = began or (folder / MANIFEST).exists()
                display.update()
                _tell(said.to_user(), console)
                if interrupt.count > told:
                    told = interrupt.count
                    locust.send_signal(signal.SIGINT if told == 1 else signal.SIGKILL)
            display.update()
        finally:
            children.stop_child(locust, signal.SIGINT, STOP_PATIENCE_S)
            children.await_group(locust.pid, LEFT_PATIENCE_S)
            _tell(said.to_user(), console)
            if locust.returncode == -signal.SIGKILL and account_of(folder).exists():
                _tell([left_behind("the service", folder)], console)
    _keep_log(folder / "locust.log", said.text)
    return Run(folder, began or (folder / MANIFEST).exists(), said.text.strip(), locust.returncode)


def _tell(lines: Iterable[str], console: Console) -> None:
    for line in lines:
        console.print(line, markup=False, highlight=False)


def _keep_log(path: Path, said: str) -> None:
    """Keep what Locust said with the run; a disk that is full by now has no room for it."""
    try:
        path.write_text(said)
    except OSError:
        pass
