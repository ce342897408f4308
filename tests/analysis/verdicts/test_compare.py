"""Comparisons of runs: planted regressions are found, and runs that are alike are not told apart."""

import os
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from _hookswarm.analysis.reports import analyse
from _hookswarm.analysis.verdicts.compare import Side, compare_numbers
from _hookswarm.analysis.verdicts.measures import Number, numbers_of
from _hookswarm.records.rows import Outcome
from tests.support.journals import MS, SECOND, START, Row, arrival, attempt, planned, run

EVENTS, RUNS = 600, 5
TRIALS = int(os.environ.get("HOOKSWARM_SEEDS", "5"))
SLIPS = TRIALS // 20
"""Of so many trials: one of 20, none of fewer."""
SERVICE_MS = 20.0


def played(
    random: np.random.Generator, slower: float = 1.0, errors: float = 0.002, retry_ms: int = 50, events: int = EVENTS
) -> list[Number]:
    """One run: 100 events a second, answered after a while that the run has in common and every event for itself.

    Each attempt fails by chance, so that this share of the events does thrice in a row; it is made again so much later.
    """
    alike = SERVICE_MS * slower * float(random.lognormal(0, 0.03))
    rows: list[Row] = []
    for number, took in enumerate(alike * random.lognormal(0, 0.3, events)):
        at = START + number * SECOND // 100
        for tried in range(1, 4):
            failed = random.random() < errors ** (1 / 3)
            done = at + round(took * MS)
            outcome = Outcome.REJECTED if failed else Outcome.ACKNOWLEDGED
            rows.append(
                attempt(number, due=at, done=done, attempt=tried, outcome=outcome, status=503 if failed else 204)
            )
            if not failed:
                break
            at = done + retry_ms * MS
    taken = [arrival(row) for row in rows if row["outcome"] == Outcome.ACKNOWLEDGED]
    stage = planned("steady", duration_s=events / 100, events=None, arrivals={"kind": "constant", "rate": 100})
    return numbers_of(analyse(run(rows, taken, stages=[stage])))


def side(random: np.random.Generator, **fields: Any) -> Side:
    """Five runs."""
    return [played(random, **fields) for _ in range(RUNS)]


def worse(base: Side, new: Side) -> set[str]:
    return {one.metric.name for one in compare_numbers(base, new) if one.outcome == "worse"}


@pytest.mark.parametrize(
    ("alike", "fields", "told"),
    [
        ({}, {"slower": 1.2}, {"p50_ms"}),
        ({"events": 2_000}, {"errors": 0.012}, {"error_rate"}),
        ({}, {"retry_ms": 400}, {"p99_ms"}),
    ],
    ids=["the receiver a fifth slower", "one percent more errors", "another retry law"],
)
def test_a_planted_regression_is_found(alike: dict[str, Any], fields: dict[str, Any], told: set[str]) -> None:
    """From five runs each, in 19 of 20 trials, or in every one of fewer."""
    found = 0
    for seed in range(TRIALS):
        random = np.random.default_rng(seed)
        found += told <= worse(side(random, **alike), side(random, **alike, **fields))
    assert found >= TRIALS - SLIPS


def test_runs_that_are_alike_are_not_told_apart() -> None:
    """In 20 comparisons one false alarm at most, worse or better; in fewer none."""
    alarms = 0
    for seed in range(TRIALS):
        random = np.random.default_rng(100 + seed)
        told = {one.outcome for one in compare_numbers(side(random), side(random))}
        alarms += bool(told & {"worse", "better", "small"})
    assert alarms <= SLIPS


def numbers(p50: float, stage: str = "steady", **more: float) -> list[Number]:
    told = {"latency_ms.delivery.p50": p50, "deliveries.due": 1000.0} | more
    return [Number({"test": "load", "stage": stage, "scenario": stage}, name, value) for name, value in told.items()]


def test_the_interval_is_students() -> None:
    """By hand, of two and three runs, in the logarithm."""
    base, new = np.array([10.0, 11.0]), np.array([14.0, 15.0, 16.0])
    (found,) = compare_numbers([numbers(value) for value in base], [numbers(value) for value in new])
    ours, theirs = np.log(base), np.log(new)
    variance = (((ours - ours.mean()) ** 2).sum() + ((theirs - theirs.mean()) ** 2).sum()) / 3
    half = 5.840909 * np.sqrt(variance * (1 / 2 + 1 / 3))  # t(3 degrees of freedom) at 99.5 %
    assert found.low == pytest.approx(np.exp(theirs.mean() - ours.mean() - half) - 1, abs=1e-6)
    assert found.high == pytest.approx(np.exp(theirs.mean() - ours.mean() + half) - 1, rel=1e-6)
    assert found.change == pytest.approx(np.exp(theirs.mean() - ours.mean()) - 1)


@pytest.mark.parametrize(
    ("value", "threshold", "outcome"),
    [
        (10.5, 0.1, "small"), (10.5, 0.01, "worse"), (8.0, 0.1, "better"), (20.0, 0.1, "worse"), (9.5, 0.1, "small"),
        (10.0, 0.1, "same"),
    ],
)  # fmt: skip
def test_what_does_not_matter_is_small(value: float, threshold: float, outcome: str) -> None:
    """However sure it is: below the threshold a difference is neither worse nor better, nor is it none."""
    base = [numbers(10 + n / 1000) for n in range(4)]
    (found,) = compare_numbers(base, [numbers(value + n / 1000) for n in range(4)], threshold)
    assert found.outcome == outcome


@pytest.mark.parametrize(
    ("spread", "threshold", "outcome"), [(0.002, 0.1, "same"), (0.03, 0.1, "unknown"), (0.03, 0.5, "same")]
)
def test_runs_that_vary_too_much_cannot_tell(spread: float, threshold: float, outcome: str) -> None:
    """Of means that are alike: the same if no difference that the interval holds would matter."""
    base = [numbers(10 * (1 + spread * n)) for n in (-1, 0, 1)]
    (found,) = compare_numbers(base, base, threshold)
    assert (found.outcome, found.low < 0 < found.high) == (outcome, True)


def test_below_what_matters_whatever_its_ratio() -> None:
    """Half a tenth of a millisecond more on a tenth is half as much again, and nothing that anybody feels."""
    base, new = ([numbers(value + n / 1e6) for n in range(4)] for value in (0.1, 0.15))
    assert [one.outcome for one in compare_numbers(base, new)] == ["small"]


@pytest.mark.parametrize(("base", "new"), [(1, 1), (1, 2), (2, 1)])
def test_one_run_says_nothing_of_the_next(base: int, new: int) -> None:
    """Whatever the difference; but for the plain values, which a threshold judges."""
    sides = [numbers(10)] * base, [numbers(1000)] * new
    assert [one.outcome for one in compare_numbers(*sides)] == ["unknown"]
    assert [one.outcome for one in compare_numbers(*sides, plain=True)] == ["worse"]
    assert [one.outcome for one in compare_numbers(*sides, threshold=200, plain=True)] == ["small"]


@pytest.mark.parametrize(
    "spoil",
    [lambda found: [], lambda found: [Number(one.scope | {"stage": "x"}, one.name, one.value) for one in found]],
)
def test_runs_without_a_stage_in_common(spoil: Callable[[list[Number]], list[Number]]) -> None:
    """Are no comparison."""
    with pytest.raises(ValueError, match="no stage in common"):
        compare_numbers([numbers(1)], [spoil(numbers(1))])


def test_errors_that_none_had_before_vary_by_chance() -> None:
    """Two in a thousand where none were: what chance makes is no difference; five in a hundred are."""
    clean = [numbers(10, error_rate=0.0) for _ in range(3)]
    few = [numbers(10, error_rate=0.002) for _ in range(3)]
    many = [numbers(10, error_rate=0.05 + n / 1000) for n in range(3)]
    outcomes = [{one.metric.name: one.outcome for one in compare_numbers(clean, new)} for new in (few, many)]
    assert [told["error_rate"] for told in outcomes] == ["unknown", "worse"]
