"""Sending processes that Locust forks: who forked this one, and an end with it while they start.

Until a forked process can look after itself, it may wait for a master that is gone already: Locust gives up after five
minutes. So long the kernel ends it with its parent.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1

_forker: int | None = None
"""The process that forks them now; None: what is forked is somebody else's."""


def guard_forks() -> None:
    """What this process forks from now on ends with it, until it calls `grown`."""
    global _forker
    if _forker is None:
        os.register_at_fork(after_in_child=_end_with_forker)
    _forker = os.getpid()


def grown() -> int | None:
    """Started up: guard no forks any more, and this process, if it is one, looks after itself. Returns who forked it;
    None: nobody, it was started on its own.
    """
    global _forker
    forker, _forker = _forker, None
    if forker is None or forker == os.getpid():
        return None
    _end_with_parent(0)
    return forker


def _end_with_forker() -> None:
    if _forker is not None:
        _end_with_parent(signal.SIGKILL)
        if os.getppid() != _forker:  # it died before we asked
            os._exit(1)


def _end_with_parent(number: int) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, number)
