"""A master that waits for its sending processes says for whom and where, and not for ever."""

import os
import socket
import time
from collections.abc import Callable

import gevent
import psutil

SAY_EVERY_S = 10.0
LOOK_S = 0.25


class Expecting:
    """Waits for `wanted` sending processes; `forked` are its own children, who come within a second or two."""

    def __init__(self, wanted: int, address: str, limit_s: float, forked: bool, say: Callable[[str], object]) -> None:
        self._wanted = wanted
        self._address = address
        self._limit_s = limit_s
        self._forked = forked
        self._say = say

    def wait(self, there: Callable[[], int], living: Callable[[], int], begun: Callable[[], bool]) -> str:
        """Return when the run has begun; or why no longer to wait, and what to do.

        `there` is how many have come, one may leave before Locust looks; `living` how many children live.
        """
        began = time.monotonic()
        told = began if self._forked else -SAY_EVERY_S
        while not begun():
            come = there()
            waited = time.monotonic() - began
            of = f"{come} of {self._wanted} sending processes"
            if self._forked and living() < self._wanted:
                return f"one of its own {self._wanted} sending processes ended before it was there: see what it printed"
            if come < self._wanted and waited >= self._limit_s:
                return (
                    f"gave up after {self._limit_s:g} s: {of} came to {self._address}; see that they are started, that "
                    "--master-host and --master-port of each lead here, and that no other master answers to that name: "
                    "beside `docker compose up` end its master (docker compose stop master)"
                )
            if come < self._wanted and waited - told >= SAY_EVERY_S:
                told = waited
                left = f"gives up in {self._limit_s - waited:.0f} s"
                self._say(f"waits for sending processes at {self._address}: {of} are there; {left}")
            gevent.sleep(LOOK_S)
        return ""


def listens_at(host: str, port: int) -> str:
    """Where a master that is bound to this waits for them."""
    return f"{host}:{port}" if host != "*" else f"{socket.gethostname()}:{port} (every address of this host)"


def living_children() -> int:
    """Of this process, but for those that ended and that nobody asked for their ends yet."""
    children = psutil.Process(os.getpid()).children()
    return sum(_lives(child) for child in children)


def _lives(child: psutil.Process) -> bool:
    try:
        return bool(child.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
