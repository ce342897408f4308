"""A stage of the scenario "conformance", as the rules see it: what each attempt was answered, and what came next."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from _hookswarm.analysis.deliveries.deliveries import Frame, State
from _hookswarm.analysis.deliveries.end_to_end import Arrived
from _hookswarm.analysis.deliveries.stages import PlayedStage
from _hookswarm.analysis.reading.frames import PlannedStage
from _hookswarm.analysis.reading.rows import Ints, Mask
from _hookswarm.records.reading import Rows
from _hookswarm.records.rows import Flag

SCENARIO = "conformance"

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Attempts:
    """Arrivals of one event after the other, each in the order of time; what followed a redirect is not among them."""

    rows: Rows
    event: Ints
    """Its place among the published events."""
    number: Ints
    """1, 2 … of its event."""

    @cached_property
    def again(self) -> Mask:
        """After which the event was tried once more."""
        found = np.zeros(len(self.rows), np.bool_)
        found[:-1] = self.event[1:] == self.event[:-1]
        return found

    @cached_property
    def wait_s(self) -> Floats:
        """From its answer to the event's next attempt; NaN: there was none."""
        return self._to_next(self.rows["done"])

    @cached_property
    def apart_s(self) -> Floats:
        """From when it began to the event's next attempt; NaN: there was none."""
        return self._to_next(self.rows["start"])

    def _to_next(self, since: Ints) -> Floats:
        found = np.full(len(self.rows), np.nan)
        places = np.flatnonzero(self.again)
        found[places] = (self.rows["start"][places + 1] - since[places]) / 1e9
        return found


@dataclass(frozen=True)
class Watched:
    """One stage."""

    number: int
    plan: PlannedStage
    published: Frame
    arrived: Arrived
    requests: Rows
    """All that came, with a body or without."""
    attempts: Attempts
    until_ns: int
    """So long what it had not delivered was waited for."""

    @property
    def name(self) -> str:
        """The stage's."""
        return self.plan.name

    @property
    def accepted(self) -> Mask:
        """Which events the service said it would deliver."""
        found: Mask = self.published.state == State.ACKNOWLEDGED
        return found

    def told(self, fault: str) -> npt.NDArray[Any]:
        """What the plan has its receivers do, for each attempt's endpoint: a member of its class's faults, or None."""
        found = np.full(len(self.attempts.rows), None, object)
        for own in self.plan.classes:
            webhook = self.attempts.rows["webhook"]
            found[(webhook >= own.first) & (webhook < own.first + own.count)] = (own.faults or {}).get(fault)
        return found


def watched(stage: PlayedStage) -> Watched | None:
    """A stage as the rules look at it; None: it is none of theirs."""
    if stage.plan.scenario != SCENARIO or not (stage.published and stage.arrived and stage.arrivals):
        return None
    rows, event = stage.arrived.rows.rows, stage.arrived.event
    own = np.flatnonzero((event >= 0) & ((rows["flags"] & Flag.REDIRECTED) == 0))
    event = event[own]
    new = np.ones(len(own), np.bool_)
    new[1:] = event[1:] != event[:-1]
    place = np.arange(len(own))
    number = place - np.maximum.accumulate(np.where(new, place, 0)) + 1
    attempts = Attempts(rows[own].copy(), event, number)
    until_ns = stage.drained.at_ns if stage.drained else np.iinfo(np.int64).max
    requests = stage.arrivals.rows.copy()
    return Watched(stage.number, stage.plan, stage.published, stage.arrived, requests, attempts, until_ns)
