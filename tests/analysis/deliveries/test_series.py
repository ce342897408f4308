"""What happened in every second of a stage."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from _hookswarm.analysis.deliveries import quantiles, series, stages
from _hookswarm.analysis.deliveries.retries import Unfinished
from _hookswarm.analysis.deliveries.series import LEVELS, SeriesRecorder
from _hookswarm.analysis.deliveries.stages import PlayedStage
from _hookswarm.analysis.schema.report import Series, Stage
from _hookswarm.records.rows import NEVER_SENT, Outcome
from _hookswarm.records.timeline import StageEnded, StageStarted
from tests.support.journals import MS, SECOND, START, Row, attempt, planned, run

REJECTED, ABANDONED = Outcome.REJECTED, Outcome.ABANDONED
NO_COUNTS = {"second", "at_ns", "p50_ms", "p99_ms", "max_ms", *LEVELS}


def _at(seconds: float) -> int:
    return START + round(seconds * SECOND)


def _watched(attempts: Sequence[Row], **plan: Any) -> tuple[Stage, PlayedStage, pd.DataFrame]:
    """A stage's figures, the stage as it was played, and its series."""
    frames = run(attempts, stages=[planned(**plan)])
    frames.timeline[1] = StageEnded(at_ns=_at(3_600), stage=0, reports=[])
    seen: list[PlayedStage] = []
    (figures,) = stages.stage_figures(frames, seen.append)
    return figures, seen[0], series.seconds_of(seen[0], frames.manifest.outcomes)


def _of(attempts: Sequence[Row], **plan: Any) -> pd.DataFrame:
    return _watched(attempts, **plan)[2]


def test_a_series_by_hand() -> None:
    """One event that is retried and one that queues, second by second; every count stands where it happened."""
    rows = [
        attempt(0, due=_at(0.5), done=_at(1.5), outcome=REJECTED),
        attempt(0, attempt=2, due=_at(3.5), done=_at(3.6)),
        attempt(1, due=_at(0.9), start=_at(2.1), done=_at(4.4)),
    ]
    found = _of(rows, duration_s=5.0).drop(columns="at_ns")
    assert found.to_dict("list") == {
        "second": [0, 1, 2, 3, 4],
        "offered": [2, 0, 0, 0, 0],
        "delivered": [0, 0, 0, 1, 1],
        "attempts": [1, 0, 1, 1, 0],
        "retries": [0, 0, 0, 1, 0],
        "failed": [0, 1, 0, 0, 0],
        "p50_ms": pytest.approx([np.nan, np.nan, np.nan, 3100, 3500], nan_ok=True),
        "p99_ms": pytest.approx([np.nan, np.nan, np.nan, 3100, 3500], nan_ok=True),
        "max_ms": pytest.approx([np.nan, np.nan, np.nan, 3100, 3500], nan_ok=True),
        "queue": [1, 1, 0, 0, 0],
        "in_flight": [1, 0, 1, 1, 0],
        "waiting": [0, 1, 1, 0, 0],
        "failed_status_503": [0, 1, 0, 0, 0],
    }


def test_seconds_are_half_open() -> None:
    """An instant at a second's end belongs to the next one; the wall clock of each is told."""
    found = _of([attempt(0, due=_at(1), done=_at(2)), attempt(1, due=_at(2) - 1, done=_at(3) - 1)], duration_s=3.0)
    assert found["offered"].tolist() == [0, 2, 0]
    assert found["delivered"].tolist() == [0, 0, 2]
    assert found["in_flight"].tolist() == [0, 2, 0]
    assert found["at_ns"].tolist() == [_at(0), _at(1), _at(2)]


def test_an_outage_is_zeros() -> None:
    """Seconds in which nothing was acknowledged are there, with a rate of 0 and no latency, up to the stage's end."""
    rows = [attempt(n, due=_at(n + 0.5), outcome=Outcome.REFUSED if n in (3, 4, 5) else 1) for n in range(7)]
    found = _of(rows, duration_s=10.0)
    assert found["delivered"].tolist() == [1, 1, 1, 0, 0, 0, 1, 0, 0, 0]
    assert found["failed_refused"].tolist() == [0, 0, 0, 1, 1, 1, 0, 0, 0, 0]
    assert found["p50_ms"].isna().tolist() == [not delivered for delivered in found["delivered"]]


def test_nothing_at_all() -> None:
    """A stage in which nothing fell due is zeros as well."""
    found = _of([], duration_s=3.0).drop(columns=["second", "at_ns"])
    assert len(found) == 3
    assert found.fillna(0).to_numpy().sum() == 0


def test_an_answer_that_never_came() -> None:
    """What was never sent stays in the queue to the last second, what has no end in flight, what was not repeated
    waits; an event of a webhook that was disabled is over."""
    rows = [
        attempt(0, due=_at(0.5), outcome=ABANDONED),
        attempt(1, due=_at(1.5), outcome=Outcome.PENDING),
        attempt(2, due=_at(0.2), outcome=REJECTED),
        attempt(2, attempt=2, due=_at(60), outcome=ABANDONED),
        attempt(3, due=_at(0.2), outcome=REJECTED),
        attempt(3, attempt=2, due=_at(1.5), outcome=Outcome.DISABLED),
    ]
    found = _of(rows, duration_s=3.0)
    assert found["queue"].tolist() == [1, 1, 1]
    assert found["in_flight"].tolist() == [0, 1, 1]
    assert found["waiting"].tolist() == [1, 1, 1]
    assert found["attempts"].sum() == 3


def test_failures_by_kind() -> None:
    """A rejection is told by its status, anything else by its name, unknown codes by their number."""
    kinds: list[dict[str, int]] = [
        {"outcome": REJECTED, "status": 429},
        {"outcome": REJECTED, "status": 503},
        {"outcome": Outcome.READ_TIMEOUT},
        {"outcome": Outcome.TRUNCATED, "status": 200},
    ]
    rows = [attempt(n, **fields) for n, fields in enumerate([*kinds, kinds[1]])]
    found = _of([*rows, attempt(9) | {"outcome": 99, "status": 0}], duration_s=1.0)
    names = ["failed_outcome_99", "failed_read_timeout", "failed_status_429", "failed_status_503", "failed_truncated"]
    assert sorted(str(column) for column in found if str(column).startswith("failed_")) == names
    assert found[names].to_numpy().tolist() == [[1, 1, 1, 2, 1]]
    assert found["failed"].tolist() == [6]


def test_a_stage_may_last_longer_than_its_window() -> None:
    """The drain is part of the series; what clocks put before the stage or behind its end is not lost."""
    frames = run([attempt(0, due=_at(-3)), attempt(1, due=_at(4.5)), attempt(2, due=_at(99))], stages=[planned()])
    frames.timeline[0] = StageStarted(at_ns=START, stage=0, name="stage")
    frames.timeline[1] = StageEnded(at_ns=_at(12.5), stage=0, reports=[])
    seen: list[PlayedStage] = []
    stages.stage_figures(frames, seen.append)
    found = series.seconds_of(seen[0], {})
    assert len(found) == 13
    assert found["offered"].iloc[[0, 4, 12]].tolist() == found["delivered"].iloc[[0, 4, 12]].tolist() == [1, 1, 1]


@st.composite
def histories(draw: st.DrawFn) -> list[Row]:
    """Events with a few attempts each, one after the other, over a minute."""
    rows: list[Row] = []
    gaps = st.integers(0, 5 * SECOND)
    kinds = st.sampled_from([kind for kind in Outcome if kind not in NEVER_SENT | {Outcome.PENDING}])
    for event in range(draw(st.integers(0, 8))):
        due = START + draw(st.integers(0, 30 * SECOND))
        failures = draw(st.lists(kinds.filter(lambda kind: kind != Outcome.ACKNOWLEDGED), max_size=2))
        for number, outcome in enumerate([*failures, draw(st.sampled_from(Outcome))], 1):
            start = 0 if outcome in NEVER_SENT else due + draw(gaps)
            done = start + draw(gaps) if start and outcome != Outcome.PENDING else 0
            status = draw(st.sampled_from([404, 503])) if outcome == REJECTED else 0
            fields = {"attempt": number, "due": due, "start": start, "done": done, "status": status}
            rows.append(attempt(event, outcome=outcome, **fields))
            due = done + draw(gaps)
    return rows


@settings(deadline=None)
@given(histories())
def test_sums_are_the_stage_s_totals(attempts: list[Row]) -> None:
    """No event, attempt or failure is lost between the seconds, or counted twice."""
    figures, _, found = _watched(attempts, duration_s=10.0)
    sums = found.sum().to_dict()
    assert sums["offered"] == figures.deliveries.due
    assert sums["delivered"] == figures.deliveries.acknowledged
    assert sums["attempts"] == figures.attempts.total
    assert sums["retries"] == sum(row["attempt"] > 1 and row["outcome"] not in NEVER_SENT for row in attempts)
    known = figures.attempts.by_outcome
    assert sums["failed"] == figures.attempts.total - known.get("acknowledged", 0) - known.get("pending", 0)
    assert sums["failed"] == sum(sums[column] for column in found if str(column).startswith("failed_"))


@settings(deadline=None)
@given(histories())
def test_an_unfinished_event_is_in_one_place(attempts: list[Row]) -> None:
    """At the end of every second queue, in flight and waiting add up to the events that were due and not finished."""
    _, played, found = _watched(attempts, duration_s=10.0)
    events = played.delivered
    for second, count in enumerate(found[list(LEVELS)].sum(axis=1)):
        end = _at(second + 1)
        over = (events.finished_ns != 0) & (events.finished_ns < end)
        assert count == np.count_nonzero((events.due_ns < end) & ~over)
    assert found[list(LEVELS)].sum(axis=1).max() <= Unfinished(events).peak()


@settings(deadline=None)
@example([attempt(done=START + 969_389_450)])
@given(histories())
def test_quantiles_are_the_report_s(attempts: list[Row]) -> None:
    """Each second's quantiles are those that the report's would be, had the stage been this second alone."""
    _, played, found = _watched(attempts, duration_s=10.0)
    events = played.delivered
    for second, row in enumerate(found.to_dict("records")):
        inside = (events.acknowledged_ns - START) // SECOND == second
        own = quantiles.quantiles_of((events.acknowledged_ns - events.due_ns)[inside] / 1e6)
        told = [None if np.isnan(row[name]) else row[name] for name in ("p50_ms", "p99_ms", "max_ms")]
        assert told == [own.p50, own.p99, own.max]


def _long(seconds: int = 2_500) -> list[Row]:
    """A delivery a second, each a little slower than the one before; the last tenth is rejected."""
    slow = [attempt(n, due=_at(n), done=_at(n) + n * MS // 10) for n in range(seconds)]
    return slow + [attempt(n, 1, due=_at(n), outcome=REJECTED) for n in range(seconds * 9 // 10, seconds)]


def _points(attempts: Sequence[Row], **plan: Any) -> tuple[pd.DataFrame, Series]:
    _, played, found = _watched(attempts, **plan)
    return found, series.series_points(played, found)


def test_longer_steps_keep_the_sums() -> None:
    """A stage of 2,500 seconds is told in steps of 3: counts added, levels as they were at the end, quantiles exact."""
    seconds, told = _points(_long(), duration_s=2_500.0)
    assert told.step_s == 3
    assert len(seconds) == 2_500
    assert {len(column) for column in told.columns.values()} == {834}
    points = pd.DataFrame(told.columns)
    assert points["second"].tolist() == list(range(0, 2_500, 3))
    for column in set(seconds.columns) - NO_COUNTS:
        assert points[column].tolist() == seconds[column].groupby(seconds.index // 3).sum().tolist()
    for column in LEVELS:
        assert points[column].tolist() == [*seconds[column][2::3], seconds[column].iloc[-1]]
    # Of three latencies the second is the median, the third the highest.
    assert [points[name][100] for name in ("p50_ms", "p99_ms", "max_ms")] == [30.1, 30.2, 30.2]


def test_short_stages_are_told_by_the_second() -> None:
    """1,000 points are no more than fit; a quantile of nothing is null, not a number that no JSON knows."""
    seconds, told = _points(_long(2), duration_s=1_000.0)
    assert told.step_s == 1
    assert told.columns["second"] == list(range(1_000))
    assert told.columns["p99_ms"][:3] == [0.0, 0.1, None]
    assert set(told.columns) == set(seconds.columns) - {"at_ns"}
    assert Series.model_validate_json(told.model_dump_json()) == told


def test_one_table_for_all_stages(tmp_path: Path) -> None:
    """Stages stand below each other under their names; a failure that only one of them knows is 0 in the others."""
    rows = [attempt(0), attempt(0, stage=1, outcome=REJECTED), attempt(1, stage=1, outcome=Outcome.RESET)]
    frames = run(rows, stages=[planned("first", duration_s=2.0), planned("second, too", duration_s=1.0)])
    recorder = SeriesRecorder(frames)
    stages.stage_figures(frames, recorder.add)
    assert series.save_series(tmp_path, recorder.table()) == tmp_path / "series.csv"
    read = pd.read_csv(tmp_path / "series.csv")
    assert read.columns[0] == "stage"
    assert read["stage"].tolist() == ["first", "first", "second, too"]
    assert read["failed_reset"].tolist() == read["failed_status_503"].tolist() == [0, 0, 1]
    assert (tmp_path / "series.csv").read_text().splitlines()[2].endswith(",0,,,,0,0,0,0,0")
    assert [points.stage for points in recorder.points] == ["first", "second, too"]


def test_a_run_without_stages(tmp_path: Path) -> None:
    """Where nothing began there is a file all the same, without rows."""
    assert series.save_series(tmp_path, SeriesRecorder(run([])).table()) == tmp_path / "series.csv"


def test_a_folder_that_cannot_be_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The reports do without the file: one line on stderr says so."""
    assert series.save_series(tmp_path / "none", pd.DataFrame()) is None
    (line,) = capsys.readouterr().err.splitlines()
    assert "series.csv" in line
    assert "No such file" in line
