"""Accept rate and drain rate, measured apart where accepted events piled up, and what a burst makes of them."""

from collections.abc import Iterator

import numpy as np

from _hookswarm.analysis.deliveries.stages import PlayedStage
from _hookswarm.analysis.reading.rows import Ints
from _hookswarm.analysis.schema.drains import Drain
from _hookswarm.analysis.service.backlog import accepted_and_arrived, backlog_of
from _hookswarm.common.wording import figure
from _hookswarm.records.manifest import CALIBRATION, ServiceRecord

LEAST = 50
"""Events that wait at most are no backlog below this, nor up to what the stage's workers publish at once …"""
LEAST_S = 0.2
"""… nor is one that was there for a shorter time."""
SHARE = 0.1
"""Of the most that waited: while fewer do, it may be publishing that limits deliveries."""
BURST_S = 3600.0
TOLERANCE_S = 300.0
"""What receivers' libraries allow between a delivery's timestamp and its arrival."""
OLD_NS = 3_000_000_000
"""What waited for so long tells whether its timestamp is of its publishing or of its delivery: it is whole seconds."""


def drain_of(stage: PlayedStage, service: ServiceRecord) -> Drain | None:
    """None where no more piled up than its workers keep in flight, in a calibration, and where what deliveries waited
    for may have been a planned fault.
    """
    plan = stage.plan
    if plan.scenario == CALIBRATION:
        return None
    hangs = any(own.faults and own.faults.get("hang") for own in plan.classes)
    if not stage.published or not stage.arrived or plan.faults or plan.incidents or plan.restart or hangs:
        return None
    accepted_ns, arrived_ns = accepted_and_arrived(stage)
    found = _rates(accepted_ns, arrived_ns, max(LEAST, (plan.users or 0) + 1))
    if not found:
        return None
    accepts, delivers, most, waited_s = found
    drains_in_s = max(accepts - delivers, 0.0) * BURST_S / delivers
    return Drain(
        stage=plan.name,
        accept_per_s=round(accepts, 3),
        drain_per_s=round(delivers, 3),
        most_waiting=most,
        waited_s=round(waited_s, 3),
        burst_s=BURST_S,
        drains_in_s=round(drains_in_s, 1),
        expire=[f"{name} ({figure(seconds)} s)" for name, seconds in _clocks(stage, service) if drains_in_s > seconds],
    )


def _rates(accepted_ns: Ints, arrived_ns: Ints, least: int) -> tuple[float, float, int, float] | None:
    """Accepted and arrived a second, the most that waited, and for how many seconds a tenth of that did; None where
    fewer than `least` waited.
    """
    if not len(accepted_ns):
        return None
    backlog = backlog_of(accepted_ns, arrived_ns)
    most = int(backlog.waiting.max())
    high = backlog.before >= max(SHARE * most, 1)
    waited_s = float(np.diff(backlog.at_ns, prepend=backlog.at_ns[0])[high].sum()) / 1e9
    if most < least or waited_s < LEAST_S:
        return None
    delivers = int(np.count_nonzero(backlog.arrives & high)) / waited_s
    peak = int(backlog.waiting.argmax())
    low = np.flatnonzero(~high[: peak + 1])
    begin_ns, peak_ns = int(backlog.at_ns[low[-1]]), int(backlog.at_ns[peak])
    grown = int(np.count_nonzero((accepted_ns > begin_ns) & (accepted_ns <= peak_ns)))
    return grown / max((peak_ns - begin_ns) / 1e9, 1e-3), delivers, most, waited_s


def _clocks(stage: PlayedStage, service: ServiceRecord) -> Iterator[tuple[str, float]]:
    """What may run out while an event waits, and after how many seconds."""
    if service.retry_window_s is not None:
        yield "retry window", service.retry_window_s
    if _signed_when_published(stage, service):
        yield "signature tolerance", TOLERANCE_S
    if (lasts_s := service.promises.get("idempotency_s")) is not None:
        yield "idempotency window", float(lasts_s)


def _signed_when_published(stage: PlayedStage, service: ServiceRecord) -> bool:
    """Whether a delivery that waited carries the time of its publishing; by its promise where none waited for long."""
    assert stage.published
    assert stage.arrived
    arrived = stage.arrived
    ours = arrived.event >= 0
    rows, accepted_ns = arrived.rows.rows[ours], stage.published.acknowledged_ns[arrived.event[ours]]
    old = (rows["due"] != 0) & (accepted_ns != 0) & (rows["start"] - accepted_ns > OLD_NS)
    if not old.any():
        return bool(service.signed and service.promises.get("timestamps") == "the first")
    signed_ns = rows["due"][old]
    after_ns, before_ns = np.abs(signed_ns - accepted_ns[old]), np.abs(rows["start"][old] - signed_ns)
    return bool(np.median(after_ns) < np.median(before_ns))
