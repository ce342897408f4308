"""Who else is busy on this machine while a stage is played. The analysis judges it again, from more logs."""

import time
from collections.abc import Collection
from dataclasses import dataclass

import gevent

from _hookswarm.common.limits import DISTURBED_SHARE, SHORTEST_S, STARVED_SHARE
from _hookswarm.records.machine import pressure_s, stolen_s
from _hookswarm.records.processes import NAMED, Bystander, Processes, bystanders, running_processes
from _hookswarm.records.timeline import BystanderRecord, BystandersSeen


@dataclass(frozen=True)
class MachineLook:
    """The machine at one moment; counters in seconds since its start."""

    at_s: float
    processes: Processes
    waited_s: float | None
    """In which some process waited for a CPU."""
    stolen_s: float
    """Of all cores together, that their host gave to others."""


def look() -> MachineLook:
    """Take a look; from a thread, for it takes as long as a millisecond for six processes."""
    processes = gevent.get_hub().threadpool.apply(running_processes)
    return MachineLook(time.monotonic(), processes, pressure_s("cpu"), stolen_s())


@dataclass(frozen=True)
class Disturbance:
    """What two looks tell."""

    busiest: list[Bystander]
    cores: float
    """How many cores' worth of time the bystanders had together."""
    disturbed: bool

    def entry(self, stage: int, at_ns: int) -> BystandersSeen:
        """For the timeline."""
        busiest = [
            BystanderRecord(pid=one.pid, name=one.name, core_share=round(one.core_share, 4)) for one in self.busiest
        ]
        return BystandersSeen(at_ns=at_ns, stage=stage, cores=round(self.cores, 4), busiest=busiest)


def disturbance_between(before: MachineLook, after: MachineLook, ours: Collection[int], cores: int) -> Disturbance:
    """`ours` are processes that take part, with all that they started."""
    wall_s = after.at_s - before.at_s
    if wall_s < SHORTEST_S:
        return Disturbance([], 0.0, disturbed=False)
    found = bystanders(before.processes, after.processes, wall_s, ours)
    others = sum(one.core_share for one in found)
    waited_s = 0.0 if before.waited_s is None or after.waited_s is None else after.waited_s - before.waited_s
    crowded = others > DISTURBED_SHARE * cores and waited_s >= STARVED_SHARE * wall_s
    stolen = after.stolen_s - before.stolen_s > DISTURBED_SHARE * cores * wall_s
    return Disturbance(found[:NAMED], others, disturbed=crowded or stolen)
