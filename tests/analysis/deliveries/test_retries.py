"""What retries brought and cost in a stage."""

from collections.abc import Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from _hookswarm.analysis.deliveries import deliveries
from _hookswarm.analysis.deliveries.retries import Unfinished
from _hookswarm.analysis.deliveries.stages import stage_figures
from _hookswarm.analysis.schema.report import Retry
from _hookswarm.records.rows import Outcome
from _hookswarm.records.timeline import FaultsSet, StageEnded
from tests.support.journals import MS, SECOND, START, Row, arrival, attempt, planned, run, table

LAW = {"retries": 2, "delay_s": 0.05}
REJECTED = Outcome.REJECTED


def delivery(sequence: int, *attempts: Row, due: int = START) -> list[Row]:
    """An event whose attempts end so; each takes a millisecond, and the next follows 50 ms later."""
    rows = []
    for number, fields in enumerate(attempts, 1):
        rows.append(attempt(sequence, attempt=number, due=due, **fields))
        due = rows[-1]["done"] + 50 * MS
    return rows


FAILS: Row = {"outcome": REJECTED}
WORKS: Row = {"outcome": Outcome.ACKNOWLEDGED}
WAITS: Row = {"outcome": Outcome.ABANDONED}
DROPPED: Row = {"outcome": Outcome.DISABLED}


def _of(
    attempts: Sequence[Row],
    arrivals: Sequence[Row] | None = None,
    held: Sequence[tuple[float, float | None]] = (),
    ended_s: float = 11,
    **plan: Any,
) -> Retry:
    """The stage's figures; faults were `held` from and to these seconds of it."""
    frames = run(attempts, arrivals, stages=[planned(**({"retry": LAW} | plan))])
    for number, entry in enumerate(frames.timeline):
        if isinstance(entry, StageEnded):
            frames.timeline[number] = entry.model_copy(update={"at_ns": _at(ended_s)})
    for begin, end in held:
        until = None if end is None else _at(end)
        frames.timeline.insert(1, FaultsSet(at_ns=_at(begin), until_ns=until, stage=0, faults={}))
    (stage,) = stage_figures(frames)
    assert stage.retry is not None
    return stage.retry


def _at(seconds: float) -> int:
    return START + round(seconds * SECOND)


def test_what_retries_brought_and_cost() -> None:
    """Each figure of a stage in which every kind of delivery happened once."""
    rows = [
        *delivery(0, WORKS),
        *delivery(1, FAILS, FAILS, WORKS),
        *delivery(2, FAILS, FAILS, FAILS),
        *delivery(3, FAILS, WAITS),
        *delivery(4, DROPPED),
    ]
    found = _of(rows, [arrival(rows[0]), arrival(rows[0]), arrival(rows[3])])
    assert found.share_delivered == 0.4
    assert found.amplification == 2
    assert (found.retried, found.given_up, found.peak_queue, found.duplicates) == (2, 2, 4, 1)
    assert (found.time_to_deliver_ms.count, found.time_to_deliver_ms.p50, found.time_to_deliver_ms.max) == (2, 1, 103)
    assert found.conformance.scheduled.checked == 5
    assert found.conformance.scheduled.kept
    assert found.drain_s is None


def test_time_to_deliver_is_of_the_whole_stage() -> None:
    """Unlike the latencies it counts what fell due in the warm-up, too; late waking is taken off."""
    rows = [attempt(0, due=START, late=MS, done=START + 5 * MS), *delivery(1, FAILS, WORKS, due=_at(3))]
    found = _of(rows, warmup_s=2.0)
    assert (found.time_to_deliver_ms.count, found.time_to_deliver_ms.p50, found.time_to_deliver_ms.max) == (2, 4, 52)


def test_a_stage_without_retries_and_faults() -> None:
    """It has nothing to say of them: nor has the plan of an old run, which knows neither."""
    for plan in ({}, {"retry": {"retries": 0}}, {"retry": {"retries": 0}, "faults": None}):
        (stage,) = stage_figures(run([attempt()], stages=[planned(**plan)]))
        assert stage.retry is None


def test_faults_without_retries() -> None:
    """What faults cost where nothing is retried is what retries are compared with."""
    found = _of([*delivery(0, FAILS), *delivery(1, WORKS)], retry={"retries": 0}, faults={"status": {}})
    assert (found.share_delivered, found.amplification, found.retried, found.given_up) == (0.5, 1, 0, 1)


def test_without_a_receiver_of_ours() -> None:
    """Nobody saw arrivals: duplicates and the observed delays are unknown."""
    found = _of(delivery(0, FAILS, WORKS))
    assert (found.duplicates, found.conformance.observed) == (None, None)
    assert _of(delivery(0, FAILS, WORKS), []).conformance.observed is not None


def test_nothing_fell_due() -> None:
    """A stage without one event has no shares, and an empty queue."""
    found = _of([], [])
    assert (found.share_delivered, found.amplification, found.time_to_deliver_ms.count) == (None, None, 0)
    assert (found.retried, found.given_up, found.peak_queue, found.duplicates) == (0, 0, 0, 0)
    assert found.conformance.scheduled.kept


def _outage(count: int = 60) -> list[Row]:
    """An event every 100 ms; from 2 s to 3 s they fail, and are delivered at 3.5 s."""
    rows = []
    for sequence in range(count):
        due = START + sequence * SECOND // 10
        fails = _at(2) <= due < _at(3)
        rows.append(attempt(sequence, due=due, outcome=REJECTED if fails else Outcome.ACKNOWLEDGED))
        if fails:
            again = _at(3.5) + sequence * MS
            rows.append(attempt(sequence, attempt=2, due=again))
    return rows


def test_how_long_an_outage_lasts_on() -> None:
    """From the faults' end until the last of its events but the usual number is delivered."""
    found = _of(_outage(), held=[(2, 3)])
    assert found.peak_queue == 11
    assert found.drain_s == 0.529
    assert _of(_outage(), held=[(2.3, 2.5), (2, 3)]).drain_s == 0.529


def test_an_outage_that_was_not_felt() -> None:
    """Where the queue is as short as ever when the faults end, there is nothing to drain."""
    calm = [attempt(sequence, due=START + sequence * SECOND // 10) for sequence in range(60)]
    assert _of(calm, held=[(2, 3)]).drain_s == 0


def test_an_outage_that_never_ended() -> None:
    """A queue that did not come back to its old length has no time of draining."""
    rows = [row for row in _outage() if row["attempt"] == 1]
    waiting = [attempt(row["sequence"], attempt=2, **WAITS) for row in rows if row["outcome"] == REJECTED]
    assert _of([*rows, *waiting], held=[(2, 3)]).drain_s is None


def test_faults_that_hold_to_the_end() -> None:
    """Nothing is said of draining where any of the faults has no end inside the stage."""
    for held in ([(2.0, None)], [(2.0, 12.0)], [(2.0, 3.0), (4.0, None)], []):
        assert _of(_outage(), held=held).drain_s is None
    assert _of(_outage(), held=[(2, 3)], ended_s=2.9).drain_s is None


@st.composite
def histories(draw: st.DrawFn) -> list[Row]:
    """Deliveries of a few steps each, so that they often begin and end at the same instant."""
    times = draw(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 6)), max_size=20))
    return [
        attempt(sequence, due=START + due, done=START + due + took, outcome=draw(st.sampled_from(KINDS)))
        for sequence, (due, took) in enumerate(times)
    ]


KINDS: list[Outcome] = [Outcome.ACKNOWLEDGED, Outcome.ACKNOWLEDGED, REJECTED, Outcome.ABANDONED, Outcome.DISABLED]


@given(histories(), st.integers(0, 15), st.integers(0, 15), st.integers(0, 4))
def test_the_unfinished_at_any_time(rows: list[Row], before: int, after: int, number: int) -> None:
    """The highest number, and the first instant with no more than a number, are those of counting at each instant."""
    found = Unfinished(deliveries.deliveries_of(table(rows)))
    counts = []
    for instant in range(START, START + 20):
        open_ = [
            row["due"] <= instant and (row["outcome"] == Outcome.ABANDONED or row["done"] > instant) for row in rows
        ]
        counts.append(sum(open_))
    assert found.peak() == max(counts)
    assert found.peak(before_ns=START + before) == max(counts[:before], default=0)
    assert found.peak(START + before, after_ns=START + after) == max(counts[after:before], default=counts[after])
    fallen = next((START + step for step in range(after, 20) if counts[step] <= number), None)
    assert found.fallen_to(number, START + after) == fallen
