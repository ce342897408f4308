"""What a delivery service had accepted and not yet delivered, over time."""

from typing import NamedTuple

import numpy as np

from _hookswarm.analysis.deliveries.deliveries import State
from _hookswarm.analysis.deliveries.stages import PlayedStage
from _hookswarm.analysis.reading.rows import Ints


class Backlog(NamedTuple):
    """A step function; times in nanoseconds, ascending."""

    at_ns: Ints
    """When one was accepted, or delivered."""
    waiting: Ints
    """How many waited from then on."""

    @property
    def before(self) -> Ints:
        """How many waited until then."""
        return np.concatenate([[0], self.waiting[:-1]]).astype(np.int64)

    @property
    def delivers(self) -> "np.ndarray[tuple[int], np.dtype[np.bool_]]":
        """At which of these times one was delivered."""
        return self.waiting < self.before

    def at(self, ns: int) -> int:
        """How many waited at an instant."""
        place = int(np.searchsorted(self.at_ns, ns, side="right")) - 1
        return int(self.waiting[place]) if place >= 0 else 0


def backlog_of(accepted_ns: Ints, delivered_ns: Ints) -> Backlog:
    """Of events that were delivered: what was lost waits for ever, and tells nothing of how fast it goes."""
    begun = np.minimum(accepted_ns, delivered_ns)  # an event may arrive before its publisher is answered
    at = np.concatenate([begun, delivered_ns])
    step = np.concatenate([np.ones(len(begun), np.int64), -np.ones(len(begun), np.int64)])
    order = np.lexsort((-step, at))
    return Backlog(at[order], np.cumsum(step[order]))


def accepted_and_delivered(stage: PlayedStage) -> tuple[Ints, Ints]:
    """When the events of a stage that were both, were accepted, and first taken."""
    assert stage.published
    assert stage.arrived
    both = (stage.published.state == State.ACKNOWLEDGED) & (stage.arrived.first_ns != 0)
    return stage.published.acknowledged_ns[both], stage.arrived.first_ns[both]
