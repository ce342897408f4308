"""One stage's figures: its window, rates, latencies, ledger and generator."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from analysis import deliveries as gathered
from analysis import ledger, quantiles
from analysis.deliveries import Frame, State
from analysis.frames import RunFrames
from analysis.models import Attempts, Deliveries, Generator, Latencies, Stage
from records.journal import Rows
from records.rows import Outcome
from records.run import StageEnded, StageStarted, WorkerReport

Window = tuple[int, int]
"""From and to, wall-clock nanoseconds."""


def compute(frames: RunFrames) -> list[Stage]:
    """Every stage that was started, in the order of the plan."""
    started = {entry.stage: entry for entry in frames.entries(StageStarted)}
    ended = {entry.stage: entry for entry in frames.entries(StageEnded)}
    return [_stage(frames, started[number], ended.get(number)) for number in sorted(started)]


def _stage(frames: RunFrames, started: StageStarted, ended: StageEnded | None) -> Stage:
    plan = frames.manifest.stages[started.stage]
    attempts = frames.attempts[frames.attempts["stage"] == started.stage]
    arrivals = None
    if frames.arrivals is not None:
        arrivals = frames.arrivals[frames.arrivals["stage"] == started.stage]
    delivered = gathered.compute(attempts)
    begin, end = window(plan, started, ended, attempts)
    length_s = (end - begin) / 1e9
    acknowledged = (delivered.acknowledged >= begin) & (delivered.acknowledged < end)
    due = len(delivered.key)
    sent = int(np.count_nonzero(attempts["outcome"] != Outcome.ABANDONED))
    return Stage(
        name=plan["name"],
        scenario=plan["scenario"],
        parameters={key: value for key, value in plan.items() if key not in ("name", "scenario")},
        window_s=round(length_s, 6),
        deliveries=Deliveries(
            due=due,
            acknowledged=delivered.count(State.ACKNOWLEDGED),
            failed=delivered.count(State.FAILED),
            in_doubt=delivered.count(State.IN_DOUBT),
            abandoned=delivered.count(State.ABANDONED),
        ),
        throughput_per_s=round(int(np.count_nonzero(acknowledged)) / length_s, 3) if length_s > 0 else None,
        error_rate=round(1 - delivered.count(State.ACKNOWLEDGED) / due, 6) if due else None,
        latency_ms=_latencies(attempts, delivered, (begin, end)),
        attempts=Attempts(
            total=sent,
            per_delivery=round(sent / due, 4) if due else None,
            by_outcome=_by_outcome(attempts, frames.manifest.outcomes),
        ),
        ledger=ledger.compute(attempts, delivered, arrivals),
        generator=_generator(ended.reports if ended else [], plan, attempts),
    )


def window(plan: dict[str, Any], started: StageStarted, ended: StageEnded | None, attempts: Rows) -> Window:
    """The stretch that counts: behind the warm-up, until the planned end or the last event's, whichever is first.

    A stage that only its events end lasts until the last of them is done.
    """
    last = int(attempts["done"].max()) + 1 if len(attempts) else 0
    begin = started.at_ns + round(plan["warmup_s"] * 1e9)
    end = last or (ended.at_ns if ended else begin)
    if plan["duration_s"] is not None:
        planned = begin + round(plan["duration_s"] * 1e9)
        cut_short = ended is not None and ended.at_ns < planned
        end = min(planned, end) if plan["events"] is not None or cut_short or ended is None else planned
    return begin, max(begin, end)


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


def _by_outcome(attempts: Rows, names: dict[int, str]) -> dict[str, int]:
    codes, counts = np.unique(attempts["outcome"], return_counts=True)
    return {names[int(code)]: int(count) for code, count in zip(codes, counts, strict=True)}


def _generator(reports: Sequence[WorkerReport], plan: dict[str, Any], attempts: Rows) -> Generator:
    starved = [r.starved_s / (r.starved_s + r.cpu_s) for r in reports if r.starved_s is not None and r.cpu_s > 0]
    late_p99_ms = None
    if plan["arrivals"]["kind"] != "closed" and len(attempts):
        late_p99_ms = round(float(np.quantile(attempts["late"], 0.99, method="inverted_cdf")) / 1e6, 3)
    return Generator(
        cpu_share=round(max(r.cpu_s / r.wall_s for r in reports), 3) if reports else None,
        starved_share=round(max(starved), 3) if starved else None,
        lag_p99_ms=round(max(r.lag_p99_ms for r in reports), 3) if reports else None,
        late_p99_ms=late_p99_ms,
    )
