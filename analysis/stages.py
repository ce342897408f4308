"""One stage's figures: its window, rates, latencies, ledger and generator."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from analysis import deliveries as gathered
from analysis import ledger, quantiles, retries
from analysis.deliveries import Frame, State, was_sent
from analysis.frames import PlannedStage, RunFrames
from analysis.models import Attempts, Deliveries, Generator, Latencies, Stage
from analysis.rows import group, take
from records.journal import Rows
from records.run import FaultsSet, RunEnded, StageEnded, StageStarted, WorkerReport

Window = tuple[int, int]
"""From and to (exclusive), wall-clock nanoseconds."""


def compute(frames: RunFrames) -> list[Stage]:
    """Every stage that was started, in the order of the plan."""
    started = {entry.stage: entry.at_ns for entry in frames.entries(StageStarted)}
    ended = {entry.stage: entry for entry in frames.entries(StageEnded)}
    ends = frames.entries(RunEnded)
    orderly = bool(ends) and not ends[-1].interrupted and not ends[-1].error
    sent, seen = _by_stage(frames.attempts), frames.arrivals is not None and _by_stage(frames.arrivals)
    return [
        _stage(
            frames,
            number,
            started[number],
            ended.get(number),
            sent(number),
            seen(number) if seen else None,
            # A run that did not end in order was stopped in its last stage.
            stopped=number == max(started) and not orderly,
        )
        for number in sorted(started)
    ]


def _by_stage(rows: Rows) -> Callable[[int], Rows]:
    """Finds the rows of a stage. In a column of its own: looking through whole rows reads 32 times as much memory."""
    stage = rows["stage"].copy()
    return lambda number: take(rows, stage == number)


def _stage(
    frames: RunFrames,
    number: int,
    start_ns: int,
    ended: StageEnded | None,
    attempts: Rows,
    arrivals: Rows | None,
    stopped: bool,
) -> Stage:
    plan = frames.plan[number]
    delivered = gathered.compute(attempts)
    seen = None if arrivals is None else group(arrivals)
    account = ledger.compute(delivered, seen, frames.watched)
    bounds = window(plan, start_ns, attempts, len(delivered), stopped)
    faults = [entry for entry in frames.entries(FaultsSet) if entry.stage == number]
    # A sender that retries though nothing of the kind was planned is told, too.
    retried = plan.retry.retries or plan.faults or delivered.sent.max(initial=0) > 1
    return Stage(
        name=plan.name,
        scenario=plan.scenario,
        parameters={k: v for k, v in frames.manifest.stages[number].items() if k not in ("name", "scenario")},
        window_s=round((bounds[1] - bounds[0]) / 1e9, 6),
        deliveries=_deliveries(delivered),
        throughput_per_s=_throughput(delivered, bounds),
        error_rate=_error_rate(delivered),
        latency_ms=_latencies(attempts, delivered, bounds),
        attempts=_attempts(delivered, frames.manifest.outcomes),
        ledger=account,
        retry=retries.compute(plan.retry, delivered, seen, account, faults, ended.at_ns if ended else bounds[1])
        if retried
        else None,
        generator=_generator(ended.reports if ended else [], plan, attempts),
    )


def window(plan: PlannedStage, start_ns: int, attempts: Rows, events: int, stopped: bool) -> Window:
    """The stretch that counts: from behind the warm-up to the planned end.

    A stage whose planned events all fell due ends when the last of them is done, if that is sooner. One that
    was stopped ends with its last sending: what follows is no load, only waiting for answers.
    """
    begin = start_ns + round(plan.warmup_s * 1e9)
    complete = plan.events is not None and events >= plan.events
    ends = []
    if plan.duration_s is not None:
        ends.append(begin + round(plan.duration_s * 1e9))
    if complete or plan.duration_s is None:
        ends.append(int(attempts["done"].max(initial=0)) + 1)
    if stopped and not complete:
        ends.append(int(attempts["start"].max(initial=0)) + 1)
    return begin, max(begin, min(ends))


def _deliveries(delivered: Frame) -> Deliveries:
    return Deliveries(
        due=len(delivered),
        acknowledged=delivered.count(State.ACKNOWLEDGED),
        failed=delivered.count(State.FAILED),
        in_doubt=delivered.count(State.IN_DOUBT),
        abandoned=delivered.count(State.ABANDONED),
    )


def _throughput(delivered: Frame, bounds: Window) -> float | None:
    begin, end = bounds
    counted = np.count_nonzero((delivered.acknowledged >= begin) & (delivered.acknowledged < end))
    return round(int(counted) / (end - begin) * 1e9, 3) if end > begin else None


def _error_rate(delivered: Frame) -> float | None:
    due = len(delivered)
    return round(1 - delivered.count(State.ACKNOWLEDGED) / due, 6) if due else None


def _latencies(attempts: Rows, delivered: Frame, bounds: Window) -> Latencies:
    begin, end = bounds
    counted = (delivered.state == State.ACKNOWLEDGED) & (delivered.due >= begin) & (delivered.due < end)
    due = attempts["due"] + attempts["late"]
    sent = (attempts["start"] != 0) & (due >= begin) & (due < end)
    answered = sent & (attempts["status"] != 0)
    return Latencies(
        delivery=quantiles.compute((delivered.acknowledged - delivered.due)[counted] / 1e6),
        attempt=quantiles.compute((attempts["done"] - attempts["start"])[answered] / 1e6),
        queueing=quantiles.compute((attempts["start"] - due)[sent] / 1e6),
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
