"""What a delivery service accepted, and what never arrived: lost, or missing as long as its word allows it to wait."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from _hookswarm.analysis.deliveries.deliveries import Frame, State
from _hookswarm.analysis.reading.frames import RunFrames
from _hookswarm.analysis.reading.rows import Ints, Mask
from _hookswarm.records.timeline import ServiceDrained

SLACK_S = 0.5
"""A drain looks now and then, and sees what it waits for a little late."""
GONE = 410
DROPPING = (None, "disables")
"""What a service may say that it does after a 410, and then delivers nothing more there."""


@dataclass(frozen=True)
class Patience:
    """How long what is missing was waited for, in a run."""

    until_ns: int
    """When the last drain ended that was not broken off; 0: there was none."""
    gone_ns: Mapping[int, int]
    """Endpoints that answered 410, and when they first did: nothing has to be delivered there any more."""


@dataclass(frozen=True)
class Unarrived:
    """Of each event of a stage, whether it was accepted, never arrived, and why; at most one is true."""

    lost: Mask
    missing: Mask
    """The service may still deliver it, by its word; or nobody waited."""
    dropped: Mask
    """Its endpoint had answered 410."""
    quiet_s: float | None
    """From when the stage's last arrival was taken, or its last event accepted; None: nobody waited."""
    allowed_s: float | None
    """How long a delivery may take by the service's word; None: that is not known."""


def patience_of(frames: RunFrames) -> Patience:
    """That of a run through a service."""
    service, rows = frames.manifest.service, frames.arrivals
    ends = [entry.at_ns for entry in frames.entries(ServiceDrained) if entry.settled]
    gone: dict[int, int] = {}
    if service and rows is not None and service.promises.get("gone") in DROPPING:
        refused = rows[rows["status"] == GONE]
        latest_first = np.argsort(-refused["start"])  # so the first is what stays
        told = refused["webhook"][latest_first].tolist(), refused["start"][latest_first].tolist()
        gone = dict(zip(*told, strict=True))
    return Patience(max(ends, default=0), gone)


def unarrived_of(
    published: Frame, seen: Mask, first_ns: Ints, drained: ServiceDrained | None, patience: Patience
) -> Unarrived:
    """Of one stage. `seen`: which events arrived at all; `first_ns`: when each was first taken, or 0."""
    absent = (published.state == State.ACKNOWLEDGED) & ~seen
    ended_ns = drained.at_ns if drained else 0
    gone = [webhook for webhook, at_ns in patience.gone_ns.items() if at_ns <= ended_ns]
    dropped = absent & np.isin(published.webhook, gone)
    quiet_s = None
    if patience.until_ns:
        moved_ns = max(first_ns.max(initial=0), published.acknowledged_ns.max(initial=0))
        quiet_s = round(max(patience.until_ns - int(moved_ns), 0) / 1e9, 3)
    left = absent & ~dropped
    allowed_s = (drained.allowed_s or drained.patience_s) if drained else None
    over = quiet_s is not None and allowed_s is not None and quiet_s + SLACK_S >= allowed_s
    return Unarrived(left & over, left & (not over), dropped, quiet_s, allowed_s)
