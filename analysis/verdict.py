"""Whether a run can be trusted, and why not. Every reason has a code that stays the same over versions."""

from collections.abc import Iterator, Sequence

from analysis.frames import RunFrames
from analysis.models import Reason, Stage, Status, Verdict
from records.exit_codes import Exit
from records.run import RunEnded, StageEnded, WorkerLost

LATE_LIMIT_MS = 20.0
"""Idle workers that wake later than this (99th percentile) make another schedule than the declared one."""

STARVED_LIMIT = 0.25
"""A sender that waits for a CPU this share of its time measures the machine's other work, not the target."""

STARVED_MIN_WALL_S = 0.5
"""Shorter stages say too little about CPU shares."""

SATURATED = 0.9
"""A closed loop whose sender uses this share of a core is limited by the sender: its rate is a lower bound."""

EXITS = {Status.PASS: Exit.PASS, Status.FAIL: Exit.FAIL, Status.VOID: Exit.VOID, Status.UNKNOWN: Exit.UNKNOWN}


def compute(frames: RunFrames, stages: Sequence[Stage]) -> Verdict:
    """The verdict of a run."""
    void = [*_incomplete(frames), *_unbalanced(frames, stages), *_generator_bound(stages, frames)]
    notes = list(_notes(frames, stages))
    if void:
        return Verdict(status=Status.VOID, reasons=void + notes)
    if not any(stage.deliveries.acknowledged for stage in stages):
        reason = Reason(code="nothing_acknowledged", message="no delivery was acknowledged: nothing was tested")
        return Verdict(status=Status.UNKNOWN, reasons=[reason, *notes])
    return Verdict(status=Status.PASS, reasons=notes)


def _incomplete(frames: RunFrames) -> Iterator[Reason]:
    lost = frames.entries(WorkerLost)
    if lost:
        yield Reason(code="worker_lost", message=f"{len(lost)} sending processes were lost during the run")
    ends = frames.entries(RunEnded)
    if not ends:
        yield Reason(code="run_unfinished", message="the run has no end: its master died, or it is still on")
    elif ends[-1].error and not lost:
        yield Reason(code="run_failed", message=ends[-1].error)


def _unbalanced(frames: RunFrames, stages: Sequence[Stage]) -> Iterator[Reason]:
    ended = {frames.manifest.stages[entry.stage]["name"]: entry for entry in frames.entries(StageEnded)}
    for stage in stages:
        counted = stage.deliveries
        reports = ended[stage.name].reports if stage.name in ended else []
        if stage.name in ended and (due := sum(report.due for report in reports)) != counted.due:
            yield Reason(
                code="books_unbalanced",
                message=f"{stage.name}: the senders counted {due} due events, their journals hold {counted.due}",
            )
        # What Locust was told of is every delivery but the abandoned.
        told = counted.due - counted.abandoned
        if frames.locust_totals is not None and (total := _locust_total(frames, stage.name)) != told:
            yield Reason(
                code="locust_total_differs",
                message=f"{stage.name}: Locust's CSV has {total} deliveries, the journals {told}",
            )
        if stage.ledger.lost:
            yield Reason(
                code="acknowledged_lost",
                message=f"{stage.name}: {stage.ledger.lost} acknowledged events are not in the receivers' journals",
            )
        if stage.ledger.unexpected:
            yield Reason(
                code="unexpected_arrivals",
                message=f"{stage.name}: {stage.ledger.unexpected} arrivals that no sender's journal knows",
            )
    if frames.locust_totals is None and not frames.entries(WorkerLost):
        yield Reason(code="locust_total_missing", message="Locust's statistics are missing from the run's folder")
    if frames.strays:
        yield Reason(
            code="unexpected_arrivals", message=f"{frames.strays} arrivals that belong to no stage of this run"
        )


def _locust_total(frames: RunFrames, stage: str) -> int:
    """Locust's names are `<stage> <origin> <strategy>`."""
    origins = [region.name for region in frames.manifest.regions]
    names = [f"{stage} {origin} {strategy}" for origin in origins for strategy in frames.manifest.strategies]
    return sum((frames.locust_totals or {}).get(name, 0) for name in names)


def _generator_bound(stages: Sequence[Stage], frames: RunFrames) -> Iterator[Reason]:
    walls = {
        frames.manifest.stages[entry.stage]["name"]: max((r.wall_s for r in entry.reports), default=0.0)
        for entry in frames.entries(StageEnded)
    }
    for stage in stages:
        found = stage.generator
        if found.late_p99_ms is not None and found.late_p99_ms > LATE_LIMIT_MS:
            yield Reason(
                code="generator_late",
                message=f"{stage.name}: idle workers woke {found.late_p99_ms:.0f} ms late (p99), off schedule",
            )
        starved = found.starved_share or 0.0
        if starved > STARVED_LIMIT and walls.get(stage.name, 0.0) >= STARVED_MIN_WALL_S:
            yield Reason(
                code="generator_starved",
                message=f"{stage.name}: a sender waited for a CPU {starved:.0%} of the time it wanted one",
            )


def _notes(frames: RunFrames, stages: Sequence[Stage]) -> Iterator[Reason]:
    if frames.manifest.interrupted:
        yield Reason(code="interrupted", message="stopped before its plan was done")
    if frames.torn:
        yield Reason(code="torn_rows", message=f"{frames.torn} half-written journal rows were left out")
    saturated = [
        stage.name
        for stage in stages
        if stage.parameters["arrivals"]["kind"] == "closed" and (stage.generator.cpu_share or 0) > SATURATED
    ]
    if saturated:
        more = f" and {len(saturated) - 1} more" if len(saturated) > 1 else ""
        yield Reason(
            code="generator_saturated",
            message=f"{saturated[0]}{more}: the sender's CPU was the limit; the rate is a lower bound",
        )
