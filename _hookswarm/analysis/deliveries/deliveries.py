"""Attempts gathered into deliveries: one row for each event of a stage."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from _hookswarm.analysis.reading.rows import Grouped, Ints, Mask, group_events
from _hookswarm.records.reading import Rows
from _hookswarm.records.rows import IN_DOUBT, NEVER_SENT, Outcome, latency_start_ns

Numbers = npt.NDArray[np.uint32]

_BIT = np.zeros(256, np.uint16)
_BIT[list(Outcome)] = [1 << kind for kind in Outcome]
"""By the code of an outcome; none for what a newer version may write."""


class State(IntEnum):
    """How a delivery ended. The first that applies, from the top."""

    ACKNOWLEDGED = 0
    ABANDONED = 1
    """It still waited for an attempt when the stage ended: its story is not over, whatever is in doubt."""
    IN_DOUBT = 2
    FAILED = 3


@dataclass(frozen=True)
class Events:
    """Columns with an entry for each event. Times in nanoseconds."""

    webhook: Numbers
    due_ns: Ints
    """When the event fell due; a worker that woke late by its timer counts from its waking."""
    acknowledged_ns: Ints
    """When it was first acknowledged, or 0."""
    finished_ns: Ints
    """When it was acknowledged or given up, or 0: nobody knows that it ever was."""
    sent: Numbers
    """How many attempts were made."""
    state: npt.NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.state)

    def where(self, mask: Mask) -> "Events":
        """Some of the events."""
        return Events(*(getattr(self, column.name)[mask] for column in fields(Events)))

    def count(self, state: State) -> int:
        """How many events ended so."""
        return int(np.count_nonzero(self.state == state))

    def attempts_each(self) -> float | None:
        """Attempts for each event that had any; None where none had."""
        events = np.count_nonzero(self.sent)
        return round(int(self.sent.sum()) / int(events), 4) if events else None


@dataclass(frozen=True)
class Frame(Events):
    """The events of a stage, sorted by key, and the attempts that they were made of."""

    attempts: Grouped


def deliveries_of(attempts: Rows) -> Frame:
    """The deliveries that the attempts of one stage add up to."""
    found = group_events(attempts)
    rows, first = found.rows, found.first
    outcome, done = rows["outcome"], rows["done"]
    never = np.iinfo(np.int64).max
    answered = np.minimum.reduceat(np.where(outcome == Outcome.ACKNOWLEDGED, done, never), first)
    # The outcomes of an event's attempts, as a set: a bit for each.
    outcomes = np.bitwise_or.reduceat(_BIT[outcome], first)
    states = [_any(outcomes, [Outcome.ACKNOWLEDGED]), _any(outcomes, [Outcome.ABANDONED]), _any(outcomes, IN_DOUBT)]
    acknowledged, abandoned, _ = states
    due = latency_start_ns(rows["due"][first], rows["late"][first])
    last = np.maximum(np.maximum.reduceat(done, first), due)
    unknown = abandoned | _any(outcomes, [Outcome.PENDING])
    return Frame(
        attempts=found,
        webhook=rows["webhook"][first],
        due_ns=due,
        acknowledged_ns=np.where(acknowledged, answered, 0),
        finished_ns=np.where(acknowledged, answered, np.where(unknown, 0, last)),
        sent=np.add.reduceat(was_sent(rows), first, dtype=np.uint32),
        state=np.select(states, [State.ACKNOWLEDGED, State.ABANDONED, State.IN_DOUBT], State.FAILED).astype(np.uint8),
    )


def was_sent(rows: Rows) -> Mask:
    """Which rows are attempts: the others stand for an event that had none."""
    sent: Mask = ~np.isin(rows["outcome"], [int(kind) for kind in NEVER_SENT])
    return sent


def _any(outcomes: npt.NDArray[np.uint16], kinds: Iterable[Outcome]) -> Mask:
    wanted = np.uint16(sum(1 << kind for kind in kinds))
    found: Mask = (outcomes & wanted) != 0
    return found
