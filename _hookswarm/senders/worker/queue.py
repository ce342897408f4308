"""The delivery queue of one process in one stage: which event a free worker sends next, and when.

Open arrivals: an event that finds all workers busy waits here, and its waiting counts. A worker that was idle
when its event fell due, and woke late, counts from its waking; that lateness is kept apart. A retry waits here,
too, until it is due, and occupies no worker.
"""

import heapq
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from gevent.event import Event
from gevent.lock import BoundedSemaphore

from _hookswarm.common.limits import LATE_MS
from _hookswarm.records.rows import MAX_U32, latency_start_ns
from _hookswarm.senders.plan.arrivals import Stripe
from _hookswarm.senders.plan.assignment import Weights, assignment
from _hookswarm.senders.plan.stages import Stage
from _hookswarm.senders.worker.fresh import NEVER, fresh_events

Now = Callable[[], int]
"""Wall-clock nanoseconds."""

LONGEST_WAIT_S = 3600.0
"""A waiter that nothing woke looks again; timers take no `NEVER`."""


LATE_NS = round(LATE_MS * 1e6)


@dataclass(slots=True)
class Delivery:
    """One attempt of an event, to be made when it is due. Times are wall-clock nanoseconds."""

    webhook: int
    sequence: int
    due_ns: int
    late_ns: int = 0
    """How long after `due_ns` an idle worker woke."""
    attempt: int = 1
    since_ns: int = 0
    """When the first attempt was due (or its worker woke late): what latency and age count from. 0: this is it."""
    delay_ns: int = 0
    """What its retry law chose to wait before this attempt."""

    @property
    def began_ns(self) -> int:
        """When the event's latency begins to count."""
        return self.since_ns or latency_start_ns(self.due_ns, self.late_ns)


class Waiter(Protocol):
    """How workers wait; a test passes one that moves its clock instead."""

    def wait(self, seconds: float) -> object:
        """Return after `seconds`, or sooner if woken, or at once if woken since the last wait."""

    def wake(self) -> object:
        """End the wait that is on, or else the next one, at once."""


class _GeventWaiter:
    def __init__(self) -> None:
        self._woken = Event()

    def wait(self, seconds: float) -> object:
        woken = self._woken.wait(seconds)
        self._woken.clear()
        return woken

    def wake(self) -> object:
        return self._woken.set()


class DeliveryQueue:
    """Hands a stage's events to the workers of a process. Not for threads: gevent workers of one process share it."""

    def __init__(
        self,
        stage: Stage,
        stripe: Stripe,
        seed: tuple[int, ...],
        start_ns: int,
        now: Now,
        waiter: Waiter | None = None,
        weights: Weights | None = None,
    ) -> None:
        """`start_ns` is the stage's first instant (wall-clock ns); nothing is handed out before. `weights`: how the
        stage's webhooks share its events, unless as it says itself.
        """
        self._now = now
        self._assignment = assignment(stage, seed, weights)
        self._fresh = fresh_events(stage, stripe, seed, start_ns)
        self._retries: list[tuple[int, int, Delivery]] = []
        self._order = itertools.count()  # of retries that are due at the same time
        self._waiter = waiter or _GeventWaiter()
        self._leader = BoundedSemaphore(1)
        self._stopped = False
        self.taken = 0
        """Events that fell due: handed out once, or given back by `left`."""
        self.settled = 0
        self.failed = 0
        self.in_flight = 0
        """Attempts that workers are making."""
        self.late = 0
        """Attempts for which an idle worker woke so late that the schedule was another one."""

    def take(self) -> Delivery | None:
        """The next attempt for a free worker; waits until one is due. None once the stage has no more."""
        asked_ns = now_ns = self._now()
        if self._next_due(asked_ns) > asked_ns:
            # One idle worker waits for the next attempt, the others for their turn to be that one.
            with self._leader:
                while (ahead := self._next_due(now_ns := self._now()) - now_ns) > 0:
                    self._waiter.wait(min(ahead / 1e9, LONGEST_WAIT_S))
        delivery = self._pop(now_ns)
        if delivery:
            self.in_flight += 1
            if asked_ns <= delivery.due_ns:
                delivery.late_ns = min(now_ns - delivery.due_ns, MAX_U32)
                self.late += delivery.late_ns > LATE_NS
        return delivery

    def _next_due(self, now_ns: int) -> int:
        """When there is something to do: an attempt falls due, or, by a time that is past, the stage is over."""
        due_ns = self._fresh.due(now_ns)
        if self._retries and self._retries[0][0] < due_ns:
            due_ns = self._retries[0][0]
        # An attempt under way may still come back as a retry.
        return 0 if self._stopped or (due_ns == NEVER and not self.in_flight) else due_ns

    def _pop(self, now_ns: int) -> Delivery | None:
        due_ns = self._fresh.due(now_ns)
        if self._stopped:
            return None
        if self._retries and self._retries[0][0] <= min(due_ns, now_ns):
            return heapq.heappop(self._retries)[2]
        return self._pop_fresh(now_ns) if due_ns <= now_ns else None

    def _pop_fresh(self, now_ns: int) -> Delivery:
        n, due_ns = self._fresh.pop(now_ns)
        webhook, sequence = self._assignment.event(n)
        self.taken += 1
        return Delivery(webhook, sequence, due_ns)

    def retry(self, delivery: Delivery) -> None:
        """A taken attempt failed; `delivery` is the next attempt of its event."""
        self.in_flight -= 1
        heapq.heappush(self._retries, (delivery.due_ns, next(self._order), delivery))
        if self._retries[0][2] is delivery:
            self._waiter.wake()

    def second(self, due_ns: int) -> int:
        """When the second delivery of an event goes out that is due then; asked once for each."""
        return due_ns

    def settle(self, failed: bool) -> None:
        """A taken delivery has its final outcome."""
        self.in_flight -= 1
        self.settled += 1
        self.failed += failed
        if not self.in_flight and self.finished():
            self._waiter.wake()

    def forget(self) -> None:
        """A worker was killed with an attempt: it has no outcome that anybody was told."""
        self.in_flight -= 1
        if self.finished():
            self._waiter.wake()

    def queued(self) -> int:
        """Fresh events that are due and wait for a worker."""
        return self._fresh.waiting(self._now())

    def waiting(self) -> int:
        """Events that wait for a retry."""
        return len(self._retries)

    def exhausted(self) -> bool:
        """Whether no fresh event will fall due any more."""
        return self._fresh.over(self._now())

    def finished(self) -> bool:
        """Whether every event has been handed out and settled."""
        return not (self.in_flight or self._retries) and self._fresh.due(self._now()) == NEVER

    def stop(self) -> None:
        """Hand out nothing more."""
        self._fresh.stop(self._now())
        self._stopped = True
        self._waiter.wake()

    def left(self) -> list[Delivery]:
        """After `stop`: what was due and never taken, and what waited for a retry. Each is told once."""
        left = [delivery for _, _, delivery in sorted(self._retries)]
        self._retries.clear()
        now_ns = self._now()
        while self._fresh.waiting(now_ns):
            left.append(self._pop_fresh(now_ns))
        return left
