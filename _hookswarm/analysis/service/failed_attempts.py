"""Attempts of a service that our receivers answered a failure, and when the next one of their event came."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from _hookswarm.analysis.deliveries.stages import PlayedStage
from _hookswarm.analysis.reading.frames import PlannedStage
from _hookswarm.analysis.reading.rows import Ints, Mask
from _hookswarm.analysis.service.promise import Floats
from _hookswarm.records.reading import Rows
from _hookswarm.records.rows import Flag

PROMPT_S = 1.0
"""An answer that we hold back for longer may come after the service has given up waiting."""
SEEN = frozenset({"slow", "errors", "flapping", "grey"})
"""Incidents in which our receivers see every attempt, and the service itself is let alone."""
_MAY_HINT = (429, 503)


@dataclass(frozen=True)
class FailedAttempts:
    """Columns with an entry for each attempt that was answered 5xx, as were all before it of its event."""

    stage: Ints
    number: Ints
    """1 for an event's first; also the number of the retry that follows."""
    accepted_ns: Ints
    """When the service took the event."""
    first_ns: Ints
    """When the event's first attempt arrived."""
    began_ns: Ints
    """When it arrived …"""
    ended_ns: Ints
    """… and when it was answered: the next wait counts from then."""
    next_ns: Ints
    """When the next one arrived; 0: none was seen."""
    slack_s: Floats
    """What nine of ten first attempts of its stage waited at most for the service's own queue."""

    def __len__(self) -> int:
        return len(self.number)

    def where(self, mask: Mask) -> "FailedAttempts":
        """Some of them."""
        return FailedAttempts(*(getattr(self, column.name)[mask] for column in fields(FailedAttempts)))

    @property
    def retried(self) -> "FailedAttempts":
        """Those that another one followed."""
        return self.where(self.next_ns != 0)

    def from_begin(self) -> "FailedAttempts":
        """The same, of a service whose waits count from when an attempt begins."""
        return replace(self, ended_ns=self.began_ns)

    @property
    def wait_s(self) -> Floats:
        """From its answer, or its begin, to the next one; of `retried` ones."""
        return (self.next_ns - self.ended_ns) / 1e9


def joined(parts: Sequence[FailedAttempts]) -> FailedAttempts:
    """Those of several stages."""
    empty = np.empty(0, np.int64)
    columns = {
        column.name: np.concatenate([empty, *(getattr(part, column.name) for part in parts)])
        for column in fields(FailedAttempts)
    }
    return FailedAttempts(**columns)


def failed_attempts_of(stage: PlayedStage) -> FailedAttempts | None:
    """Those of a stage; None where attempts may have been made that our receivers did not see, or the service ended."""
    unseen = {one["fault"] for one in stage.plan.incidents} - SEEN
    if stage.published is None or stage.arrived is None or unseen or stage.plan.restart:
        return None
    rows, event, first = stage.arrived.rows.rows, stage.arrived.rows.event, stage.arrived.rows.first
    start, done, status = rows["start"], rows["done"], rows["status"].astype(np.int64)
    place = np.arange(len(rows))
    follows = np.zeros(len(rows), np.bool_)
    follows[:-1] = event[1:] == event[:-1]
    following = np.where(follows, np.roll(start, -1), 0)
    # Two at a time are no retries of each other.
    apart = (following == 0) | (following > done)
    plain = (status // 100 == 5) & ~_hinted(stage.plan, rows) & (done - start <= PROMPT_S * 1e9) & apart
    plain &= ~np.isin(rows["webhook"], rows["webhook"][status == 410])
    broken = np.cumsum(~plain)
    only_plain = broken == (broken - ~plain)[first][event]
    chosen = plain & only_plain & (stage.arrived.event >= 0)
    owner = stage.arrived.event[chosen]
    published = stage.published
    accepted = np.where(published.acknowledged_ns != 0, published.acknowledged_ns, published.due_ns)
    return FailedAttempts(
        stage=np.full(int(chosen.sum()), stage.number, np.int64),
        number=(place - first[event] + 1)[chosen],
        accepted_ns=accepted[owner],
        first_ns=start[first][event][chosen],
        began_ns=start[chosen],
        ended_ns=done[chosen],
        next_ns=following[chosen],
        slack_s=np.full(int(chosen.sum()), _slack_s(first_waits_s(stage))),
    )


def first_waits_s(stage: PlayedStage) -> Floats:
    """How long after each event was accepted its first attempt arrived; before it counts as at once."""
    if stage.published is None or stage.arrived is None:
        return np.empty(0)
    rows, first, event = stage.arrived.rows.rows, stage.arrived.rows.first, stage.arrived.event
    firsts = first[event[first] >= 0]
    accepted = stage.published.acknowledged_ns[event[firsts]]
    waited: Floats = np.maximum(rows["start"][firsts] - accepted, 0)[accepted != 0] / 1e9
    return waited


def _slack_s(waited_s: Floats) -> float:
    """Beyond what all of them wait: a wait before the first attempt may be meant."""
    return float(np.quantile(waited_s, 0.9) - waited_s.min()) if len(waited_s) else 0.0


def _hinted(plan: PlannedStage, rows: Rows) -> Mask:
    """Which answers asked for a wait by `Retry-After`: their waits say nothing of the law."""
    asked = np.full(len(rows), _asks(plan.faults))
    for own in plan.classes:
        if own.faults is not None:
            asked[(rows["webhook"] >= own.first) & (rows["webhook"] < own.first + own.count)] = _asks(own.faults)
    found: Mask = asked & np.isin(rows["status"], _MAY_HINT) | ((rows["flags"] & Flag.HINTED) != 0)
    return found


def _asks(faults: dict[str, object] | None) -> bool:
    return faults is not None and faults.get("retry_after_s") is not None
