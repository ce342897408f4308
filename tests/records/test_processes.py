"""Who takes no part in a run, and how busy they were."""

import os
import subprocess
import sys
import time

from _hookswarm.records.processes import KERNEL, Bystander, ProcessTime, bystanders, running_processes

SPIN = "import time\nend = time.monotonic() + 20\nwhile time.monotonic() < end: pass"


def test_the_busiest_come_first() -> None:
    """Half a second in two is a quarter of a core; a process that began meanwhile counts from its start."""
    before = {1: ProcessTime("init", 0, 9.0), 30: ProcessTime("backup", 1, 2.0), 31: ProcessTime("idle", 1, 1.0)}
    after = {
        1: ProcessTime("init", 0, 9.0),
        30: ProcessTime("backup", 1, 2.5),
        31: ProcessTime("idle", 1, 1.0),
        32: ProcessTime("compiler", 1, 1.5),
    }
    found = bystanders(before, after, 2.0, ours=())
    assert found == [Bystander(32, "compiler", 0.75), Bystander(30, "backup", 0.25)]


def test_who_takes_part_is_no_bystander() -> None:
    """Nor is what it started, over generations; the kernel's threads work for others."""
    after = {
        KERNEL: ProcessTime("kthreadd", 0, 1.0),
        3: ProcessTime("ksoftirqd", KERNEL, 1.0),
        40: ProcessTime("hookswarm", 1, 1.0),
        41: ProcessTime("locust", 40, 1.0),
        42: ProcessTime("locust", 41, 1.0),
        43: ProcessTime("receiver", 40, 1.0),
        50: ProcessTime("other", 1, 1.0),
    }
    assert [one.name for one in bystanders({}, after, 1.0, ours={40})] == ["other"]


def test_real_processes_are_told_apart() -> None:
    """Of two that spin, the one that we started takes part, and the other one is named."""
    with (
        subprocess.Popen([sys.executable, "-c", SPIN]) as ours,
        subprocess.Popen([sys.executable, "-c", SPIN]) as other,
    ):
        try:
            before, began = running_processes(), time.monotonic()
            time.sleep(0.5)
            found = bystanders(before, running_processes(), time.monotonic() - began, {ours.pid})
        finally:
            ours.kill()
            other.kill()
    seen = {one.pid: one for one in found}
    assert ours.pid not in seen
    assert seen[other.pid].core_share > 0.1
    assert seen[other.pid].name.startswith("python")
    assert os.getpid() not in {one.pid for one in found if one.core_share > 0.9}
