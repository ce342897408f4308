"""How long each arrival of a stage was open: until our receiver answered it, or the service gave it up."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from _hookswarm.analysis.deliveries.classes import inside
from _hookswarm.analysis.deliveries.stages import PlayedStage
from _hookswarm.analysis.reading.rows import Ints, Mask
from _hookswarm.records.manifest import ServiceRecord
from _hookswarm.records.reading import Rows

HEALTHY = -1


class Opened(NamedTuple):
    """Arrivals in the order of time, retries among them. Times in nanoseconds."""

    offered_ns: Ints
    """When its event was accepted; a retry's is when it came."""
    begin_ns: Ints
    end_ns: Ints
    troubled: Ints
    """The place of its endpoint's class in the plan, or HEALTHY."""
    first: Mask
    """Whether it is its event's first."""
    gave_up_ns: int | None
    """How long the service waits for an answer; None: none hung."""

    @property
    def busy_ns(self) -> Ints:
        """How long each was open."""
        return self.end_ns - self.begin_ns


def opened_of(stage: PlayedStage, service: ServiceRecord) -> Opened:
    """The arrivals of the stage's own events."""
    assert stage.published
    assert stage.arrived
    ours = stage.arrived.event >= 0
    rows, event = stage.arrived.rows.rows[ours], stage.arrived.event[ours]
    first = np.ones(len(rows), np.bool_)
    first[1:] = event[1:] != event[:-1]
    troubled = np.full(len(rows), HEALTHY, np.int64)
    hung, hang_s = np.zeros(len(rows), np.bool_), 0.0
    for place, own in enumerate(stage.plan.classes):
        troubled[inside(own, rows["webhook"])] = place
        if own.faults and own.faults.get("hang"):
            hung |= (troubled == place) & (rows["status"] == 0)
            hang_s = max(hang_s, float(own.faults["hang_s"]))
    begin_ns, end_ns = rows["start"], np.maximum(rows["done"], rows["start"])
    gave_up_ns = None
    if hung.any():
        gave_up_ns = _gave_up_ns(rows, first, hung, troubled != HEALTHY, round(hang_s * 1e9), service)
        end_ns = np.where(hung, begin_ns + gave_up_ns, end_ns)
    accepted_ns = stage.published.acknowledged_ns[event]
    offered_ns = np.where(first & (accepted_ns != 0), np.minimum(accepted_ns, begin_ns), begin_ns)
    order = np.argsort(begin_ns, kind="stable")
    return Opened(offered_ns[order], begin_ns[order], end_ns[order], troubled[order], first[order], gave_up_ns)


def _gave_up_ns(rows: Rows, first: Mask, hung: Mask, troubled: Mask, hang_ns: int, service: ServiceRecord) -> int:
    """How long the service waits for an answer: as it promises, or until an event's next attempt but for the wait
    before that, which is as promised, or the shortest that other failures saw.
    """
    if (promised_s := service.promises.get("timeout_s")) is not None:
        return min(round(float(promised_s) * 1e9), hang_ns)
    retried = np.zeros(len(rows), np.bool_)
    retried[:-1] = ~first[1:]
    again_ns = np.append(rows["start"][1:], 0)
    if not (hung & retried).any():
        return hang_ns
    failed = retried & troubled & ~hung & (rows["status"] // 100 != 2)
    wait_ns = int((again_ns - rows["done"])[failed].min(initial=hang_ns))
    if service.retry:
        wait_ns = _first_wait_ns(service.retry)
    seen_ns = int((again_ns - rows["start"])[hung & retried].min()) - wait_ns
    # Where nothing at all came for most of that, it was free again as the next one came; the retry waited in its queue.
    begins_ns = np.sort(rows["start"])
    after = np.minimum(np.searchsorted(begins_ns, rows["start"][hung], side="right"), len(rows) - 1)
    still_ns = int((begins_ns[after] - rows["start"][hung]).max())
    if 2 * still_ns > seen_ns:
        seen_ns = min(seen_ns, still_ns)
    return min(max(seen_ns, 0), hang_ns)


def _first_wait_ns(law: Mapping[str, Any]) -> int:
    first_s: float = (law.get("waits_s") or [law.get("first_s") or 0.0])[0]
    return round(first_s * 1e9)
