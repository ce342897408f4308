"""What a sending process uses of the machine, measured by itself."""

import errno
import socket
import sys
import time
from pathlib import Path

import gevent
from gevent.lock import BoundedSemaphore

from _hookswarm.records.clock import Clock
from _hookswarm.records.machine import MachineLog
from _hookswarm.records.resources import ResourceLog, available

MACHINE_SAMPLE_S = 1.0
"""The same of the machine's log. A line takes a millisecond, which may be one of the sender's."""

SAMPLE_S = 0.5
"""How often the psutil log gets a line."""

SWITCH_S = 5e-4
"""How soon a thread that samples gives the interpreter back to the event loop: Python's own 5 ms are longer than a part
of a sample, so the loop would wait for its end."""

BIN_MS = 0.1
BINS = 10_000
"""Latenesses are counted in bins of 0.1 ms up to a second: a long stage needs no more memory than a short one."""


def host_name() -> str:
    """This machine's, safe in file names."""
    return "".join(c if c.isalnum() else "-" for c in socket.gethostname())[:40]


class Lags:
    """How late the event loop ran its timers."""

    def __init__(self) -> None:
        self._bins = [0] * BINS

    def add(self, seconds: float) -> None:
        """Count a timer that ran so late; more than a second counts as one."""
        self._bins[min(max(int(seconds * 1e3 / BIN_MS), 0), BINS - 1)] += 1

    def p99_ms(self) -> float:
        """99th percentile, to the upper edge of its bin; 0 where nothing was counted."""
        above = sum(self._bins) // 100
        for place in range(BINS - 1, -1, -1):
            above -= self._bins[place]
            if above < 0:
                return round((place + 1) * BIN_MS, 3)
        return 0.0


class Sampler:
    """Keeps a psutil log, from a thread: the event loop must not wait for it."""

    def __init__(self, log: ResourceLog | MachineLog | None, every_s: float = SAMPLE_S) -> None:
        """None: there is no psutil, and so no log."""
        self._log = log
        self._every_s = every_s
        self._lock = BoundedSemaphore(1)
        sys.setswitchinterval(SWITCH_S)
        self._greenlet = gevent.spawn(self._sample_forever) if log else None

    def sample(self) -> None:
        """Take a sample now. A disk that is full ends the log, and the journals will say why."""
        with self._lock:
            try:
                if self._log:
                    gevent.get_hub().threadpool.apply(self._log.sample)
            except OSError as error:
                if error.errno not in (errno.EMFILE, errno.ENFILE):  # without a descriptor there is one sample less
                    self.close()

    def _sample_forever(self) -> None:
        while self._log and not self._log.gone:
            self.sample()
            gevent.sleep(self._every_s)

    def close(self) -> None:
        log, self._log = self._log, None
        if log:
            log.close()


def process_log(folder: Path, role: str, clock: Clock, process: str, pid: int | None = None) -> ResourceLog | None:
    """Of this process, or of `pid`; None without psutil. Raises OSError."""
    return None if available() else ResourceLog(folder, role, clock, process, pid)


def machine_log(folder: Path, clock: Clock) -> MachineLog | None:
    """Of this machine; None without psutil. Raises OSError."""
    return None if available() else MachineLog(folder, host_name(), clock)


class Usage:
    """What this process used of the CPU since it was made."""

    def __init__(self) -> None:
        self._wall, self._cpu, self._starved = time.monotonic(), time.process_time(), _starved_s()

    def since(self) -> tuple[float, float, float | None]:
        """Seconds by the wall, on a CPU, and waiting for one."""
        starved = _starved_s()
        waited = None if starved is None or self._starved is None else starved - self._starved
        return time.monotonic() - self._wall, time.process_time() - self._cpu, waited


def _starved_s() -> float | None:
    """Seconds that the main thread was ready to run and had to wait for a CPU; None where Linux does not say."""
    if sys.platform != "linux":
        return None
    try:
        return int(Path("/proc/self/schedstat").read_text().split()[1]) / 1e9
    except (OSError, IndexError, ValueError):
        return None
