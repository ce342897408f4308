"""Locust as a process of its own: one test's locustfile, played to its end."""

import argparse
import signal
import sys
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from _hookswarm.analysis.reporting.progress import Display
from _hookswarm.receiver import children
from _hookswarm.receiver.fleet import free_ports
from _hookswarm.records.manifest import MANIFEST, new_run_id
from _hookswarm.runner.interrupt import Interrupt
from _hookswarm.runner.tests import LOCUSTFILES, Test
from _hookswarm.senders.exchange.messages import RUN_VARIABLE, SAYS
from _hookswarm.senders.plan.options import to_arguments

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


def run_locust(
    name: str, test: Test, options: argparse.Namespace, extra: Sequence[str], interrupt: Interrupt, console: Console
) -> Run:
    """Run one test's locustfile to its end, with a progress bar."""
    run = new_run_id(name, datetime.now(UTC))
    folder = Path(options.results) / run
    folder.mkdir(parents=True)
    processes = test.processes[not options.quick] if options.processes is None else options.processes
    command = [sys.executable, "-m", "locust", "-f", str(LOCUSTFILES / test.file), "--headless", "--only-summary"]
    command += ["--loglevel", "WARNING", *to_arguments(options), *extra]
    if options.expect_workers:
        command += ["--master", "--expect-workers", str(options.expect_workers)]
    elif processes:
        port = str(free_ports(1)[0])
        command += ["--processes", str(processes), "--master-bind-host", "127.0.0.1"]
        command += ["--master-bind-port", port, "--master-port", port]
    with tempfile.TemporaryFile() as log, Display(folder, name, console) as display:
        locust = children.start_child(command, {RUN_VARIABLE: run}, output=log)
        try:
            told, began = 0, False
            while locust.poll() is None:
                interrupt.wanted.wait(0.2) if not told else threading.Event().wait(0.2)
                began = began or (folder / MANIFEST).exists()
                display.update()
                if interrupt.count > told:
                    told = interrupt.count
                    locust.send_signal(signal.SIGINT if told == 1 else signal.SIGKILL)
            display.update()
        finally:
            children.stop_child(locust, signal.SIGINT, STOP_PATIENCE_S)
            children.await_group(locust.pid, LEFT_PATIENCE_S)
            log.seek(0)
            said = log.read()
    _keep_log(folder / "locust.log", said)
    for line in said.decode(errors="replace").splitlines():
        if line.startswith(SAYS) and not line.startswith(f"{SAYS}run "):
            console.print(line, markup=False, highlight=False)
    return Run(folder, began or (folder / MANIFEST).exists(), said.decode(errors="replace").strip())


def _keep_log(path: Path, said: bytes) -> None:
    """Keep what Locust said with the run; a disk that is full by now has no room for it."""
    try:
        path.write_bytes(said)
    except OSError:
        pass
