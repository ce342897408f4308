"""Which processes of this machine take no part in a run, and what they used of the CPU meanwhile."""

from collections.abc import Collection, Iterator, Mapping
from typing import NamedTuple

from _hookswarm.records.resources import available

if available() is None:
    import psutil

KERNEL = 2
"""The parent of Linux's own threads: what they do, they do for others."""
NAMED = 3
"""Bystanders that are told by name: the busiest."""


class ProcessTime(NamedTuple):
    """A process, and the CPU time that it has used since its start."""

    name: str
    parent: int
    cpu_s: float


Processes = Mapping[int, ProcessTime]
"""By process id."""


class Bystander(NamedTuple):
    """A process that takes no part, and the share of one core that it had."""

    pid: int
    name: str
    core_share: float


def running_processes() -> dict[int, ProcessTime]:
    """All of this machine's; none where psutil is missing."""
    if available():
        return {}
    found = {}
    for process in psutil.process_iter(["name", "ppid", "cpu_times"]):
        told = process.info
        if told["cpu_times"] is not None:  # else it is somebody's who does not show it
            times = told["cpu_times"]
            found[process.pid] = ProcessTime(told["name"] or "?", told["ppid"] or 0, times.user + times.system)
    return found


def bystanders(before: Processes, after: Processes, wall_s: float, ours: Collection[int]) -> list[Bystander]:
    """Who was busy between two looks, the busiest first.

    `ours` are the processes that take part; so do their descendants. What began and ended in between is not seen.
    """
    taking_part = set(_with_descendants(after, ours))
    found = [
        Bystander(pid, one.name, (one.cpu_s - (before[pid].cpu_s if pid in before else 0.0)) / wall_s)
        for pid, one in after.items()
        if pid not in taking_part and KERNEL not in (pid, one.parent)
    ]
    return sorted((one for one in found if one.core_share > 0), key=lambda one: -one.core_share)


def _with_descendants(processes: Processes, roots: Collection[int]) -> Iterator[int]:
    children: dict[int, list[int]] = {}
    for pid, one in processes.items():
        children.setdefault(one.parent, []).append(pid)
    waiting, met = list(roots), set(roots)
    while waiting:
        pid = waiting.pop()
        yield pid
        found = [child for child in children.get(pid, ()) if child not in met]
        met.update(found)
        waiting += found
