"""A stage's faults, and its attempts and events as the figures of a failover need them."""

from collections.abc import Iterable
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from _hookswarm.analysis.deliveries.deliveries import Events, State, was_sent
from _hookswarm.analysis.deliveries.figures import Window
from _hookswarm.analysis.deliveries.stages import PlayedStage
from _hookswarm.analysis.reading.rows import Grouped, Ints, Mask
from _hookswarm.records.rows import Outcome
from _hookswarm.records.timeline import IncidentPlayed

Codes = npt.NDArray[np.uint8]
SECOND = 1_000_000_000


@dataclass(frozen=True)
class Terms:
    """What counts as recovered, and as failed back."""

    slo: float = 0.99
    """Share of the events that must be acknowledged within the deadline ..."""
    hold_s: float = 1.0
    """... of those that fall due in so many seconds ahead, ..."""
    hold_events: int = 20
    """... or in the time that so many of an origin took before the fault, if that is longer."""
    deadline_s: float = 1.0
    """From due to acknowledged; ..."""
    deadline_p99s: float = 2.0
    """... so many times the 99th percentile before the fault, if that is longer."""
    back: float = 0.95
    """Share of the home share with which an origin is home again."""
    lasting: float = 1.0
    """So many times the fault's length after its end, what has not recovered is metastable; ..."""
    lasting_s: float = 1.0
    """... after this, if that is longer."""


@dataclass(frozen=True)
class Fault:
    """Incidents of one stage that overlap."""

    incidents: tuple[IncidentPlayed, ...]
    ends_ns: int
    """The next fault, or the end of the stage's window: what comes then is not told of this one."""

    @property
    def at_ns(self) -> int:
        """When the first incident began."""
        return self.incidents[0].at_ns

    @property
    def until_ns(self) -> int:
        """When the last incident was over, which may be after `ends_ns`."""
        return max(incident.until_ns for incident in self.incidents)

    @property
    def healed(self) -> bool:
        """Whether it was over before `ends_ns`: else nothing is known of the time after it."""
        return self.until_ns < self.ends_ns

    @property
    def held(self) -> Window:
        """From its beginning to its end, or to `ends_ns` if it did not heal before."""
        return self.at_ns, min(self.until_ns, self.ends_ns)

    @property
    def regions(self) -> list[int]:
        """The codes of the regions that it befell, sorted."""
        return sorted({code for incident in self.incidents for code in incident.regions})

    def met_by(self, origin: int) -> list[IncidentPlayed]:
        """The incidents that an origin should notice."""
        return [incident for incident in self.incidents if origin in incident.origins]

    def targets(self, origin: int) -> list[int]:
        """The regions that are out of order for an origin."""
        return sorted({code for incident in self.met_by(origin) for code in incident.regions})

    def hurt(self, origin: Codes, target: Codes) -> Mask:
        """Which attempts or arrivals are between an origin and a region that is out of order for it."""
        hurt = np.zeros(len(origin), np.bool_)
        for incident in self.incidents:
            hurt |= np.isin(origin, incident.origins) & np.isin(target, incident.regions)
        return hurt


def grouped(incidents: Iterable[IncidentPlayed], end_ns: int) -> list[Fault]:
    """The incidents of one stage as faults, in the order of time."""
    groups: list[list[IncidentPlayed]] = []
    until_ns = 0
    for incident in sorted(incidents, key=lambda incident: incident.at_ns):
        if groups and (incident.at_ns < until_ns or incident.at_ns == groups[-1][0].at_ns):
            groups[-1].append(incident)
        else:
            groups.append([incident])
        until_ns = max(until_ns, incident.until_ns)
    if not groups:
        return []
    ends = [*(group[0].at_ns for group in groups[1:]), end_ns]
    return [Fault(tuple(group), max(end, group[0].at_ns)) for group, end in zip(groups, ends, strict=True)]


@dataclass(frozen=True)
class Sent:
    """Attempts that were sent: columns with an entry for each, sorted by event and attempt. Times in nanoseconds."""

    place: Ints
    """Its own place among the rows of the stage."""
    event: Ints
    """The place of its event in the stage."""
    origin: Codes
    target: Codes
    start_ns: Ints
    done_ns: Ints
    acknowledged: Mask
    failed: Mask
    """It ended, otherwise than with a 2xx or with the run."""

    @classmethod
    def of(cls, attempts: Grouped) -> "Sent":
        """Without the rows of events that had no attempt."""
        rows = attempts.rows
        outcome = rows["outcome"]
        ended_well = [Outcome.PENDING, Outcome.ACKNOWLEDGED, Outcome.INTERRUPTED]
        return cls(
            place=np.arange(len(rows)),
            event=attempts.event,
            origin=np.ascontiguousarray(rows["origin"]),
            target=np.ascontiguousarray(rows["target"]),
            start_ns=np.ascontiguousarray(rows["start"]),
            done_ns=np.ascontiguousarray(rows["done"]),
            acknowledged=outcome == Outcome.ACKNOWLEDGED,
            failed=~np.isin(outcome, ended_well),
        ).where(was_sent(rows))

    def where(self, mask: Mask) -> "Sent":
        """Some of the attempts."""
        return Sent(*(getattr(self, column.name)[mask] for column in fields(Sent)))


@dataclass(frozen=True)
class Scene:
    """A fault, and the stage in which it was played."""

    stage: PlayedStage
    fault: Fault
    sent: Sent
    origin: Codes
    """Of each event of the stage."""
    before: Window
    """What is compared with: from the end of the warm-up to the first fault of the stage."""
    deadline_ns: int
    terms: Terms

    def on_time(self, events: Events) -> Mask:
        """Which events were acknowledged within the deadline."""
        on_time: Mask = (events.state == State.ACKNOWLEDGED) & (
            events.acknowledged_ns - events.due_ns <= self.deadline_ns
        )
        return on_time


def inside(times: Ints, window: Window) -> Mask:
    """Which of the instants are in the window; its end is not."""
    mask: Mask = (times >= window[0]) & (times < window[1])
    return mask


def per_second(times: Ints, window: Window) -> float | None:
    """How many of the instants were in the window, a second; None of an empty window."""
    length_s = (window[1] - window[0]) / SECOND
    return int(np.count_nonzero(inside(times, window))) / length_s if length_s > 0 else None


def earliest(times: Ints) -> int | None:
    """None where there are no instants."""
    return int(times.min()) if len(times) else None


def since(begin_ns: int, at_ns: int | None) -> float | None:
    """Seconds from one instant to the other, to the microsecond; None where there is no other."""
    return None if at_ns is None else round((at_ns - begin_ns) / SECOND, 6)


def sustained(times: Ints, good: Mask, share: float, hold_ns: int, within: Window) -> int | None:
    """The first of these instants, a good one, such that of all in `hold_ns` from it on this share is good.

    None if there is none, or too little was left of the window to know.
    """
    order = np.argsort(times, kind="stable")
    times, good = times[order], good[order]
    sums = np.concatenate(([0], np.cumsum(good)))
    first, stop = np.searchsorted(times, times), np.searchsorted(times, times + hold_ns)
    enough = sums[stop] - sums[first] >= share * (stop - first) - 1e-9
    met = np.flatnonzero(good & enough & (times >= within[0]) & (times + hold_ns <= within[1]))
    return int(times[met[0]]) if len(met) else None
