"""Whether a run can be trusted, and why not: `codes` tells what each reason means."""

from collections.abc import Iterator, Sequence

from _hookswarm.analysis.reading.frames import RunFrames
from _hookswarm.analysis.reading.no_run import OfNoRun
from _hookswarm.analysis.reading.rows import rows_of_stage
from _hookswarm.analysis.resources import shortages
from _hookswarm.analysis.scaling import scaling
from _hookswarm.analysis.schema.duplicates import Duplicates
from _hookswarm.analysis.schema.report import Stage
from _hookswarm.analysis.schema.restarts import Restarted
from _hookswarm.analysis.schema.rotations import Rotation
from _hookswarm.analysis.schema.verdict import DefaultCheck, Measurement, Reason, Status, Target, Verdict
from _hookswarm.analysis.verdicts import books, duplicates, held_back, restarts, service_notes
from _hookswarm.analysis.verdicts.books import NAMED
from _hookswarm.analysis.verdicts.codes import Code
from _hookswarm.common.limits import BUSY_SHARE, SHORTEST_S
from _hookswarm.common.wording import figure, first_of
from _hookswarm.records.exit_codes import Exit
from _hookswarm.records.timeline import RunEnded, ServiceDrained, StageEnded, StageOverloaded

SCALABILITY = "scalability"
"""The test that looks for the limits: to be overloaded is among its results."""

EXITS = {Status.PASS: Exit.PASS, Status.FAIL: Exit.FAIL, Status.VOID: Exit.VOID, Status.UNTESTED: Exit.UNTESTED}


RETRIED_SHARE = 0.1
"""Of a stage that plans faults, what may still wait for its retries: no sign that the service was given too much."""

LOST = "lost==0"
"""A default check that has a reason of its own where our senders deliver themselves: ACKNOWLEDGED_LOST."""


def verdict_of(
    frames: RunFrames,
    stages: Sequence[Stage],
    judged: Sequence[DefaultCheck] = (),
    repeated: Sequence[Duplicates] = (),
    rotated: Sequence[Rotation] = (),
    restarted: Sequence[Restarted] = (),
) -> Verdict:
    """The verdict of a run: its default checks were judged so; it repeated events, changed secrets, and restarted a
    service, on purpose.
    """
    excluded = _void_for_scalability(stages)
    disturbed = _disturbed(stages)
    useless = disturbed if all(stage.disturbed for stage in stages) else []
    bound = [*useless, *_nothing_scaled(stages, excluded)]
    void = [*books.incomplete(frames), *books.unbalanced(frames, stages), *_short(frames), *bound, *_lawless(stages)]
    failed = [reason for stage, reason in _overloads(frames) if not _seeks_limits(frames, stage)]
    failed += duplicates.failures(repeated)
    failed += restarts.failures(restarted)
    broken = [
        Reason(code=Code.DEFAULT_CHECK_FAILED, message=one.message)
        for one in judged
        if one.status == "fail" and (one.check != LOST or frames.manifest.service)
    ]
    notes = [
        *([] if useless else disturbed),
        *_left_out(excluded),
        *_notes(frames, stages),
        *books.left_over(frames),
        *duplicates.unknown(repeated),
        *_unverified(rotated),
        *restarts.notes(restarted),
        *held_back.held_back(stages),
        *service_notes.service_notes(frames, stages),
    ]
    untested = _untested(frames, stages)
    target = Target.UNTESTED if untested else Target.FAIL if failed or broken else Target.PASS
    reasons = [*void, *untested, *failed, *([] if untested and not void else broken), *notes]
    return Verdict.of(Measurement.VOID if void else Measurement.VALID, target, reasons)


def _unverified(rotated: Sequence[Rotation]) -> Iterator[Reason]:
    for one in rotated:
        if one.unverified_after:
            told = f"{one.unverified_after:,} of {one.after:,} deliveries after the secret changed were not verified"
            message = f"{one.stage}: {told}; {Code.SECRET_NOT_VERIFIED.advice}"
            yield Reason(code=Code.SECRET_NOT_VERIFIED, message=message)


def _untested(frames: RunFrames, stages: Sequence[Stage]) -> list[Reason]:
    """Why a run tested nothing; empty: it did."""
    if ended := [entry.untested for entry in frames.entries(RunEnded) if entry.untested]:
        return [Reason(code=Code.ALL_FAILED, message=ended[-1])]
    if any(stage.deliveries.acknowledged for stage in stages):
        return []
    if not any(stage.deliveries.due for stage in stages) and (idle := _idle(frames, stages)):
        return [Reason(code=Code.NOTHING_DUE, message=_nothing_due(idle))]
    advice = Code.NOTHING_ACKNOWLEDGED.advice if any(stage.deliveries.due for stage in stages) else "run it again"
    message = f"no delivery was acknowledged, so nothing was tested; {advice}"
    if frames.manifest.service and any(stage.deliveries.due for stage in stages):
        seek = "see what the service logged, and try its table: python -m hookswarm.service check FILE"
        message = f"nothing that was published arrived and was taken, so nothing was tested; {seek}"
    return [Reason(code=Code.NOTHING_ACKNOWLEDGED, message=message)]


def _idle(frames: RunFrames, stages: Sequence[Stage]) -> list[str]:
    """Stages in which no event fell due; one that was cut short, or bereft of a sender, might have had some."""
    stopped = frames.stopped_stage()
    cut = books.excused_stages(frames) | (set() if stopped is None else {frames.plan[stopped].name})
    return [stage.name for stage in stages if not stage.deliveries.due and stage.name not in cut]


def _nothing_due(idle: Sequence[str]) -> str:
    return f"no event fell due, so nothing was tested: {first_of(idle, NAMED)}; raise --rate or --duration"


def _overloads(frames: RunFrames) -> Iterator[tuple[int, Reason]]:
    for entry in frames.entries(StageOverloaded):
        grown = f"its queue grew for {entry.growing_s:,.0f} s to {entry.queued:,} events"
        message = f"{frames.plan[entry.stage].name}: {grown}; the rate is more than is delivered"
        yield entry.stage, Reason(code=Code.OVERLOADED, message=message)
    for drained in () if frames.manifest.interrupted else frames.entries(ServiceDrained):
        left, stage = drained.expected - drained.taken, frames.plan[drained.stage]
        events = len(rows_of_stage(frames.attempts, drained.stage))
        if not drained.settled and not stage.evidence and left > RETRIED_SHARE * events * stage.plans_faults:
            behind = f"{left:,} accepted deliveries behind {drained.waited_s:.0f} s later"
            message = f"{stage.name}: the service is {behind}; the rate is more than it delivers"
            yield drained.stage, Reason(code=Code.OVERLOADED, message=message)


def _seeks_limits(frames: RunFrames, stage: int) -> bool:
    """Whether to be overloaded is what a stage is for, now and then."""
    return frames.manifest.test == SCALABILITY or frames.plan[stage].limits is not None


def _disturbed(stages: Sequence[Stage]) -> list[Reason]:
    return [reason for stage in stages for reason in stage.disturbed]


def _short(frames: RunFrames) -> Iterator[Reason]:
    """What machines of ours lacked: a failure for that is not the target's."""
    for lack in shortages.senders_lacks(frames):
        seen = f"{lack.count:,} of {lack.attempts:,} attempts ({lack.share:.1%}) ended at their sender"
        message = f"{lack.stage}: {seen}: {lack.cause.says}; {lack.cause.try_next}"
        yield Reason(code=Code.LOCAL_SHORTAGE, message=message)
    for stage, count in shortages.unwritten(frames):
        yield Reason(
            code=Code.RECEIVER_SHORTAGE,
            message=f"{stage}: a receiver of ours could not write its journal, and answered {count:,} attempts 507; "
            "give its results folder room, and read the end of its log",
        )


def _generator_limited(stage: Stage) -> bool:
    """As `limit` says; without one, whether its busiest sender ran, or was ready to, for nearly all of the time."""
    if stage.limit:
        return scaling.is_generator_bound(stage)
    return (stage.generator.cpu_share or 0.0) + (stage.generator.starved_share or 0.0) > BUSY_SHARE


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


def _starved(stages: Sequence[Stage]) -> Iterator[Reason]:
    for stage in stages:
        if (found := stage.unanswered) and not stage.plans_faults:
            waited = f"{found.workers} of {found.of} workers got no answer for {figure(found.each_s)} s each"
            yield Reason(code=Code.WORKERS_UNANSWERED, message=f"{stage.name}: {waited}: the latency is a lower bound")


OUTAGES = {
    "died": (Code.RECEIVER_DIED, "died"),
    "stalled": (Code.RECEIVER_STALLED, "stood still"),
    "machine_stalled": (Code.MACHINE_STALLED, "and all other processes stood still"),
}


def _outages(stages: Sequence[Stage]) -> Iterator[Reason]:
    for stage in stages:
        for one in stage.outages:
            code, what = OUTAGES[one.kind]
            until = f"was back {one.lasted_s:.1f} s later" if one.back else "was not back at the stage's end"
            when = f"{one.from_s:.1f} s after the stage's start, and {until}"
            yield Reason(code=code, message=f"{stage.name}: receiver {one.region} {what} {when}; {code.advice}")


def _of_no_run(found: OfNoRun) -> Iterator[Reason]:
    over = "came after the receivers were told that the run was over"
    for count, what in (
        (found.after_the_end, f"{over}: a sending process had stood still; look why"),
        (found.without_a_run, "came while their receiver knew of no run: it was started anew; look why"),
        (
            found.passed_on_late,
            f"{over}, though they had been sent before: something between, such as a balancer that retries, had them "
            "meanwhile; look how long it keeps what a sender has given up",
        ),
    ):
        if count:
            yield Reason(code=Code.ARRIVALS_OF_NO_RUN, message=f"{count} arrivals {what}")


def _notes(frames: RunFrames, stages: Sequence[Stage]) -> Iterator[Reason]:
    if frames.manifest.interrupted:
        message = f"stopped before its plan was done; {Code.INTERRUPTED.advice}"
        yield Reason(code=Code.INTERRUPTED, message=message)
    untaken = [stage for stage in stages if stage.deliveries.due and not stage.deliveries.acknowledged]
    # Where a service's endpoints are to fail, that is what is tested.
    untested = [stage.name for stage in untaken if not (frames.manifest.service and stage.plans_faults)]
    if untested and any(stage.deliveries.acknowledged for stage in stages):
        message = f"no delivery was acknowledged, so nothing was tested: {first_of(untested, NAMED)}"
        message += f"; {Code.NOTHING_ACKNOWLEDGED_STAGES.advice}"
        yield Reason(code=Code.NOTHING_ACKNOWLEDGED_STAGES, message=message)
    if (idle := _idle(frames, stages)) and any(stage.deliveries.due for stage in stages):
        yield Reason(code=Code.NOTHING_DUE_STAGES, message=_nothing_due(idle))
    yield from _starved(stages)
    yield from _outages(stages)
    yield from _of_no_run(frames.of_no_run)
    for fault in frames.spoilt:
        yield Reason(code=Code.LOG_DAMAGED, message=f"left out: {fault}")
    if frames.torn:
        yield Reason(code=Code.TORN_ROWS, message=f"{frames.torn} half-written journal rows were left out")
    if books.loss_allowed(frames):
        yield from books.lost_workers(frames)
        excused = books.excused_stages(frames)
        for stage in stages:
            yield from books.locust_differs(frames, stage, excused, excusable=True)
    for number, reason in _overloads(frames):
        if _seeks_limits(frames, number):
            yield reason
    closed = _closed(frames)
    long = {frames.plan[entry.stage].name for entry in frames.entries(StageEnded) if entry.lasted_s >= SHORTEST_S}
    excluded = _void_for_scalability(stages)  # and named for it
    asked = (closed & long).difference(excluded)
    # Where nothing was acknowledged the sender was not kept from anything.
    told = [one for one in stages if one.name in asked and not one.disturbed and one.deliveries.acknowledged]
    bound = [one.name for one in told if _generator_limited(one)]
    if bound:
        yield Reason(
            code=Code.GENERATOR_SATURATED,
            message=f"{first_of(bound, 1)}: the sender was the limit; the rate is a lower bound",
        )
