"""A stage over time: what happened in each of its seconds, from counts; a second in which nothing did is zeros."""

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from _hookswarm.analysis.deliveries.deliveries import State, was_sent
from _hookswarm.analysis.deliveries.recorder import Recorder
from _hookswarm.analysis.deliveries.stages import PlayedStage
from _hookswarm.analysis.reading.frames import RunFrames
from _hookswarm.analysis.reading.rows import Grouped, Ints, Mask
from _hookswarm.analysis.schema.report import Series
from _hookswarm.analysis.schema.sections import Sections
from _hookswarm.records.reading import Rows
from _hookswarm.records.rows import NEVER_SENT, Outcome, latency_start_ns
from _hookswarm.records.writing import write_atomically

TESTS = ("load", "distribution")
"""The tests whose section tells the series; `series.csv` has them of all."""
NAME = "series.csv"
MOST_POINTS = 1_000
"""Of a stage, in a report."""

FAILED = "failed_"
"""Begins the columns of attempts that failed in one way."""

LEVELS = ("queue", "in_flight", "waiting")
"""Columns that tell how many events there are at the end of a second; the other counts are of all of it."""

SECOND = 1_000_000_000
NEVER = np.iinfo(np.int64).max
NO_FAILURE = (Outcome.PENDING, Outcome.ACKNOWLEDGED, *NEVER_SENT)


def seconds_of(stage: PlayedStage, outcomes: Mapping[int, str]) -> pd.DataFrame:
    """A row for each second of the stage, which ends with its window or, if that is later, with its last event.

    An event that is not finished is in flight, or waits for its retry to fall due, or is in the queue.
    """
    clock = _Clock(stage)
    delivered, rows = stage.delivered, stage.delivered.attempts.rows
    sent = was_sent(rows)
    columns: dict[str, Ints | npt.NDArray[np.float64]] = {
        "second": clock.seconds(),
        "at_ns": stage.start_ns + clock.seconds() * SECOND,
        "offered": clock.count(delivered.due_ns),
        "delivered": clock.count(delivered.acknowledged_ns[delivered.state == State.ACKNOWLEDGED]),
        "attempts": clock.count(rows["start"][sent]),
        "retries": clock.count(rows["start"][sent & (rows["attempt"] > 1)]),
    }
    failures = {FAILED + kind: clock.count(rows["done"][which]) for kind, which in _failures(rows, outcomes)}
    columns["failed"] = np.sum([np.zeros(clock.steps, np.int64), *failures.values()], axis=0)
    columns |= _latencies(stage, clock)
    columns |= _levels(delivered.attempts, sent, clock)
    return pd.DataFrame(columns | failures)


class _Clock:
    """The steps of a stage. What came before the first is counted in it, what came after the last in the last."""

    def __init__(self, stage: PlayedStage, step_s: int = 1) -> None:
        rows = stage.delivered.attempts.rows
        last = max(int(column.max(initial=0)) for column in (stage.delivered.due_ns, rows["start"], rows["done"]))
        if stage.ended:
            # By then all was over, but for clocks that disagree.
            last = min(last, stage.ended.at_ns)
        self._start, self._step_s = stage.start_ns, step_s
        length_s = -(-(max(stage.window[1], last + 1) - stage.start_ns) // SECOND)
        self.steps = max(-(-length_s // step_s), 1)

    def seconds(self) -> Ints:
        """When each step begins, from the stage's start."""
        return np.arange(self.steps) * self._step_s

    def step(self, at: Ints) -> Ints:
        """The step of each instant."""
        return np.clip((at - self._start) // (self._step_s * SECOND), 0, self.steps - 1)

    def count(self, at: Ints) -> Ints:
        """How many of the instants each step has."""
        return np.bincount(self.step(at), minlength=self.steps)

    def level(self, entered: Ints, left: Ints) -> Ints:
        """How many had entered and not left at the end of each step; what is `NEVER` is not in it."""
        end = self._start + self.steps * self._step_s * SECOND
        return np.cumsum(self.count(entered[entered < end]) - self.count(left[left < end]))


def _failures(rows: Rows, outcomes: Mapping[int, str]) -> Iterator[tuple[str, Mask]]:
    """The attempts that failed, by kind: what the sender calls it, or the status that it was answered."""
    failed = ~np.isin(rows["outcome"], NO_FAILURE)
    kinds = rows["outcome"].astype(np.int64) << 16 | rows["status"]
    kinds[rows["outcome"] != Outcome.REJECTED] &= ~0xFFFF
    for kind in np.unique(kinds[failed]).tolist():
        outcome, status = kind >> 16, kind & 0xFFFF
        name = f"status_{status}" if status else outcomes.get(outcome, f"outcome {outcome}").replace(" ", "_")
        yield name, failed & (kinds == kind)


def _latencies(stage: PlayedStage, clock: _Clock) -> dict[str, npt.NDArray[np.float64]]:
    """Quantiles by nearest rank of the deliveries that were acknowledged in each step; NaN where there was none."""
    events = stage.delivered
    known = events.state == State.ACKNOWLEDGED
    step, latency = clock.step(events.acknowledged_ns[known]), (events.acknowledged_ns - events.due_ns)[known] / 1e6
    counts = np.bincount(step, minlength=clock.steps)
    end, some = np.cumsum(counts), counts > 0
    first = end - counts
    # Few steps fit two bytes, by which numpy sorts in linear time; sorted step by step, the rest is in the cache.
    latency = latency[np.argsort(step.astype(np.min_scalar_type(clock.steps)), kind="stable")]
    for begin, stop in zip(first.tolist(), end.tolist(), strict=True):
        latency[begin:stop].sort()

    def quantile(level: float) -> npt.NDArray[np.float64]:
        found = np.full(clock.steps, np.nan)
        ranked = latency[(first + np.ceil(counts * level).astype(np.int64) - 1)[some]]
        found[some] = [round(value, 4) for value in ranked.tolist()]  # as `quantiles` rounds; numpy's way is another
        return found

    return {"p50_ms": quantile(0.5), "p99_ms": quantile(0.99), "max_ms": quantile(1)}


def _levels(attempts: Grouped, sent: Mask, clock: _Clock) -> dict[str, Ints]:
    """How many events were in the queue, in flight and waiting for their retry to fall due, at the end of each step."""
    rows, event = attempts.rows, attempts.event
    due = latency_start_ns(rows["due"], rows["late"])
    begun = np.where(sent, np.maximum(rows["start"], due), NEVER)
    over = np.where(sent & (rows["done"] != 0), np.maximum(rows["done"], begun), NEVER)
    # The row of a webhook's end stands for an event that nobody meant to try again.
    tried = rows["outcome"] != Outcome.DISABLED
    failed = np.flatnonzero((event[1:] == event[:-1]) & tried[1:])
    return {
        "queue": clock.level(due[tried], begun[tried]),
        "in_flight": clock.level(begun, over),
        "waiting": clock.level(over[failed], np.maximum(due[failed + 1], over[failed])),
    }


def series_points(stage: PlayedStage, seconds: pd.DataFrame) -> Series:
    """For a report: what `seconds_of` found, in steps that are long enough to leave `MOST_POINTS` at most."""
    step_s = -(-len(seconds) // MOST_POINTS)
    steps = _longer(stage, seconds, step_s) if step_s > 1 else seconds
    return Series(
        stage=stage.plan.name,
        step_s=step_s,
        columns={
            str(name): [None if value != value else value for value in column.tolist()]
            for name, column in steps.drop(columns="at_ns").items()
        },
    )


def _longer(stage: PlayedStage, seconds: pd.DataFrame, step_s: int) -> pd.DataFrame:
    steps = seconds.groupby(seconds["second"] // step_s)
    levels = {name: steps[name].last() for name in LEVELS}
    # No quantile can be had from others.
    return steps.sum().assign(second=steps["second"].first(), **levels, **_latencies(stage, _Clock(stage, step_s)))


class SeriesRecorder(Recorder):
    """Keeps the series of a run's stages."""

    def __init__(self, frames: RunFrames) -> None:
        super().__init__(frames)
        self._seconds: list[pd.DataFrame] = []
        self.points: list[Series] = []

    def add(self, stage: PlayedStage) -> None:
        seconds = seconds_of(stage, self._frames.manifest.outcomes)
        self.points.append(series_points(stage, seconds))
        seconds.insert(0, "stage", stage.plan.name)
        self._seconds.append(seconds)

    def fill(self, sections: Sections) -> None:
        if self._frames.manifest.test in TESTS:
            sections.performance.series = self.points
        sections.series = self.table()

    def table(self) -> pd.DataFrame:
        """All stages in one table. A kind of failure that only some stages know is 0 in the others."""
        if not self._seconds:
            return pd.DataFrame()
        table = pd.concat(self._seconds, ignore_index=True)
        kinds = {str(column) for column in table if str(column).startswith(FAILED)}
        return table.assign(**{kind: table[kind].fillna(0).astype(np.int64) for kind in sorted(kinds)})


def save_series(folder: Path, series: pd.DataFrame) -> Path | None:
    """Write `series.csv` into a run's folder; where that cannot be, say so: the reports do not need it."""
    try:
        write_atomically(folder / NAME, series.to_csv(index=False))
    except OSError as error:
        print(f"{folder / NAME} was not written: {error.strerror}", file=sys.stderr)
        return None
    return folder / NAME
