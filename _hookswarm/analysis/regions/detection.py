"""When senders found out that a region is out of order, and by when they should have."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from _hookswarm.analysis.deliveries.figures import Window
from _hookswarm.analysis.reading.frames import PlannedHealth
from _hookswarm.records.timeline import IncidentPlayed
from _hookswarm.records.worker_report import Flip

TIMED = frozenset({"frozen", "slow", "cut", "cut_back"})
"""Faults that an attempt shows only by its time-out."""
UNPROBED = frozenset({"grey", "slow"})
"""Faults of which the health check knows nothing."""

SLACK_S = 0.25
"""What a busy machine may add to a bound."""
SPREAD = 3.0
"""Standard deviations that the n-th of random attempts may come later than n attempts take at the mean rate."""


class Told(NamedTuple):
    """A flip, and the process that told it."""

    worker: str
    flip: Flip


class Detected(NamedTuple):
    """When the processes of one origin ceased to send to a target, each counted by its first such flip."""

    first_ns: int
    last_ns: int
    by: str
    """What told the first."""
    processes: int


def detected(flips: Sequence[Told], origin: int, targets: Sequence[int], within: Window) -> Detected | None:
    """When the first and the last process of an origin ceased to send to a target; None if none did."""
    firsts: dict[tuple[str, int], Flip] = {}
    for worker, flip in sorted(of(flips, origin, targets, within), key=lambda told: told.flip.at_ns):
        if not flip.healthy:
            firsts.setdefault((worker, flip.target), flip)
    if not firsts:
        return None
    found = list(firsts.values())
    return Detected(found[0].at_ns, found[-1].at_ns, found[0].by, len({worker for worker, _ in firsts}))


def of(flips: Sequence[Told], origin: int, targets: Sequence[int], within: Window) -> list[Told]:
    """The flips of an origin's processes, of these targets, in a window."""
    begin, end = within
    return [
        told
        for told in flips
        if told.flip.origin == origin and told.flip.target in targets and begin <= told.flip.at_ns < end
    ]


class Bound(NamedTuple):
    """Seconds from a fault to its detection."""

    bound_s: float
    allowed_s: float
    """With the slack."""


def bound(
    health: PlannedHealth, incident: IncidentPlayed, rate_per_s: float, workers: int, timeout_s: float | None
) -> Bound | None:
    """By when one process finds out about one region, to which its workers sent so many attempts a second.

    None where it need not. The n-th of random attempts comes after n / rate on average, with a standard deviation of
    sqrt(n) / rate (Erlang).
    """
    if incident.fault == "unplanned":  # when it began is known by what it is to be told of
        return None
    ways = []
    wait_s = _wait_s(health, workers, timeout_s) if incident.fault in TIMED else 0.0
    if health.failures and rate_per_s > 0 and wait_s is not None:
        mean_s = health.failures / rate_per_s + wait_s
        ways.append(Bound(mean_s, mean_s + SPREAD * math.sqrt(health.failures) / rate_per_s + SLACK_S))
    if health.probe_s and health.fall and incident.fault not in UNPROBED:
        most_s = health.fall * health.probe_s + (health.probe_timeout_s or 0)
        ways.append(Bound(most_s, most_s + SLACK_S))
    if not ways:
        return None
    found = min(ways)
    # A square wave is bad for half a period: what takes longer to find may be gone by then.
    return None if incident.period_s and found.allowed_s > incident.period_s / 2 else found


def _wait_s(health: PlannedHealth, workers: int, timeout_s: float | None) -> float | None:
    """The time-outs that one worker waits for in a row until there were enough."""
    return None if timeout_s is None else timeout_s * math.ceil((health.failures or 0) / max(workers, 1))


def within_bound(detected_s: float | None, bounds: Bound | None, lasted_s: float) -> bool | None:
    """Whether it was detected in time; None where there is no bound, or the fault was over before."""
    if bounds is None:
        return None
    if detected_s is None:
        return False if lasted_s >= bounds.allowed_s else None
    return detected_s <= bounds.allowed_s
