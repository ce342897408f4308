"""Whether a run's books balance: what senders, receivers and Locust counted of the same deliveries."""

from collections.abc import Iterator, Sequence

import numpy as np

from _hookswarm.analysis.reading.frames import RunFrames
from _hookswarm.analysis.reading.rows import rows_of_stage
from _hookswarm.analysis.schema.report import Stage
from _hookswarm.analysis.schema.verdict import Reason
from _hookswarm.analysis.verdicts.codes import Code
from _hookswarm.common.wording import first_of
from _hookswarm.records.rows import Outcome
from _hookswarm.records.timeline import RunEnded, StageEnded, StageStarted, WorkerLost
from _hookswarm.records.worker_report import WorkerReport

NAMED = 3
"""Stages that a reason names; the others are told in the report."""

UNTOLD_S = 8.0
"""A worker of Locust tells its statistics every 3 s, and that it is lost is noticed after 4 s of silence."""


def incomplete(frames: RunFrames) -> Iterator[Reason]:
    """What is missing of a run: journals, processes, its end, stages of its plan."""
    for fault in frames.damaged:
        yield Reason(code=Code.JOURNAL_DAMAGED, message=f"left out: {fault}")
    lost = [] if loss_allowed(frames) else list(lost_workers(frames))
    yield from lost
    ends = frames.entries(RunEnded)
    if not ends:
        yield Reason(code=Code.RUN_UNFINISHED, message="the run has no end: its master died, or it is still on")
    elif ends[-1].error:
        if not lost:
            yield Reason(code=Code.RUN_FAILED, message=ends[-1].error)
    elif not ends[-1].interrupted and not ends[-1].untested:
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


def lost_workers(frames: RunFrames) -> Iterator[Reason]:
    """That sending processes were lost, if some were; whether they might be is `loss_allowed`."""
    if lost := frames.entries(WorkerLost):
        yield Reason(code=Code.WORKER_LOST, message=f"sending processes were lost during the run: {len(lost)}")


def loss_allowed(frames: RunFrames) -> bool:
    return bool(frames.manifest.options.get("allow_worker_loss"))


def excused_stages(frames: RunFrames) -> set[str]:
    """The stages in which a worker was lost, or just before: what it had not told yet is in its journal alone."""
    excused: set[str] = set()
    stage, ended = "", dict[str, int]()
    for entry in frames.timeline:
        if isinstance(entry, StageStarted):
            stage = frames.plan[entry.stage].name
        elif isinstance(entry, StageEnded):
            ended[frames.plan[entry.stage].name] = entry.at_ns
        elif isinstance(entry, WorkerLost):
            late = (name for name, at_ns in ended.items() if entry.at_ns - at_ns < UNTOLD_S * 1e9)
            excused |= {stage, *late}
    return excused


def unbalanced(frames: RunFrames, stages: Sequence[Stage]) -> Iterator[Reason]:
    """Where two counts of the same deliveries differ, and nothing explains it."""
    reports, excused = _stage_reports(frames), excused_stages(frames)
    for stage in stages:
        due, (held, _) = sum(report.due for report in reports.get(stage.name, [])), _handed_over(stage)
        if stage.name in reports and due != held and not (due < held and stage.name in excused):
            yield Reason(
                code=Code.BOOKS_UNBALANCED,
                message=f"{stage.name}: the senders counted {due} due events, their journals hold {held}",
            )
        yield from locust_differs(frames, stage, excused, excusable=False)
        if frames.manifest.service:  # what it loses, or makes up, is its own failure, and no fault of the books
            continue
        if stage.ledger.lost:
            yield Reason(
                code=Code.ACKNOWLEDGED_LOST,
                message=f"{stage.name}: {stage.ledger.lost} acknowledged events are not in the receivers' journals"
                + _sent_after_the_end(frames, stage, stage.ledger.lost),
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
    if frames.strays and not _left_over(frames):
        message = f"{frames.strays} arrivals that belong to no stage of this run"
        if told := _of_other_runs(frames):
            message += f": {told}; let one run end before the next begins"
        yield Reason(code=Code.UNEXPECTED_ARRIVALS, message=message)


def left_over(frames: RunFrames) -> Iterator[Reason]:
    """What a service delivered in this run that it was given by others: no fault of these books, but a load."""
    if frames.strays and _left_over(frames):
        message = f"{frames.strays} arrivals that earlier runs published: {_of_other_runs(frames)}"
        advice = "the service still had them: wait until it is done with a run, or empty its store before the next"
        yield Reason(code=Code.UNEXPECTED_ARRIVALS, message=f"{message}; {advice}")


def _left_over(frames: RunFrames) -> bool:
    return frames.manifest.service is not None and frames.strays == sum(frames.strangers.values())


def _of_other_runs(frames: RunFrames) -> str:
    return first_of([f"{count} of another run, {name}" for name, count in frames.strangers.items()], NAMED)


def _sent_after_the_end(frames: RunFrames, stage: Stage, lost: int) -> str:
    """What is known of lost events of a process that stood still until the receivers knew of no run any more."""
    ended_ns = max((entry.at_ns for entry in frames.entries(StageEnded)), default=None)
    number = next(number for number, plan in enumerate(frames.plan) if plan.name == stage.name)
    rows = rows_of_stage(frames.attempts, number)
    if ended_ns is None:
        return ""
    late = np.count_nonzero((rows["outcome"] == Outcome.ACKNOWLEDGED) & (rows["start"] > ended_ns))
    if not late:
        return ""
    return (
        f"; {min(int(late), lost)} of them may be in the receivers' journals of no run, for so many were sent after "
        "the run's last stage: copy the receivers' results/unassigned beside this run's folder, and analyse it again"
    )


def locust_differs(frames: RunFrames, stage: Stage, excused: set[str], excusable: bool) -> Iterator[Reason]:
    """Whether Locust counted otherwise than the journals do, be that explained by the loss of a worker or not."""
    # What Locust was told of is every delivery but the abandoned.
    due, abandoned = _handed_over(stage)
    total, told = _locust_total(frames, stage), due - abandoned
    explained = total < told and stage.name in excused
    if frames.locust_totals is not None and total != told and explained == excusable:
        message = f"{stage.name}: Locust's CSV has {total} deliveries, the journals {told}"
        yield Reason(code=Code.LOCUST_TOTAL_DIFFERS, message=message)


def _handed_over(stage: Stage) -> tuple[int, int]:
    """Events that fell due, and those that were abandoned, each once: a service may have several endpoints for one."""
    if stage.through:
        return stage.through.published, stage.through.unpublished
    return stage.deliveries.due, stage.deliveries.abandoned


def _locust_total(frames: RunFrames, stage: Stage) -> int:
    totals = frames.locust_totals or {}
    return sum(totals.get(name, 0) for name in _locust_names(frames, stage.name))


def _stage_reports(frames: RunFrames) -> dict[str, list[WorkerReport]]:
    """What the senders reported of each stage that ended, by its name."""
    return {frames.plan[entry.stage].name: entry.reports for entry in frames.entries(StageEnded)}


def _locust_names(frames: RunFrames, stage: str) -> Iterator[str]:
    """What Locust calls a stage's deliveries: `<stage> <origin> <strategy>`."""
    for region in frames.manifest.regions:
        for strategy in frames.manifest.strategies:
            yield f"{stage} {region.name} {strategy}"
