"""Slots of time: with a bound of M attempts a second, a stage is cut into slots of 1 / M s, and each takes one attempt.

An event of open arrivals is moved to the first free slot at or after its time, and falls due there. All processes make
the same stream of events, so each knows which slots hold one, and whose it is; the slots between belong to all in
turn. So nobody has to ask anybody, and retries and closed loops keep the bound, too.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, islice

import numpy as np
import numpy.typing as npt

from _hookswarm.senders.plan.arrivals import Closed, Offsets, Open, Stripe, Timetable
from _hookswarm.senders.plan.stages import Stage

NEAR = 1e-6
"""Of a slot: what is later than its beginning by no more than this is in it; times are rounded."""
NO_SLOT = (1 << 63) - 1
"""The place of an event that there is not."""


@dataclass(frozen=True)
class Spaced:
    """Arrivals of which at most `per_s` fall due in a second, each a slot of its own."""

    arrivals: Open
    per_s: float

    def blocks(self, seed: tuple[int, ...]) -> Iterator[Offsets]:
        """Seconds from the stage's start, in blocks."""
        for slots in self.slots(seed):
            yield slots / self.per_s

    def slots(self, seed: tuple[int, ...]) -> Iterator[npt.NDArray[np.int64]]:
        """The slot of event 0, 1, 2 …, strictly ascending, in blocks."""
        free = 0
        for block in self.arrivals.blocks(seed):
            wanted = np.ceil(block * self.per_s - NEAR).astype(np.int64)
            order = np.arange(len(block))
            slots = np.maximum.accumulate(np.maximum(wanted, free) - order) + order
            free = int(slots[-1]) + 1
            yield slots


def slots_per_s(stage: Stage) -> float | None:
    """How many events may begin in a second; None: no bound. One that is delivered twice takes two attempts' time."""
    if stage.max_rate is None or not stage.duplicate:
        return stage.max_rate
    return stage.max_rate / stage.duplicate.times


def timetable(stage: Stage) -> Timetable:
    """When a stage's events fall due; its arrivals are open."""
    assert not isinstance(stage.arrivals, Closed)
    per_s = slots_per_s(stage)
    return Spaced(stage.arrivals, per_s) if per_s else stage.arrivals


class OwnSlots:
    """The slots of one stripe: those that hold an event of it, and its share of those that hold none."""

    def __init__(self, stripe: Stripe, held: Iterator[int]) -> None:
        """`held` is the slot of each event of the stage: 0, 1, 2 …"""
        self._stripe = stripe
        self._held = enumerate(held)
        self._event, self._slot = self._next()
        self._found = -1

    def first_from(self, slot: int) -> int:
        """The first own slot from this one on. Asked in ascending order."""
        if slot <= self._found:
            return self._found
        found = self._stripe.first_from(slot)
        while self._slot <= found:
            if self._slot >= slot and self._stripe.holds(self._event):
                found = self._slot
                break
            if self._slot == found:
                found = self._stripe.first_from(found + 1)
            self._event, self._slot = self._next()
        self._found = found
        return found

    def _next(self) -> tuple[int, int]:
        return next(self._held, (0, NO_SLOT))


def own_slots(stage: Stage, stripe: Stripe, seed: tuple[int, ...], per_s: float) -> OwnSlots:
    """Those of a stripe of a stage with so many slots a second."""
    if isinstance(stage.arrivals, Closed):
        return OwnSlots(stripe, iter(()))
    held = chain.from_iterable(block.tolist() for block in Spaced(stage.arrivals, per_s).slots(seed))
    return OwnSlots(stripe, islice(held, stage.events))
