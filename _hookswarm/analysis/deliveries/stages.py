"""One stage's figures: its window, rates, latencies, ledger and generator."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from _hookswarm.analysis.deliveries import classes, end_to_end, figures, ledger, quantiles, retries, served, unanswered
from _hookswarm.analysis.deliveries import deliveries as gathered
from _hookswarm.analysis.deliveries.deliveries import Frame, was_sent
from _hookswarm.analysis.deliveries.end_to_end import Arrived
from _hookswarm.analysis.deliveries.figures import Window
from _hookswarm.analysis.deliveries.unarrived import Unarrived, patience_of, unarrived_of
from _hookswarm.analysis.reading.frames import PlannedStage, RunFrames
from _hookswarm.analysis.reading.rows import Grouped, group_events, rows_of_stage
from _hookswarm.analysis.schema.report import Attempts, Generator, Latencies, Stage, Unanswered
from _hookswarm.records.reading import Rows, answered_status
from _hookswarm.records.rows import Outcome, latency_start_ns
from _hookswarm.records.timeline import FaultsSet, ServiceDrained, StageEnded, StageOverloaded, StageStarted, WorkerLost
from _hookswarm.records.worker_report import WorkerReport


@dataclass(frozen=True)
class PlayedStage:
    """A stage as it was played."""

    number: int
    plan: PlannedStage
    start_ns: int
    ended: StageEnded | None
    window: Window
    delivered: Frame
    arrivals: Grouped | None
    balanced: bool = False
    """A load balancer chose the regions: senders judged none of them."""
    published: Frame | None = None
    """Of a stage through a delivery service: its events as the service took them; `delivered` is end to end."""
    arrived: Arrived | None = None
    drained: ServiceDrained | None = None
    unarrived: Unarrived | None = None


def stage_figures(
    frames: RunFrames,
    *watchers: Callable[[PlayedStage], object],
    judge: Callable[[PlayedStage, Stage], bool] | None = None,
) -> list[Stage]:
    """The figures of every stage that was started. Watchers are shown each as it was played; its rows are not kept.

    A stage that `judge` does not trust keeps its counts and loses its figures; watchers are not shown it.
    """
    found: dict[int, Stage] = {}
    usual: dict[int, classes.Usual] = {}
    for stage in _played(frames):
        found[stage.number] = figured = _stage(frames, stage)
        if judge and not judge(stage, figured):
            _take_figures_from(figured)
            continue
        usual |= classes.usual_latency(frames.plan, stage.number, stage.delivered, stage.window)
        for watch in watchers:
            watch(stage)
    for number, latency in usual.items():
        if number in found and found[number].classes:
            found[number].against = classes.against_usual(found[number].classes or [], latency)
    return list(found.values())


def _played(frames: RunFrames) -> Iterator[PlayedStage]:
    """Every stage that was started, in the order of the plan."""
    started = {entry.stage: entry.at_ns for entry in frames.entries(StageStarted)}
    ended = {entry.stage: entry for entry in frames.entries(StageEnded)}
    overloaded = {entry.stage: entry.at_ns for entry in frames.entries(StageOverloaded)}
    drained = {entry.stage: entry for entry in frames.entries(ServiceDrained)}
    stopped_in = frames.stopped_stage()
    service, patience = frames.manifest.service, patience_of(frames)
    for number, start_ns in sorted(started.items()):
        delivered = gathered.deliveries_of(rows_of_stage(frames.attempts, number))
        arrivals = None if frames.arrivals is None else group_events(rows_of_stage(frames.arrivals, number))
        published = arrived = absent = None
        if service and arrivals:
            published, arrived = delivered, end_to_end.arrived_of(delivered, arrivals)
            delivered = end_to_end.end_to_end(published, arrived)
            absent = unarrived_of(published, arrived.seen, arrived.first_ns, drained.get(number), patience)
        yield PlayedStage(
            number=number,
            plan=frames.plan[number],
            start_ns=start_ns,
            ended=ended.get(number),
            window=_stage_window(
                frames.plan[number], start_ns, delivered, number == stopped_in, overloaded.get(number)
            ),
            delivered=delivered,
            arrivals=arrivals,
            balanced=not published and served.resolve_balanced(delivered.attempts, arrivals),
            published=published,
            arrived=arrived,
            drained=drained.get(number),
            unarrived=absent,
        )


def _stage(frames: RunFrames, stage: PlayedStage) -> Stage:
    plan, delivered, seen = stage.plan, stage.delivered, stage.arrivals
    rows = delivered.attempts.rows
    through = None
    service = frames.manifest.service
    # Of a stage in which nothing fell due, what was published is there, and false for it is empty.
    if service and stage.published is not None and stage.arrived and stage.unarrived and seen:
        again = plan.duplicate is not None
        account = end_to_end.service_ledger(stage.published, stage.arrived, stage.unarrived, stage.drained, again)
        through = end_to_end.through_of(
            stage.published, stage.arrived, stage.unarrived, seen, stage.window, stage.drained, service
        )
    else:
        account = ledger.ledger_of(delivered, seen, frames.watched, on_purpose=plan.duplicate is not None)
    faults = [entry for entry in frames.entries(FaultsSet) if entry.stage == stage.number]
    ended_ns = stage.ended.at_ns if stage.ended else stage.window[1]
    silent = _unanswered(frames, stage)
    # A sender that retries although nothing of the kind was planned is told of as well.
    retried = plan.retry.retries or plan.faults or (delivered.sent.max(initial=0) > 1 and not plan.duplicate)
    return Stage(
        name=plan.name,
        scenario=plan.scenario,
        parameters={k: v for k, v in frames.manifest.stages[stage.number].items() if k not in ("name", "scenario")},
        window_s=round((stage.window[1] - stage.window[0]) / 1e9, 6),
        deliveries=figures.delivery_counts(delivered),
        throughput_per_s=figures.throughput(delivered, stage.window),
        error_rate=figures.error_rate(delivered),
        latency_ms=_latencies(delivered, stage.window, silent is not None),
        attempts=_attempts(delivered, frames.manifest.outcomes),
        ledger=account,
        retry=retries.retry_figures(plan.retry, delivered, seen, account, faults, ended_ns)
        if retried and not through
        else None,
        classes=classes.class_figures(plan, delivered, stage.window),
        against=None,
        unanswered=silent,
        generator=_generator(stage.ended.reports if stage.ended else [], plan, rows),
        machine=None,
        limit=None,
        through=through,
    )


def _take_figures_from(stage: Stage) -> None:
    """What stays is what books are kept by."""
    nothing = quantiles.quantiles_of(np.empty(0))
    stage.throughput_per_s = stage.error_rate = None
    stage.latency_ms = Latencies(delivery=nothing, attempt=nothing, queueing=nothing)
    stage.retry = stage.classes = stage.unanswered = None


def _stage_window(
    plan: PlannedStage, start_ns: int, delivered: Frame, stopped: bool, overloaded_ns: int | None = None
) -> Window:
    """The stretch that counts: from the end of the warm-up to the planned end.

    A stage whose planned events all fell due ends when the last of them is done, if that is sooner. One that
    was stopped ends with its last sending: what follows is no load, only waiting for answers. An overloaded one
    ends when that was found, because nothing fell due after that.
    """
    begin, attempts = start_ns + round(plan.warmup_s * 1e9), delivered.attempts.rows
    complete = plan.events is not None and len(delivered) >= plan.events
    ends = []
    if plan.duration_s is not None:
        ends.append(begin + round(plan.duration_s * 1e9))
    if complete or plan.duration_s is None:
        # Through a service what is done for us is not yet delivered.
        ends.append(int(max(attempts["done"].max(initial=0), delivered.acknowledged_ns.max(initial=0))) + 1)
    if stopped and not complete:
        ends.append(int(attempts["start"].max(initial=0)) + 1)
    if overloaded_ns is not None:
        ends.append(overloaded_ns)
    return begin, max(begin, min(ends))


def _unanswered(frames: RunFrames, stage: PlayedStage) -> Unanswered | None:
    """Open arrivals fall due whoever waits: only a closed loop sends less for it."""
    if stage.plan.arrivals.kind != "closed":
        return None
    reports = stage.ended.reports if stage.ended else []
    users = stage.plan.users or sum(report.users for report in reports)
    # Rows that a lost process left open tell nothing of how long they were.
    silent = unanswered.SILENT - {Outcome.PENDING} if frames.entries(WorkerLost) else unanswered.SILENT
    return unanswered.unanswered_of(stage.delivered.attempts.rows, stage.window, users, silent)


def _latencies(delivered: Frame, bounds: Window, lower_bound: bool) -> Latencies:
    begin, end = bounds
    attempts = delivered.attempts.rows
    due = latency_start_ns(attempts["due"], attempts["late"])
    sent = (attempts["start"] != 0) & (due >= begin) & (due < end)
    answered = sent & (answered_status(attempts) != 0)
    return Latencies(
        delivery=figures.latency(delivered, bounds),
        attempt=quantiles.quantiles_of((attempts["done"] - attempts["start"])[answered] / 1e6),
        queueing=quantiles.quantiles_of((attempts["start"] - due)[sent] / 1e6),
        lower_bound=lower_bound,
    )


def _attempts(delivered: Frame, names: Mapping[int, str]) -> Attempts:
    rows = delivered.attempts.rows
    outcomes = rows["outcome"][was_sent(rows)]
    codes, counts = np.unique(outcomes, return_counts=True)
    return Attempts(
        total=len(outcomes),
        per_delivery=delivered.attempts_each(),
        by_outcome={
            names.get(code, f"outcome {code}"): count
            for code, count in zip(codes.tolist(), counts.tolist(), strict=True)
        },
    )


def _generator(reports: Sequence[WorkerReport], plan: PlannedStage, attempts: Rows) -> Generator:
    busy = [r.cpu_s / r.wall_s for r in reports if r.wall_s > 0]
    starved = [r.starved_s / r.wall_s for r in reports if r.starved_s is not None and r.wall_s]
    late_p99_ms = None
    late = attempts["late"][attempts["start"] != 0]
    if plan.arrivals.kind != "closed" and len(late):
        late_p99_ms = round(float(np.quantile(late, 0.99, method="inverted_cdf")) / 1e6, 3)
    return Generator(
        cpu_share=round(max(busy), 3) if busy else None,
        starved_share=round(max(starved), 3) if starved else None,
        lag_p99_ms=round(max(r.lag_p99_ms for r in reports), 3) if reports else None,
        late_p99_ms=late_p99_ms,
    )
