"""Whether a run can be trusted, and why not: `codes` tells what each reason means."""

from collections.abc import Iterator, Sequence

from _hookswarm.analysis.reading.frames import RunFrames
from _hookswarm.analysis.resources import disturbance
from _hookswarm.analysis.scaling import scaling
from _hookswarm.analysis.schema.report import Reason, Stage, Status, Verdict
from _hookswarm.analysis.verdicts.codes import Code
from _hookswarm.common.limits import BUSY_SHARE, LATE_MS, SHORTEST_S, STARVED_CLOSED_SHARE, STARVED_SHARE
from _hookswarm.common.wording import first_of
from _hookswarm.records.exit_codes import Exit
from _hookswarm.records.timeline import RunEnded, StageEnded, StageOverloaded, StageStarted, WorkerLost, WorkerReport

SCALABILITY, RESOURCE = "scalability", "resource"
"""The test that looks for the limits: to be overloaded is among its results."""

NAMED = 3
"""Stages that a reason names; the others are told in the report."""

EXITS = {Status.PASS: Exit.PASS, Status.FAIL: Exit.FAIL, Status.VOID: Exit.VOID, Status.UNKNOWN: Exit.UNKNOWN}


def verdict_of(frames: RunFrames, stages: Sequence[Stage]) -> Verdict:
    """The verdict of a run."""
    excluded = _void_for_scalability(stages)
    trusted = [stage for stage in stages if stage.name not in excluded]
    bound = [*_generator_bound(frames, trusted), *_nothing_scaled(stages, excluded)]
    void = [*_incomplete(frames), *_unbalanced(frames, stages), *bound, *_lawless(stages)]
    failed = [reason for stage, reason in _overloads(frames) if not _seeks_limits(frames, stage)]
    notes = [*_left_out(excluded), *_notes(frames, stages)]
    if void:
        return Verdict(status=Status.VOID, reasons=[*void, *failed, *notes])
    if not any(stage.deliveries.acknowledged for stage in stages):
        reason = Reason(code=Code.NOTHING_ACKNOWLEDGED, message="no delivery was acknowledged: nothing was tested")
        return Verdict(status=Status.UNKNOWN, reasons=[reason, *failed, *notes])
    return Verdict(status=Status.FAIL if failed else Status.PASS, reasons=[*failed, *notes])


def _incomplete(frames: RunFrames) -> Iterator[Reason]:
    for fault in frames.damaged:
        yield Reason(code=Code.JOURNAL_DAMAGED, message=f"left out: {fault}")
    lost = [] if _loss_allowed(frames) else list(_lost(frames))
    yield from lost
    ends = frames.entries(RunEnded)
    if not ends:
        yield Reason(code=Code.RUN_UNFINISHED, message="the run has no end: its master died, or it is still on")
    elif ends[-1].error:
        if not lost:
            yield Reason(code=Code.RUN_FAILED, message=ends[-1].error)
    elif not ends[-1].interrupted:
        yield from _missing(frames, ends[-1])


def _missing(frames: RunFrames, end: RunEnded) -> Iterator[Reason]:
    """Stages that the plan has and the timeline has not, though the run says that it came to its end."""
    if end.left_out is None:
        return
    played = {entry.stage for entry in frames.entries(StageEnded)}
    tries = tuple(frames.plan[number].name for number in played if frames.plan[number].limits is not None)
    missing = [
        stage.name
        for number, stage in enumerate(frames.plan)
        if number not in played
        and number not in end.left_out
        # A search is not played itself, its tries are.
        and not (stage.limits is not None and any(name.startswith(f"{stage.name} rate=") for name in tries))
    ]
    if missing:
        few = f"{len(missing)} of {len(frames.plan)} stages have no end in the timeline: {first_of(missing, NAMED)}"
        yield Reason(code=Code.STAGES_MISSING, message=few)


def _lost(frames: RunFrames) -> Iterator[Reason]:
    if lost := frames.entries(WorkerLost):
        yield Reason(code=Code.WORKER_LOST, message=f"sending processes were lost during the run: {len(lost)}")


def _loss_allowed(frames: RunFrames) -> bool:
    return bool(frames.manifest.options.get("allow_worker_loss"))


def _excused(frames: RunFrames) -> set[str]:
    """The stages in which a worker was lost: what it had not told yet is in its journal alone."""
    excused: set[str] = set()
    stage = ""
    for entry in frames.timeline:
        if isinstance(entry, StageStarted):
            stage = entry.name
        elif isinstance(entry, WorkerLost):
            excused.add(stage)
    return excused


def _unbalanced(frames: RunFrames, stages: Sequence[Stage]) -> Iterator[Reason]:
    reports, excused = _reports(frames), _excused(frames)
    for stage in stages:
        due, held = sum(report.due for report in reports.get(stage.name, [])), stage.deliveries.due
        if stage.name in reports and due != held and not (due < held and stage.name in excused):
            yield Reason(
                code=Code.BOOKS_UNBALANCED,
                message=f"{stage.name}: the senders counted {due} due events, their journals hold {held}",
            )
        yield from _locust_differs(frames, stage, excused, excusable=False)
        if stage.ledger.lost:
            yield Reason(
                code=Code.ACKNOWLEDGED_LOST,
                message=f"{stage.name}: {stage.ledger.lost} acknowledged events are not in the receivers' journals",
            )
        if stage.ledger.unexpected:
            yield Reason(
                code=Code.UNEXPECTED_ARRIVALS,
                message=f"{stage.name}: {stage.ledger.unexpected} arrivals that no sender's journal knows",
            )
    if frames.locust_totals is None:
        if not frames.entries(WorkerLost):
            yield Reason(
                code=Code.LOCUST_TOTAL_MISSING, message="Locust's statistics are missing from the run's folder"
            )
    elif more := sum(frames.locust_totals.values()) - sum(_locust_total(frames, stage) for stage in stages):
        yield Reason(
            code=Code.LOCUST_TOTAL_DIFFERS, message=f"Locust's CSV has {more} deliveries of no stage of this run"
        )
    if frames.strays:
        yield Reason(
            code=Code.UNEXPECTED_ARRIVALS, message=f"{frames.strays} arrivals that belong to no stage of this run"
        )


def _locust_differs(frames: RunFrames, stage: Stage, excused: set[str], excusable: bool) -> Iterator[Reason]:
    """Whether Locust counted otherwise than the journals do, be that explained by the loss of a worker or not."""
    # What Locust was told of is every delivery but the abandoned.
    total, told = _locust_total(frames, stage), stage.deliveries.due - stage.deliveries.abandoned
    explained = total < told and stage.name in excused
    if frames.locust_totals is not None and total != told and explained == excusable:
        message = f"{stage.name}: Locust's CSV has {total} deliveries, the journals {told}"
        yield Reason(code=Code.LOCUST_TOTAL_DIFFERS, message=message)


def _locust_total(frames: RunFrames, stage: Stage) -> int:
    totals = frames.locust_totals or {}
    return sum(totals.get(name, 0) for name in _locust_names(frames, stage.name))


def _overloads(frames: RunFrames) -> Iterator[tuple[int, Reason]]:
    for entry in frames.entries(StageOverloaded):
        grown = f"its queue grew for {entry.growing_s:,.0f} s to {entry.queued:,} events"
        message = f"{frames.plan[entry.stage].name}: {grown}; the rate is more than is delivered"
        yield entry.stage, Reason(code=Code.OVERLOADED, message=message)


def _seeks_limits(frames: RunFrames, stage: int) -> bool:
    """Whether to be overloaded is what a stage is for, now and then."""
    return frames.manifest.test == SCALABILITY or frames.plan[stage].limits is not None


def _reports(frames: RunFrames) -> dict[str, list[WorkerReport]]:
    """What the senders reported of each stage that ended, by its name."""
    return {frames.plan[entry.stage].name: entry.reports for entry in frames.entries(StageEnded)}


def _locust_names(frames: RunFrames, stage: str) -> Iterator[str]:
    """What Locust calls a stage's deliveries: `<stage> <origin> <strategy>`."""
    for region in frames.manifest.regions:
        for strategy in frames.manifest.strategies:
            yield f"{stage} {region.name} {strategy}"


def _generator_bound(frames: RunFrames, stages: Sequence[Stage]) -> Iterator[Reason]:
    reports, closed = _reports(frames), _closed(frames)
    for stage in stages:
        found = stage.generator
        if found.late_p99_ms is not None and found.late_p99_ms > LATE_MS:
            yield Reason(
                code=Code.GENERATOR_LATE,
                message=f"{stage.name}: idle workers woke {found.late_p99_ms:.0f} ms late (p99), off schedule",
            )
        if stage.machine and stage.window_s >= SHORTEST_S:
            for fault in disturbance.disturbances_of(stage.machine):
                yield Reason(code=Code.MACHINE_DISTURBED, message=f"{stage.name}: {fault}")
        if frames.manifest.test == RESOURCE and stage.name in closed:
            continue  # it asks what gives out first: that, too, is an answer
        starved = found.starved_share or 0.0
        most = STARVED_CLOSED_SHARE if stage.name in closed else STARVED_SHARE
        if starved > most and _lasted_s(reports, stage) >= SHORTEST_S:
            yield Reason(
                code=Code.GENERATOR_STARVED,
                message=f"{stage.name}: a sender was ready to run and had no CPU for {starved:.0%} of the stage",
            )


def _lasted_s(reports: dict[str, list[WorkerReport]], stage: Stage) -> float:
    return max((report.wall_s for report in reports.get(stage.name, [])), default=0.0)


def _busy(stage: Stage) -> float:
    """The share of a stage in which its busiest sender ran, or was ready to."""
    return (stage.generator.cpu_share or 0.0) + (stage.generator.starved_share or 0.0)


def _closed(frames: RunFrames) -> set[str]:
    """Stages whose workers send as fast as they are answered."""
    return {stage.name for stage in frames.plan if stage.arrivals.kind == "closed"}


def _void_for_scalability(stages: Sequence[Stage]) -> list[str]:
    """Stages that ask how the target scales, and were limited by the generator: they are left out of the answer."""
    return [stage.name for stage in _asking(stages) if scaling.is_generator_bound(stage)]


def _asking(stages: Sequence[Stage]) -> list[Stage]:
    return [*scaling.scaled_stages(stages), *(stage for stage in stages if stage.parameters.get("limits"))]


def _nothing_scaled(stages: Sequence[Stage], excluded: Sequence[str]) -> Iterator[Reason]:
    if excluded and len(excluded) == len(_asking(stages)):
        yield Reason(
            code=Code.GENERATOR_BOUND, message="the generator limited every stage: nothing is known of the target"
        )


def _left_out(excluded: Sequence[str]) -> Iterator[Reason]:
    if excluded:
        message = f"the generator limited, so void for scalability: {first_of(excluded, NAMED)}"
        yield Reason(code=Code.GENERATOR_BOUND_STAGES, message=message)


def _lawless(stages: Sequence[Stage]) -> Iterator[Reason]:
    for stage in stages:
        found = stage.retry and stage.retry.conformance.scheduled
        if not found or found.kept:
            continue
        ways = {
            f"{found.early} retries too early": found.early,
            f"{found.late} too late": found.late,
            f"{found.too_many} events with too many attempts": found.too_many,
            f"{found.after_gone} attempts after a 410": found.after_gone,
        }
        said = [text for text, count in ways.items() if count] or [f"delays unlike its jitter (p = {found.ks_p:.1g})"]
        yield Reason(
            code=Code.RETRY_LAW_BROKEN,
            message=f"{stage.name}: the sender did not keep its retry law: {', '.join(said)}",
        )


def _notes(frames: RunFrames, stages: Sequence[Stage]) -> Iterator[Reason]:
    if frames.manifest.interrupted:
        yield Reason(code=Code.INTERRUPTED, message="stopped before its plan was done")
    untested = [stage.name for stage in stages if stage.deliveries.due and not stage.deliveries.acknowledged]
    if untested and any(stage.deliveries.acknowledged for stage in stages):
        message = f"no delivery was acknowledged, so nothing was tested: {first_of(untested, NAMED)}"
        yield Reason(code=Code.NOTHING_ACKNOWLEDGED_STAGES, message=message)
    for fault in frames.spoilt:
        yield Reason(code=Code.LOG_DAMAGED, message=f"left out: {fault}")
    if frames.torn:
        yield Reason(code=Code.TORN_ROWS, message=f"{frames.torn} half-written journal rows were left out")
    if _loss_allowed(frames):
        yield from _lost(frames)
        excused = _excused(frames)
        for stage in stages:
            yield from _locust_differs(frames, stage, excused, excusable=True)
    for number, reason in _overloads(frames):
        if _seeks_limits(frames, number):
            yield reason
    closed = _closed(frames)
    reports = _reports(frames)
    long = {stage.name for stage in stages if _lasted_s(reports, stage) >= SHORTEST_S}
    saturated = [stage.name for stage in stages if stage.name in closed & long and _busy(stage) > BUSY_SHARE]
    if saturated:
        yield Reason(
            code=Code.GENERATOR_SATURATED,
            message=f"{first_of(saturated, 1)}: the sender's CPU was the limit; the rate is a lower bound",
        )
