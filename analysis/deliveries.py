"""Attempts gathered into deliveries: one row for each event of a stage."""

from dataclasses import dataclass
from enum import IntEnum

import numpy as np
import numpy.typing as npt

from analysis.rows import Ints, Keys, keys
from records.journal import Rows
from records.rows import IN_DOUBT, Outcome


class State(IntEnum):
    """How a delivery ended. The first that applies, from the top."""

    ACKNOWLEDGED = 0
    IN_DOUBT = 1
    ABANDONED = 2
    FAILED = 3


@dataclass(frozen=True)
class Frame:
    """Columns of equal length, sorted by key. Times in nanoseconds; `acknowledged` is 0 without one."""

    key: Keys
    due: Ints
    """When the event fell due; a worker that woke late by its timer counts from its waking."""
    acknowledged: Ints
    state: npt.NDArray[np.uint8]

    def count(self, state: State) -> int:
        return int(np.count_nonzero(self.state == state))


def compute(attempts: Rows) -> Frame:
    """The deliveries behind the attempts of one stage."""
    key, event = np.unique(keys(attempts), return_inverse=True)
    outcome = attempts["outcome"]
    first = attempts["attempt"] == 1
    due = np.zeros(len(key), np.int64)
    due[event[first]] = (attempts["due"] + attempts["late"])[first]
    never = np.iinfo(np.int64).max
    acknowledged = np.full(len(key), never)
    answered = outcome == Outcome.ACKNOWLEDGED
    np.minimum.at(acknowledged, event[answered], attempts["done"][answered])
    state = np.full(len(key), State.FAILED, np.uint8)
    state[event[outcome == Outcome.ABANDONED]] = State.ABANDONED
    state[event[np.isin(outcome, [int(kind) for kind in IN_DOUBT])]] = State.IN_DOUBT
    state[acknowledged != never] = State.ACKNOWLEDGED
    return Frame(key, due, np.where(acknowledged == never, 0, acknowledged), state)
