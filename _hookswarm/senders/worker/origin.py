"""An origin as one process plays it in a stage: its targets, the strategy that chooses, their health checks."""

import time
from collections.abc import Sequence
from random import Random

import gevent

from _hookswarm.protocol.regions import Links, Region
from _hookswarm.records.clock import Clock
from _hookswarm.records.rows import Outcome
from _hookswarm.records.worker_report import Flip
from _hookswarm.senders.plan.health import By, Health
from _hookswarm.senders.plan.opening import likely, targets_of
from _hookswarm.senders.plan.stages import Stage
from _hookswarm.senders.plan.strategies import STRATEGIES, Target
from _hookswarm.senders.transport.failure import WireError
from _hookswarm.senders.transport.wire import Timeouts, Wire
from _hookswarm.senders.worker.balancer import TargetBalancer
from _hookswarm.senders.worker.network import Network
from _hookswarm.senders.worker.sender import Route

MOST_FLIPS = 1_000


class Origin:
    """What an origin believes of its targets."""

    def __init__(
        self, code: int, stage: Stage, regions: Sequence[Region], links: Links | None, random: Random, clock: Clock
    ) -> None:
        self.code = code
        self.flips: list[Flip] = []
        strategy = list(STRATEGIES).index(stage.strategy)
        self._targets = targets_of(stage.strategy, code, regions, links)
        self.likely = [target.code for target in likely(stage.strategy, self._targets)]
        """Codes of the targets that its attempts go to while all are well."""
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
                good: bool | None
                try:
                    good = check.post(b"", b"") == 200
                except WireError as error:
                    good = None if error.outcome is Outcome.LOCAL_SHORTAGE else False
                if good is not None:
                    self._health.probed(target, good)
                gevent.sleep(max(asked + self._law.probe_s - time.monotonic(), 0))
        finally:
            check.close()
