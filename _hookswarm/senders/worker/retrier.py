"""What becomes of an attempt that failed, in one process and stage: its retry, or its end."""

from collections import deque
from dataclasses import dataclass
from random import Random

from _hookswarm.senders.plan.retry import Budget, Failure, RetryLaw, disables, next_delay_s
from _hookswarm.senders.worker.queue import Delivery

SLOTS = 10
"""Parts of a budget's window: how finely it slides."""


class Retrier:
    """Applies a stage's retry law. Its random source is passed in, and drawn from once a failed attempt."""

    def __init__(self, law: RetryLaw, random: Random) -> None:
        self._law = law
        self._random = random
        self._budget = RetryBudget(law.budget) if law.budget else None
        self.disabled: set[int] = set()
        """Webhooks that a 410 disabled: their events are not sent any more."""

    def note(self, now_ns: int, firsts: int) -> None:
        """Let a retry budget know that time passes; `firsts` as in `again`."""
        if self._budget:
            self._budget.note(now_ns / 1e9, firsts)

    def again(self, delivery: Delivery, failure: Failure, done_ns: int, firsts: int) -> Delivery | None:
        """The next attempt of an event whose attempt failed at `done_ns` (wall clock); None: it is given up.

        `firsts` is how many events this process has sent so far: what a retry budget is a share of.
        """
        law = self._law
        if disables(law, failure):
            self.disabled.add(delivery.webhook)
        if delivery.webhook in self.disabled:
            return None
        age_s, previous_s = (done_ns - delivery.began_ns) / 1e9, delivery.delay_ns / 1e9
        delay_s = next_delay_s(law, delivery.attempt, age_s, previous_s, failure, self._random)
        if delay_s is None or (self._budget and not self._budget.spend(done_ns / 1e9, firsts)):
            return None
        delay_ns = round(delay_s * 1e9)
        return Delivery(
            delivery.webhook,
            delivery.sequence,
            due_ns=done_ns + delay_ns,
            attempt=delivery.attempt + 1,
            since_ns=delivery.began_ns,
            delay_ns=delay_ns,
        )


@dataclass(frozen=True, slots=True)
class _Mark:
    """Totals at the beginning of a slot."""

    slot: int
    firsts: int
    spent: int


class RetryBudget:
    """Counts retries against first attempts over a sliding window. `firsts` are a running total."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._spent = 0
        self._base = _Mark(0, 0, 0)
        """Where the window begins."""
        self._marks: deque[_Mark] = deque()

    def note(self, now_s: float, firsts: int) -> None:
        """Let time pass. Called several times a slot: a window that is not looked at cannot slide."""
        slot = int(now_s / self._budget.window_s * SLOTS)
        if not self._marks or self._marks[-1].slot < slot:
            self._marks.append(_Mark(slot, firsts, self._spent))
        while self._marks[0].slot <= slot - SLOTS:
            self._base = self._marks.popleft()

    def spend(self, now_s: float, firsts: int) -> bool:
        """Take one retry out of the budget, if there is one left."""
        self.note(now_s, firsts)
        earned = self._budget.share * (firsts - self._base.firsts) + self._budget.per_s * self._budget.window_s
        if self._spent - self._base.spent + 1 > earned:
            return False
        self._spent += 1
        return True
