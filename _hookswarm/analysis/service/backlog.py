"""What a delivery service had accepted and not yet tried to deliver, over time."""

from typing import NamedTuple

import numpy as np

from _hookswarm.analysis.deliveries.deliveries import State
from _hookswarm.analysis.deliveries.stages import PlayedStage
from _hookswarm.analysis.reading.rows import Ints, Mask

NEVER = np.iinfo(np.int64).max


class Backlog(NamedTuple):
    """A step function; times in nanoseconds, ascending."""

    at_ns: Ints
    """When one was accepted, or arrived."""
    waiting: Ints
    """How many waited from then on."""

    @property
    def before(self) -> Ints:
        """How many waited until then."""
        return np.concatenate([[0], self.waiting[:-1]]).astype(np.int64)

    @property
    def arrives(self) -> Mask:
        """At which of these times one arrived."""
        found: Mask = self.waiting < self.before
        return found

    def at(self, ns: int) -> int:
        """How many waited at an instant."""
        place = int(np.searchsorted(self.at_ns, ns, side="right")) - 1
        return int(self.waiting[place]) if place >= 0 else 0


def backlog_of(accepted_ns: Ints, arrived_ns: Ints) -> Backlog:
    """Of events that arrived: what was lost waits for ever, and tells nothing of how fast it goes."""
    begun = np.minimum(accepted_ns, arrived_ns)  # an event may arrive before its publisher is answered
    at = np.concatenate([begun, arrived_ns])
    step = np.concatenate([np.ones(len(begun), np.int64), -np.ones(len(begun), np.int64)])
    order = np.lexsort((-step, at))
    return Backlog(at[order], np.cumsum(step[order]))


def accepted_and_arrived(stage: PlayedStage) -> tuple[Ints, Ints]:
    """When the events of a stage that were both, were accepted, and first arrived: retries are no part of a backlog."""
    assert stage.published
    assert stage.arrived
    ours = stage.arrived.event >= 0
    first = np.full(len(stage.published), NEVER, np.int64)
    np.minimum.at(first, stage.arrived.event[ours], stage.arrived.rows.rows["start"][ours])
    both = (stage.published.state == State.ACKNOWLEDGED) & (first != NEVER)
    return stage.published.acknowledged_ns[both], first[both]
