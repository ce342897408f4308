"""Fresh events of a stage in one process: which event falls due next, and when. The queue adds the retries."""

from collections import deque
from collections.abc import Iterator
from typing import Protocol

from _hookswarm.senders.plan.arrivals import Closed, Stripe, Timetable, schedule
from _hookswarm.senders.plan.spacing import timetable
from _hookswarm.senders.plan.stages import Stage

NEVER = (1 << 63) - 1
"""A due time beyond all others."""


class Fresh(Protocol):
    """Events by their number in the stage's global order; times are wall-clock nanoseconds."""

    def due(self, now_ns: int, /) -> int:
        """When the next event falls due; NEVER after the last."""

    def pop(self, now_ns: int, /) -> tuple[int, int]:
        """The next event's number and due time; it must be due."""

    def waiting(self, now_ns: int, /) -> int:
        """Events that are due and were not popped."""

    def over(self, now_ns: int) -> bool:
        """Whether none will fall due any more."""

    def stop(self, now_ns: int) -> None:
        """Let no event fall due after `now_ns`."""


def fresh_events(stage: Stage, stripe: Stripe, seed: tuple[int, ...], start_ns: int) -> Fresh:
    """A process's share of a stage's events; `start_ns` is the stage's first instant."""
    end_ns = start_ns + round(stage.length_s * 1e9) if stage.length_s is not None else NEVER
    limit = stripe.count(stage.events) if stage.events is not None else None
    if isinstance(stage.arrivals, Closed):
        return _ClosedEvents(stripe, start_ns, end_ns, limit)
    return _ScheduledEvents(timetable(stage), stripe, seed, start_ns, end_ns, limit)


class _ClosedEvents:
    """An event falls due the moment that a free worker asks for it."""

    def __init__(self, stripe: Stripe, start_ns: int, end_ns: int, limit: int | None) -> None:
        self._stripe = stripe
        self._start_ns = start_ns
        self._end_ns = end_ns
        self._limit = NEVER if limit is None else limit
        self._popped = 0

    def due(self, now_ns: int) -> int:
        if now_ns >= self._end_ns or self._popped >= self._limit:
            return NEVER
        return now_ns if now_ns > self._start_ns else self._start_ns

    def pop(self, now_ns: int) -> tuple[int, int]:
        n = self._stripe.nth(self._popped)
        self._popped += 1
        return n, now_ns

    def waiting(self, _now_ns: int) -> int:
        return 0

    def over(self, now_ns: int) -> bool:
        return self.due(now_ns) == NEVER

    def stop(self, now_ns: int) -> None:
        self._end_ns = now_ns


class _ScheduledEvents:
    """Events fall due on a schedule, whoever is free or busy."""

    def __init__(
        self, arrivals: Timetable, stripe: Stripe, seed: tuple[int, ...], start_ns: int, end_ns: int, limit: int | None
    ) -> None:
        self._schedule: Iterator[tuple[int, float]] = schedule(arrivals, seed, stripe)
        self._start_ns = start_ns
        self._end_ns = end_ns
        self._left = NEVER if limit is None else limit
        self._head: tuple[int, int] | None = None
        self._backlog: deque[tuple[int, int]] = deque()
        self._advance()

    def due(self, _now_ns: int) -> int:
        if self._backlog:
            return self._backlog[0][1]
        return self._head[1] if self._head else NEVER

    def pop(self, _now_ns: int) -> tuple[int, int]:
        if self._backlog:
            return self._backlog.popleft()
        assert self._head
        popped = self._head
        self._advance()
        return popped

    def waiting(self, now_ns: int) -> int:
        self._pull(now_ns)
        return len(self._backlog)

    def over(self, now_ns: int) -> bool:
        self._pull(now_ns)  # busy workers take nothing that would move the head
        return self._head is None

    def stop(self, now_ns: int) -> None:
        self._pull(now_ns)
        self._head = None

    def _pull(self, until_ns: int) -> None:
        """Move what is due to the backlog's end: its length is what waits."""
        while self._head and self._head[1] <= until_ns:
            self._backlog.append(self._head)
            self._advance()

    def _advance(self) -> None:
        """Read the next scheduled event into `_head`; None after the last."""
        self._head = None
        if self._left > 0:
            n, offset = next(self._schedule)
            due_ns = self._start_ns + round(offset * 1e9)
            if due_ns < self._end_ns:
                self._head = n, due_ns
        self._left -= 1
