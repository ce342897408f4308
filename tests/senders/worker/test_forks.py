"""Processes that are forked while Locust starts up end with who forked them, and later ones do not."""

import os
import signal
import subprocess
import sys

import psutil
import pytest

from tests.support.receivers import CHECKOUT, environment, wait_until

PARENT = r"""
import os, sys, time
from _hookswarm.senders.worker.forks import grown, guard_forks
guard_forks()
guard_forks()
child = os.fork()
if child:
    os.write(1, b"%d\n" % child)
    time.sleep(60)
if "grown" in sys.argv:
    assert grown() == os.getppid()
    grandchild = os.fork()
    if not grandchild:
        assert grown() is None
        os._exit(0)
    assert os.waitpid(grandchild, 0)[1] == 0
os.write(1, b"up\n")
time.sleep(60)
"""


@pytest.mark.parametrize("state", ["young", "grown"])
def test_a_young_process_ends_with_its_parent(state: str) -> None:
    """By the kernel, at once; one that is grown goes on, and has children of its own that nobody ends."""
    command = [sys.executable, "-c", PARENT, state]
    with subprocess.Popen(command, cwd=CHECKOUT, env=environment(), stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        said = {parent.stdout.readline().strip(), parent.stdout.readline().strip()}
        child = psutil.Process(int(max(said - {"up"})))
        parent.kill()
        parent.wait()
        try:
            if state == "young":
                wait_until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE, 5)
            else:
                assert child.status() != psutil.STATUS_ZOMBIE
                assert child.ppid() != parent.pid
        finally:
            if child.is_running():
                os.kill(child.pid, signal.SIGKILL)


def test_a_process_that_nobody_forked_has_no_parent() -> None:
    """Whoever started it may go."""
    code = "from _hookswarm.senders.worker.forks import *; guard_forks(); print(grown(), grown())"
    done = subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, env=environment(), capture_output=True, text=True)
    assert done.stdout == "None None\n", done.stderr
