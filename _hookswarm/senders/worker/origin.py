"""An origin as one process plays it in a stage: its targets, the strategy that chooses, their health checks."""

import time
from collections.abc import Sequence
from random import Random

import gevent

from _hookswarm.protocol.regions import Links, Region
from _hookswarm.records.clock import Clock
from _hookswarm.records.timeline import Flip
from _hookswarm.senders.plan.health import By, Health
from _hookswarm.senders.plan.stages import Stage
from _hookswarm.senders.plan.strategies import BALANCERS, STRATEGIES, Target
from _hookswarm.senders.transport.wire import Timeouts, Wire, WireError
from _hookswarm.senders.worker.balancer import TargetBalancer
from _hookswarm.senders.worker.network import Network
from _hookswarm.senders.worker.sender import Route

MOST_FLIPS = 1_000
UNKNOWN_RTT_S = 1.0
"""To other regions, where nobody said how far they are: farther than the own one."""


class Origin:
    """What an origin believes of its targets."""

    def __init__(
        self, code: int, stage: Stage, regions: Sequence[Region], links: Links | None, random: Random, clock: Clock
    ) -> None:
        self.code = code
        self.flips: list[Flip] = []
        strategy = list(STRATEGIES).index(stage.strategy)
        self._targets = [
            Target(target, region.weight, _rtt_s(links, regions[code], region)) for target, region in enumerate(regions)
        ]
        if stage.strategy in BALANCERS:
            self._targets = [Target(BALANCERS[stage.strategy])]
        codes = (code, *(target.code for target in self._targets))
        self.routes = {target: Route(code, target, strategy) for target in codes}
        """By the code of the target."""
        self._clock = clock
        self._law = stage.health
        self._health = Health(stage.health, self._targets, clock.now, self._note)
        chosen = STRATEGIES[stage.strategy](self._targets, random, time.monotonic)
        self.balancer = TargetBalancer(self._targets, chosen, self._health)

    def _note(self, target: int, healthy: bool, by: By) -> None:
        if len(self.flips) < MOST_FLIPS:
            now = self._clock.now()
            self.flips.append(Flip(at_ns=now, origin=self.code, target=target, healthy=healthy, by=by))

    def avoided(self) -> list[int]:
        """Codes of the targets that it believes ill."""
        return self._health.ill()

    def watch(self, network: Network) -> list[gevent.Greenlet]:
        """Ask for every target's health, again and again, until the greenlets are killed."""
        if len(self._targets) == 1 or not self._law.probe_s:
            return []
        limit_s = self._law.probe_timeout_s
        checks = [network.health_check(self.code, target.code, Timeouts(limit_s, limit_s)) for target in self._targets]
        return [
            gevent.spawn(self._probe, target, check)
            for target, check in zip(self._targets, checks, strict=True)
            if check
        ]

    def _probe(self, target: Target, check: Wire) -> None:
        try:
            while True:
                asked = time.monotonic()
                try:
                    good = check.post(b"", b"") == 200
                except WireError:
                    good = False
                self._health.probed(target, good)
                gevent.sleep(max(asked + self._law.probe_s - time.monotonic(), 0))
        finally:
            check.close()


def _rtt_s(links: Links | None, one: Region, other: Region) -> float:
    return links.rtt_s(one.name, other.name) if links else UNKNOWN_RTT_S * (one != other)
