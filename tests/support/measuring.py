"""Measurements against a server with a known answer: it has one core, the sender has the other."""

import fcntl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import gettempdir

from _hookswarm.senders.plan.stages import Stage
from tests.support.receivers import free_port
from tests.support.runs import run_locust, running

# A virtual core that idles is woken late by its host, by milliseconds: this keeps the sender's core awake and takes
# nothing from it.
SPIN = """
import os, time
os.sched_setaffinity(0, {0})
os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
end = time.monotonic() + 100
while time.monotonic() < end: pass
"""


def _first() -> list[str]:
    """What starts a command so that it runs before all other work on this machine, if we may."""
    first = ["chrt", "--fifo", "1"]
    try:
        return first if subprocess.run([*first, "true"], capture_output=True).returncode == 0 else []
    except FileNotFoundError:
        return []


@contextmanager
def _alone() -> Iterator[None]:
    """One measurement at a time on this machine: all take the same cores."""
    with (Path(gettempdir()) / "hookswarm-measuring.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def measure(folder: Path, stage: Stage, *server: str, test: str = "performance") -> Path:
    """One stage against `tests.support.known_server` with these options; the run's folder."""
    port = free_port()
    with _alone(), running(["tests.support.known_server", str(port), *server], port, folder):
        with subprocess.Popen([sys.executable, "-c", SPIN]) as spinner:
            try:
                target = ["--target", f"http://127.0.0.1:{port}/hooks", "--no-probe"]
                prefix = [*_first(), "taskset", "-c", "0"]
                return run_locust(folder, [stage], *target, timeout_s=90, prefix=prefix, test=test)
            finally:
                spinner.kill()
