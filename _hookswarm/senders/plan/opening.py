"""Which connections a stage's senders open before it begins, and how long that may take."""

from collections.abc import Sequence
from math import ceil

import numpy as np

from _hookswarm.protocol.regions import Links, Region
from _hookswarm.senders.plan.arrivals import Closed
from _hookswarm.senders.plan.spacing import slots_per_s, timetable
from _hookswarm.senders.plan.stages import Stage
from _hookswarm.senders.plan.strategies import BALANCERS, STRATEGIES, Target

SOON_S = 1.0
"""Who has nothing to send for so long opens nothing ahead: a server may serve one connection at a time."""
TCP_S, TLS_S = 0.0003, 0.003
"""What a connection takes of a core, both sides together; an httpx client takes what TLS does."""
SLOW_TRIP = 1.5
"""A trip may be so much longer than the table says."""
UNKNOWN_WAY_S = 0.3
"""To open connections to a target beyond loopback, where nobody said how far it is."""
MOST_S = 3.0
"""No stage waits longer for its connections: its first attempts open what is missing."""
UNKNOWN_RTT_S = 1.0
"""To other regions, where nobody said how far they are: farther than the own one."""


def workers_soon(stage: Stage, seed: tuple[int, ...]) -> int:
    """How many workers, counted from the first, open connections: they have something to send soon after the start.

    Nobody where no connection is kept, nor where all have something to send in the warm-up, which opens them by itself.
    """
    if not stage.reuse:
        return 0
    workers = min(stage.users, stage.events or stage.users)
    if isinstance(stage.arrivals, Closed):
        per_s = slots_per_s(stage)
        return 0 if stage.warmup_s else workers if per_s is None else min(workers, ceil(per_s * SOON_S))
    in_warmup, soon = np.searchsorted(next(timetable(stage).blocks(seed)), [stage.warmup_s, stage.warmup_s + SOON_S])
    return 0 if in_warmup >= workers else min(workers, int(soon))


def targets_of(strategy: str, origin: int, regions: Sequence[Region], links: Links | None) -> list[Target]:
    """All targets that a strategy chooses among at an origin."""
    if strategy in BALANCERS:
        return [Target(BALANCERS[strategy])]
    home = regions[origin]

    def rtt_s(other: Region) -> float:
        return links.rtt_s(home.name, other.name) if links else UNKNOWN_RTT_S * (home != other)

    return [Target(code, region.weight, rtt_s(region)) for code, region in enumerate(regions)]


def likely(strategy: str, targets: Sequence[Target]) -> list[Target]:
    """Where attempts go as long as all targets are well."""
    return list(targets) if STRATEGIES[strategy].spreads else [min(targets, key=lambda target: target.rtt_s)]


def opening_s(
    stage: Stage, regions: Sequence[Region], links: Links | None, seed: tuple[int, ...], slow: bool, beyond: bool
) -> float:
    """How long before a stage its senders have to begin, so that its connections are open when it does.

    `links` are modelled; `slow`: over TLS, or by httpx; `beyond`: some region is beyond loopback.
    """
    workers = workers_soon(stage, seed)
    if not workers:
        return 0.0
    origins = [code for code, region in enumerate(regions) if region.share]
    wanted = [likely(stage.strategy, targets_of(stage.strategy, origin, regions, links)) for origin in origins]
    way_s = UNKNOWN_WAY_S * beyond
    if links:
        trips = 2 if slow else 1
        farthest = max((target.rtt_s for targets in wanted for target in targets), default=0.0)
        way_s = farthest * trips * SLOW_TRIP * stage.links
    count = workers * max((len(targets) for targets in wanted), default=0)
    return min(way_s + count * (TLS_S if slow else TCP_S), MOST_S)
