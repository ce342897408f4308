"""Where the attempts of one origin go: its strategy's choice among the regions that it believes healthy."""

from collections.abc import Sequence

from senders.health import Health
from senders.retry import Failure
from senders.strategies import Strategy, Target


class Balancer:
    """One for each origin, process and stage; not for threads."""

    def __init__(self, targets: Sequence[Target], strategy: Strategy, health: Health) -> None:
        self._strategy = strategy
        self._health = health
        self._only = targets[0] if len(targets) == 1 else None

    def choose(self, webhook: int) -> Target:
        """The target of an attempt that is under way from now on."""
        target = self._only
        if target is None:
            target = self._strategy.choose(self._health.healthy(), webhook)
            self._health.chosen(target)
        target.in_flight += 1
        return target

    def settle(self, target: Target, seconds: float, failure: Failure | None) -> None:
        """That attempt ended after so long."""
        target.in_flight -= 1
        if self._only is None:
            # A 4xx is the request's fault: another region would say the same.
            failed = failure is not None and not 300 <= failure.status < 500
            self._health.observe(target, failed)
            self._strategy.observe(target, seconds, failed)

    def forget(self, target: Target) -> None:
        """That attempt was broken off by us: nothing is learned from it."""
        target.in_flight -= 1
