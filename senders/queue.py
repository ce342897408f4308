"""The delivery queue of one process in one stage: which event a free worker sends next, and when.

Open arrivals: an event that finds all workers busy waits here, and its waiting counts. A worker that was idle
when its event fell due, and woke late, counts from its waking; that lateness is kept apart.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from gevent.event import Event
from gevent.lock import BoundedSemaphore

from records.rows import MAX_U32
from senders.arrivals import Closed, Stripe, schedule
from senders.stages import Stage

Now = Callable[[], int]
"""Wall-clock nanoseconds."""


@dataclass(slots=True)
class Delivery:
    """One event on its way. Times are wall-clock nanoseconds."""

    webhook: int
    sequence: int
    due: int
    late: int = 0
    """How long after `due` an idle worker woke."""
    attempt: int = 1


class Waiter(Protocol):
    """How workers wait; a test passes one that moves its clock instead."""

    def wait(self, seconds: float) -> object:
        """Return after `seconds`, or sooner if woken."""

    def wake(self) -> object: ...


class GeventWaiter:
    def __init__(self) -> None:
        self._woken = Event()

    def wait(self, seconds: float) -> object:
        return self._woken.wait(seconds)

    def wake(self) -> object:
        return self._woken.set()


class DeliveryQueue:
    """Hands a stage's events to the workers of a process. Not for threads: gevent workers of one process share it."""

    def __init__(
        self, stage: Stage, stripe: Stripe, seed: tuple[int, ...], start: int, now: Now, waiter: Waiter | None = None
    ) -> None:
        """`start` is the stage's first instant (wall-clock ns); nothing is handed out before."""
        self._now = now
        self._start = start
        self._webhooks = stage.webhooks
        self._stripe = stripe
        self._waiter = waiter or GeventWaiter()
        self._end = start + round(stage.length_s * 1e9) if stage.length_s is not None else None
        self._limit = stripe.count(stage.events) if stage.events is not None else None
        self._leader = BoundedSemaphore(1)
        self._stopped_at: int | None = None
        self.taken = 0
        self.settled = 0
        self.failed = 0
        self._schedule: Iterator[tuple[int, float]] | None = None
        self._head: tuple[int, int] | None = None
        self._backlog: deque[tuple[int, int]] = deque()
        if not isinstance(stage.arrivals, Closed):
            self._schedule = schedule(stage.arrivals, seed, stripe)
            self._read = 0
            self._advance()

    @property
    def in_flight(self) -> int:
        return self.taken - self.settled

    def take(self) -> Delivery | None:
        """The next event for a free worker; waits until one is due. None once the stage has no more."""
        if self._schedule is None:
            return self._take_closed()
        asked = self._now()
        if not self._backlog and self._head is not None and self._head[1] > asked:
            # One idle worker waits for the next event, the others for their turn to be that one.
            with self._leader:
                while not self._backlog and self._head is not None and (ahead := self._head[1] - self._now()) > 0:
                    self._waiter.wait(ahead / 1e9)
        if self._backlog:
            n, due = self._backlog.popleft()
        elif self._head is not None:
            n, due = self._head
            self._advance()
        else:
            return None
        self.taken += 1
        sequence, webhook = divmod(n, self._webhooks)
        late = min(self._now() - due, MAX_U32) if asked <= due else 0
        return Delivery(webhook, sequence, due, late)

    def _take_closed(self) -> Delivery | None:
        now = self._now()
        while (ahead := self._start - now) > 0 and self._stopped_at is None:
            self._waiter.wait(ahead / 1e9)
            now = self._now()
        if self._exhausted(now):
            return None
        sequence, webhook = divmod(self._stripe.nth(self.taken), self._webhooks)
        self.taken += 1
        return Delivery(webhook, sequence, now)

    def _exhausted(self, now: int) -> bool:
        over = self._end is not None and now >= self._end
        return over or self._stopped_at is not None or (self._limit is not None and self.taken >= self._limit)

    def _advance(self) -> None:
        """Read the next scheduled event into `_head`; None behind the last."""
        assert self._schedule is not None
        n, offset = next(self._schedule)
        due = self._start + round(offset * 1e9)
        ends = (self._end is not None and due >= self._end) or (self._limit is not None and self._read >= self._limit)
        self._head = None if ends else (n, due)
        self._read += 1

    def queued(self) -> int:
        """Events that are due and wait for a worker."""
        self._pull(self._now())
        return len(self._backlog)

    def _pull(self, until: int) -> None:
        while self._head is not None and self._head[1] <= until:
            self._backlog.append(self._head)
            self._advance()

    def exhausted(self) -> bool:
        """Whether nothing more will fall due."""
        now = self._now()
        if self._schedule is None:
            return self._exhausted(now)
        self._pull(now)  # busy workers take nothing that would move the head
        return self._head is None

    def finished(self) -> bool:
        """Whether every event has been handed out and settled."""
        return self.exhausted() and not self._backlog and not self.in_flight

    def settle(self, failed: bool) -> None:
        """A taken delivery has its final outcome."""
        self.settled += 1
        self.failed += failed

    def stop(self) -> list[Delivery]:
        """Hand out nothing more; returns the events that were due and never taken."""
        self._stopped_at = self._now()
        self._pull(self._stopped_at)
        left = [Delivery(n % self._webhooks, n // self._webhooks, due) for n, due in self._backlog]
        self._backlog.clear()
        self._head = None
        self._waiter.wake()
        return left
