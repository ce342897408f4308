"""What one origin made of a fault: noticed it, went elsewhere, recovered, came home."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from _hookswarm.analysis.deliveries.deliveries import Events, State
from _hookswarm.analysis.deliveries.figures import Window
from _hookswarm.analysis.reading.frames import PlannedHealth
from _hookswarm.analysis.reading.rows import Ints, Mask
from _hookswarm.analysis.regions import detection
from _hookswarm.analysis.regions.detection import Bound, Told
from _hookswarm.analysis.regions.faults import (
    SECOND,
    Fault,
    Scene,
    Sent,
    earliest,
    inside,
    per_second,
    since,
    sustained,
)
from _hookswarm.analysis.schema.failover import OriginFailover


@dataclass(frozen=True)
class Watch:
    """How an origin's senders look out for faults, and what they found."""

    flips: Sequence[Told]
    health: PlannedHealth | None
    processes: int
    """That send; each judges for itself."""
    workers: int
    """Of one origin in one process."""
    timeout_s: float | None


def origin_failover(scene: Scene, origin: int, watch: Watch, names: Mapping[int, str]) -> OriginFailover:
    """The figures of an origin that should notice the fault; `names` are the regions' by code."""
    fault, terms = scene.fault, scene.terms
    at_ns, until_ns, until_end = fault.at_ns, fault.until_ns, (fault.at_ns, fault.ends_ns)
    targets = fault.targets(origin)
    own = scene.sent.where(scene.sent.origin == origin)
    events = scene.stage.delivered.where(scene.origin == origin)
    home = np.isin(own.target, targets)
    failed = earliest(own.done_ns[home & own.failed & inside(own.start_ns, fault.held)])
    found = detection.detected(watch.flips, origin, targets, until_end)
    detected_s = since(at_ns, found.last_ns) if found else None
    bounds = _bound(own, fault, origin, watch, scene.before)
    hold_ns = _hold_ns(scene, origin, events)
    recovered = _recovered(scene, events, hold_ns)
    share = _share(home[inside(own.start_ns, scene.before)])
    back_started = back = None
    if fault.healed:
        healed = (until_ns, fault.ends_ns)
        back_started = earliest(own.start_ns[home & own.acknowledged & inside(own.start_ns, healed)])
        back = sustained(own.start_ns, home, terms.back * share, hold_ns, healed) if share else None
    return OriginFailover(
        origin=_name(names, origin),
        regions=[_name(names, target) for target in targets],
        first_failure_s=since(at_ns, failed),
        detected_first_s=since(at_ns, found.first_ns) if found else None,
        detected_s=detected_s,
        detected_by=found.by if found else None,
        detected_processes=found.processes if found else 0,
        bound_s=round(bounds.bound_s, 6) if bounds else None,
        within_bound=detection.within_bound(detected_s, bounds, (fault.held[1] - at_ns) / SECOND),
        first_success_elsewhere_s=since(at_ns, _elsewhere(scene, own, home, failed)),
        recovered_s=since(at_ns, recovered),
        hold_s=round(hold_ns / SECOND, 6),
        longest_gap_s=_longest_gap_s(events, at_ns, recovered, fault.ends_ns),
        home_share=None if share is None else round(share, 6),
        failback_started_s=since(until_ns, back_started),
        failed_back_s=since(until_ns, back),
        flips=len(detection.of(watch.flips, origin, targets, until_end)),
    )


def _name(names: Mapping[int, str], code: int) -> str:
    return names.get(code, f"region {code}")


def _share(mask: Mask) -> float | None:
    return float(mask.mean()) if len(mask) else None


def _hold_ns(scene: Scene, origin: int, events: Events) -> int:
    """How far ahead to look: far enough for some events, and for the bad half of a square wave."""
    terms, rate = scene.terms, per_second(events.due_ns, scene.before)
    periods = [incident.period_s or 0.0 for incident in scene.fault.met_by(origin)]
    return round(max(terms.hold_s, terms.hold_events / rate if rate else 0.0, *periods) * SECOND)


def _recovered(scene: Scene, events: Events, hold_ns: int) -> int | None:
    """When the first event fell due from which on events are on time; the fault's beginning if all were."""
    within = (scene.fault.at_ns, scene.fault.ends_ns)
    found = sustained(events.due_ns, scene.on_time(events), scene.terms.slo, hold_ns, within)
    return within[0] if found is not None and found == earliest(events.due_ns[inside(events.due_ns, within)]) else found


def _elsewhere(scene: Scene, own: Sent, home: Mask, failed_ns: int | None) -> int | None:
    """The first acknowledgement by a region in order of an event that had failed, or fell due after a failure."""
    if failed_ns is None:
        return None
    sent = inside(own.start_ns, (scene.fault.at_ns, scene.fault.ends_ns))
    second = _follows(own.event, home & own.failed & sent)
    fresh = scene.stage.delivered.due_ns[own.event] >= failed_ns
    return earliest(own.done_ns[~home & own.acknowledged & sent & (second | fresh)])


def _follows(event: Ints, these: Mask) -> Mask:
    """Which attempts come after one of these of the same event."""
    before: Ints = np.cumsum(these) - these
    new = np.diff(event, prepend=-1) != 0
    follows: Mask = before > before[new][np.cumsum(new) - 1]
    return follows


def _longest_gap_s(events: Events, at_ns: int, recovered_ns: int | None, ends_ns: int) -> float:
    """The longest time without an acknowledgement, of those that the fault or what followed it had a part of."""
    times = np.sort(events.acknowledged_ns[events.state == State.ACKNOWLEDGED])
    begin = max(int(np.searchsorted(times, at_ns, side="right")) - 1, 0)
    if recovered_ns is None:
        times = np.append(times[times < ends_ns], ends_ns)
        stop = len(times)
    else:
        stop = int(np.searchsorted(times, recovered_ns)) + 1
    part = times[begin : max(stop, begin + 1)]
    if part[0] > at_ns:
        part = np.insert(part, 0, at_ns)  # nothing was acknowledged before
    return round(int(np.diff(part).max(initial=0)) / SECOND, 6)


def _bound(own: Sent, fault: Fault, origin: int, watch: Watch, before: Window) -> Bound | None:
    """By when the last process has found out about the last region; None if it need not."""
    if watch.health is None:
        return None
    bounds = []
    for incident in fault.met_by(origin):
        for target in incident.regions:
            rate = (per_second(own.start_ns[own.target == target], before) or 0.0) / max(watch.processes, 1)
            bounds.append(detection.bound(watch.health, incident, rate, watch.workers, watch.timeout_s))
    known = [found for found in bounds if found]
    return max(known) if known and len(known) == len(bounds) else None
