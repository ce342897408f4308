"""Child processes that never outlive whoever started them."""

import ctypes
import functools
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from typing import IO

_PR_SET_PDEATHSIG = 1


def die_with(parent: int) -> None:
    """Let the kernel end this process with its parent, even one that stands still and could not see to it itself."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it died before we asked
            os._exit(1)


def start_child(
    command: Sequence[str], env: Mapping[str, str] | None = None, output: int | IO[bytes] | None = None
) -> "subprocess.Popen[bytes]":
    """Start `command` with `env` added to ours, in a session of its own: Ctrl-C reaches only its parent.

    `output` takes both its standard output and its standard error; None leaves them ours.
    """
    return subprocess.Popen(
        command,
        env={**os.environ, **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        start_new_session=True,
        preexec_fn=functools.partial(die_with, os.getpid()),
    )


def stop_child(child: "subprocess.Popen[bytes]", sig: int = signal.SIGTERM, patience_s: float = 10) -> int:
    """Ask `child` to end, insist after `patience_s`, and return its exit code."""
    if child.poll() is None:
        child.send_signal(sig)
        try:
            child.wait(patience_s)
        except subprocess.TimeoutExpired:
            child.kill()
    return child.wait()


def await_group(leader: int, patience_s: float) -> None:
    """Return when nobody is left of the group that a child led; whoever is there after `patience_s` is killed."""
    deadline = time.monotonic() + patience_s
    try:
        while time.monotonic() < deadline:
            os.killpg(leader, 0)
            time.sleep(0.02)
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        pass
