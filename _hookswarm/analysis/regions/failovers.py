"""Regional failovers: what befell regions in a stage, and how its origins came through; see docs/failover.md."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from _hookswarm.analysis.deliveries import figures, ledger
from _hookswarm.analysis.deliveries.deliveries import Frame, State
from _hookswarm.analysis.deliveries.figures import Window
from _hookswarm.analysis.deliveries.recorder import Recorder
from _hookswarm.analysis.deliveries.retries import Unfinished
from _hookswarm.analysis.deliveries.stages import PlayedStage
from _hookswarm.analysis.reading.frames import RunFrames
from _hookswarm.analysis.reading.rows import Ints, Mask
from _hookswarm.analysis.regions import failover_impact, failover_origin, unplanned
from _hookswarm.analysis.regions.detection import Told
from _hookswarm.analysis.regions.failover_origin import Watch
from _hookswarm.analysis.regions.faults import SECOND, Fault, Scene, Sent, Terms, grouped, inside, since
from _hookswarm.analysis.regions.receiver_outages import ReceiverLogs, Silence
from _hookswarm.analysis.schema.failover import Failover, OriginFailover
from _hookswarm.analysis.schema.sections import Sections
from _hookswarm.records.timeline import IncidentPlayed

TERMS = Terms()


@dataclass(frozen=True)
class _Whole:
    """What is found once for all faults of a stage."""

    watch: Watch
    match: Ints | None
    """The attempt of each arrival."""
    reordered: Mask | None
    backlog: Unfinished


class FailoversRecorder(Recorder):
    """Tells the failovers of the stages."""

    def __init__(self, frames: RunFrames, terms: Terms = TERMS) -> None:
        super().__init__(frames)
        self._terms = terms
        self._receivers = ReceiverLogs(frames)
        self.failovers: list[Failover] = []

    def add(self, stage: PlayedStage) -> None:
        self.failovers += _failovers_of(self._frames, stage, self._receivers.of(stage), self._terms)

    def fill(self, sections: Sections) -> None:
        sections.performance.failovers = self.failovers


def _failovers_of(
    frames: RunFrames, stage: PlayedStage, silences: Sequence[Silence], terms: Terms = TERMS
) -> list[Failover]:
    """One for each fault of a stage, in the order of time: those that were played, or just happened."""
    incidents = [entry for entry in frames.entries(IncidentPlayed) if entry.stage == stage.number]
    sent = Sent.of(stage.delivered.attempts)
    incidents = incidents or unplanned.unplanned_faults(stage, sent)
    incidents += unplanned.silent_receivers(stage, sent, silences, incidents)
    faults = grouped(incidents, stage.window[1])
    if not faults:
        return []
    before, rows = _before(stage, faults[0]), stage.delivered.attempts
    match = None if stage.arrivals is None else ledger.match_arrivals(rows, stage.arrivals)
    whole = _Whole(
        watch=_watch(frames, stage, len(np.unique(sent.origin))),
        match=match,
        reordered=failover_impact.reordered(stage, match),
        backlog=Unfinished(stage.delivered),
    )
    origin, deadline_ns = rows.rows["origin"][rows.first], _deadline_ns(stage.delivered, before, terms)
    scenes = (Scene(stage, fault, sent, origin, before, deadline_ns, terms) for fault in faults)
    return [_failover(frames, scene, whole) for scene in scenes]


def _before(stage: PlayedStage, first: Fault) -> Window:
    """What faults are compared with; with the warm-up where less than a second was measured before the first."""
    begin = stage.window[0] if first.at_ns - stage.window[0] >= SECOND else stage.start_ns
    return begin, max(begin, first.at_ns)


def _deadline_ns(delivered: Frame, before: Window, terms: Terms) -> int:
    p99_ms = figures.latency(delivered, before).p99 or 0.0
    return round(max(terms.deadline_s, terms.deadline_p99s * p99_ms / 1e3) * SECOND)


def _watch(frames: RunFrames, stage: PlayedStage, origins: int) -> Watch:
    reports = stage.ended.reports if stage.ended else []
    processes = len({report.worker for report in reports})
    return Watch(
        flips=[Told(report.worker, flip) for report in reports for flip in report.flips],
        health=None if stage.balanced else stage.plan.health,
        processes=processes,
        workers=(stage.plan.users or 1) // max(origins * processes, 1),
        timeout_s=_timeout_s(stage.plan.timeout_s, frames.manifest.options),
    )


def _timeout_s(planned: float | None, options: dict[str, Any]) -> float | None:
    """How long an attempt may wait for a connection or for its answer, whichever is longer."""
    if planned is not None:
        return planned
    known = [options.get(name) for name in ("connect_timeout", "response_timeout")]
    return max((float(value) for value in known if isinstance(value, int | float)), default=None)


def _failover(frames: RunFrames, scene: Scene, whole: _Whole) -> Failover:
    stage, fault, terms, delivered = scene.stage, scene.fault, scene.terms, scene.stage.delivered
    names = {code: region.name for code, region in enumerate(frames.manifest.regions)}
    sending = np.unique(scene.sent.origin).tolist()
    noticing = [origin for origin in sending if fault.met_by(origin)]
    by_origin = [failover_origin.origin_failover(scene, origin, whole.watch, names) for origin in noticing]
    recovered_s = _last(by_origin)
    end = fault.ends_ns if recovered_s is None else fault.at_ns + round(recovered_s * SECOND)
    hit = inside(delivered.due_ns, (fault.at_ns, end))
    events = delivered.where(hit)
    account = failover_impact.account(scene, hit, frames.watched)
    failed = int(np.count_nonzero(events.state != State.ACKNOWLEDGED))
    late = len(events) - failed - int(np.count_nonzero(scene.on_time(events)))
    backlog = whole.backlog
    drained = backlog.fallen_to(backlog.peak(before_ns=scene.before[1]), fault.until_ns) if fault.healed else None
    within = [told.flip for told in whole.watch.flips if fault.at_ns <= told.flip.at_ns < fault.ends_ns]
    return Failover(
        stage=stage.plan.name,
        faults=list(dict.fromkeys(incident.fault for incident in fault.incidents)),
        regions=[names.get(code, f"region {code}") for code in fault.regions],
        origins=[found.origin for found in by_origin],
        began_at_s=round((fault.at_ns - stage.start_ns) / SECOND, 6),
        lasted_s=round((fault.until_ns - fault.at_ns) / SECOND, 6),
        healed=fault.healed,
        slo=terms.slo,
        deadline_s=round(scene.deadline_ns / SECOND, 6),
        by_origin=by_origin,
        recovered_s=recovered_s,
        due=len(events),
        failed=failed,
        late=late,
        lost=account.lost,
        duplicated=account.duplicated,
        reordered=None if whole.reordered is None else int(np.count_nonzero(whole.reordered & hit)),
        budget_burned=_budget_burned(failed + late, delivered, stage.window, terms),
        survivors=failover_impact.survivors(scene, frames.manifest.regions, frames.watched),
        p99_before_ms=figures.latency(delivered, scene.before).p99,
        p99_during_ms=figures.latency(delivered, fault.held).p99,
        p99_after_ms=figures.latency(delivered, (fault.until_ns, fault.ends_ns)).p99 if fault.healed else None,
        flips=sum(flip.target in fault.targets(flip.origin) for flip in within),
        false_alarms=sum(not flip.healthy and flip.target not in fault.targets(flip.origin) for flip in within),
        backlog_peak=backlog.peak(fault.ends_ns, after_ns=fault.at_ns),
        drain_s=since(fault.until_ns, drained),
        metastable=_metastable(scene, by_origin, recovered_s),
        receivers=failover_impact.receivers_view(scene, whole.match, frames.watched, frames.manifest.outcomes),
    )


def _last(by_origin: Sequence[OriginFailover]) -> float | None:
    """When the last origin recovered; None if one did not."""
    known = [found.recovered_s for found in by_origin if found.recovered_s is not None]
    return max(known) if known and len(known) == len(by_origin) else None


def _budget_burned(bad: int, delivered: Frame, window: Window, terms: Terms) -> float | None:
    granted = (1 - terms.slo) * int(np.count_nonzero(inside(delivered.due_ns, window)))
    return round(bad / granted, 4) if granted else None


def _metastable(scene: Scene, by_origin: Sequence[OriginFailover], recovered_s: float | None) -> bool | None:
    """Whether it lasted on long after its cause; None where the stage was too short to know."""
    fault, terms = scene.fault, scene.terms
    lasted_s = (fault.until_ns - fault.at_ns) / SECOND
    limit_s = lasted_s + max(terms.lasting * lasted_s, terms.lasting_s)
    if recovered_s is not None:
        return recovered_s > limit_s
    hold_s = max((found.hold_s for found in by_origin), default=0.0)
    seen_s = (fault.ends_ns - fault.at_ns) / SECOND
    return True if by_origin and seen_s >= limit_s + hold_s else None
