"""Where the attempts of one origin go: its strategy's choice among the regions that it believes healthy."""

from collections.abc import Sequence
from typing import NamedTuple

from _hookswarm.records.rows import Outcome
from _hookswarm.senders.plan.health import Health
from _hookswarm.senders.plan.retry import Failure
from _hookswarm.senders.plan.strategies import Strategy, Target

NOT_THEIRS = (Outcome.LOCAL_SHORTAGE, Outcome.BROKEN_OFF)
"""What says nothing of the target: it never came near it, or was our own doing."""


class Choice(NamedTuple):
    """Where an attempt goes: for `settle` or `forget`, one of which must follow."""

    target: Target
    term: int
    """What `Health` knows it by."""


class TargetBalancer:
    """One for each origin, process and stage; not for threads."""

    def __init__(self, targets: Sequence[Target], strategy: Strategy, health: Health) -> None:
        self._strategy = strategy
        self._health = health
        self._only = Choice(targets[0], 0) if len(targets) == 1 else None

    def choose(self, webhook: int) -> Choice:
        """Where an attempt goes that is under way from now on."""
        if self._only:
            return self._only
        target = self._strategy.choose(self._health.healthy(), webhook)
        target.in_flight += 1
        return Choice(target, self._health.chosen(target))

    def settle(self, choice: Choice, seconds: float, failure: Failure | None) -> None:
        """That attempt ended after so long."""
        if self._only:
            return
        if failure is not None and failure.outcome in NOT_THEIRS:
            self.forget(choice)
            return
        target, term = choice
        target.in_flight -= 1
        # A 3xx or 4xx is the request's fault: another region would say the same.
        failed = failure is not None and not 300 <= failure.status < 500
        self._health.observe(target, failed, term)
        self._strategy.observe(target, seconds, failed)

    def forget(self, choice: Choice) -> None:
        """That attempt was broken off by us: nothing is learned from it."""
        if not self._only:
            choice.target.in_flight -= 1
            self._health.forget(*choice)
