"""Measurements against a server with a known answer: it has one core, the sender has the other."""

import fcntl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import gettempdir
from typing import IO

import numpy as np
import numpy.typing as npt

from _hookswarm.senders.plan.stages import Stage
from tests.support.receivers import CHECKOUT, free_port
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


PLAIN = "plain.txt"


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


def measure(folder: Path, stage: Stage, *server: str, test: str = "performance", beside_every_s: float = 0) -> Path:
    """One stage against `tests.support.known_server` with these options; the run's folder.

    `beside_every_s`: so often a plain client asks the same server from the same core (`plainly`); 0: never.
    """
    port, prefix = free_port(), [*_first(), "taskset", "-c", "0"]
    with ExitStack() as ending:
        ending.enter_context(_alone())
        ending.enter_context(running(["tests.support.known_server", str(port), *server], port, folder))
        ending.enter_context(_ended([sys.executable, "-c", SPIN]))
        if beside_every_s:
            plain = [*prefix, sys.executable, "-m", "tests.support.plain_client", str(port), str(beside_every_s)]
            ending.enter_context(_ended(plain, ending.enter_context((folder / PLAIN).open("w"))))
        target = ["--target", f"http://127.0.0.1:{port}/hooks", "--no-probe"]
        return run_locust(folder, [stage], *target, timeout_s=90, prefix=prefix, test=test)


def plainly(folder: Path, from_ns: int, until_ns: int) -> npt.NDArray[np.float64]:
    """How long the answers to the plain client took, in ms, which it asked for in this time."""
    sent, took = np.loadtxt(folder / PLAIN, dtype=np.int64, unpack=True)
    found: npt.NDArray[np.float64] = took[(sent >= from_ns) & (sent < until_ns)] / 1e6
    return found


@contextmanager
def _ended(command: list[str], output: IO[str] | None = None) -> Iterator[None]:
    """A process that goes on until it is killed."""
    with subprocess.Popen(command, cwd=CHECKOUT, stdout=output) as process:
        try:
            yield
        finally:
            process.kill()
