"""Two sets of runs compared: what is worse, what is better, and what these runs cannot tell apart.

The unit is the run: events of one run are alike for reasons of that run, so however many there are, they say nothing of
the next one. For each stage and number, Student's two-sample t interval (equal variances; of latencies and rates in the
logarithm, so that differences are ratios), widened for all that is compared (Bonferroni): of a hundred comparisons of
runs that are alike, one has a false alarm.

| outcome | the interval | the difference |
|---|---|---|
| worse, better | leaves zero out | matters: it is at least the threshold |
| small | leaves zero out | is there, and does not matter |
| same | holds zero | none that it holds would matter |
| unknown | holds zero | there may be one that matters; or a side has one run alone |
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from _hookswarm.analysis.verdicts.measures import ALIASES, Number

FAMILY_ALPHA = 0.01
"""The chance that anything of a comparison of runs that are alike is called a difference."""
LEAST_RUNS = 2
"""Of each side; one run says nothing of the next."""
THRESHOLD = 0.10
"""From which relative difference on it matters."""


@dataclass(frozen=True)
class Metric:
    """A number of a stage, or an alias of one, and what makes a difference of it matter."""

    name: str
    worse: Literal[1, -1]
    """Whether more of it is worse, or less."""
    kind: Literal["ratio", "share"]
    """Compared as a ratio, or as a difference of shares."""
    least: float
    """A difference below this does not matter, whatever its ratio: in the number's unit."""


METRICS = (
    Metric("p50_ms", 1, "ratio", 0.1),
    Metric("p99_ms", 1, "ratio", 1.0),
    Metric("throughput_per_s", -1, "ratio", 0.5),
    Metric("error_rate", 1, "share", 0.005),
    Metric("attempts_per_delivery", 1, "ratio", 0.02),
    Metric("ledger.duplicated", 1, "share", 0.005),
)
"""What is compared of every stage. Duplicates are told by the event."""

Outcome = Literal["worse", "better", "small", "same", "unknown"]


@dataclass(frozen=True)
class NumberDifference:
    """Of one number of one stage. `change`, `low` and `high`: as a share of the base; of shares, plain differences."""

    stage: str
    metric: Metric
    base: float
    new: float
    change: float
    low: float
    high: float
    outcome: Outcome


Side = Sequence[Sequence[Number]]
"""The numbers of each run."""


def compare_numbers(base: Side, new: Side, threshold: float = THRESHOLD, plain: bool = False) -> list[NumberDifference]:
    """One for each number that every run of both sides knows; raises ValueError if there is none.

    `plain`: the sides' means alone, as if no two runs differed by chance.
    """
    found = [(stage, metric, *sides) for stage, metric, sides in _shared(base, new)]
    if not found:
        raise ValueError("these runs have no stage in common")
    alpha = None if plain else FAMILY_ALPHA / len(found)
    return [_difference(stage, metric, ours, theirs, alpha, threshold) for stage, metric, ours, theirs in found]


@dataclass(frozen=True)
class _Values:
    """A number's value in each run, and how many events each is of."""

    value: np.ndarray
    events: np.ndarray


def _shared(base: Side, new: Side) -> Iterator[tuple[str, Metric, tuple[_Values, _Values]]]:
    tables = [[_by_stage(run) for run in side] for side in (base, new)]
    every = [table for side in tables for table in side]
    stages = [stage for stage in every[0] if all(stage in table for table in every)] if every else []
    for stage in stages:
        for metric in METRICS:
            known = [[_told(table[stage], metric) for table in side] for side in tables]
            if all(value is not None for side in known for value in side):
                yield (
                    stage,
                    metric,
                    (
                        _values(known[0], [table[stage] for table in tables[0]]),
                        _values(known[1], [table[stage] for table in tables[1]]),
                    ),
                )


def _by_stage(numbers: Sequence[Number]) -> dict[str, dict[str, float | None]]:
    found: dict[str, dict[str, float | None]] = {}
    for number in numbers:
        if not number.kind and "stage" in number.scope:
            found.setdefault(number.scope["stage"], {})[number.name] = number.value
    return found


def _told(numbers: dict[str, float | None], metric: Metric) -> float | None:
    names = ALIASES.get(metric.name, (metric.name,))
    value = next((numbers[name] for name in names if numbers.get(name) is not None), None)
    events = numbers.get("deliveries.due") or 0.0
    if value is None or (metric.kind == "ratio" and value <= 0):
        return None
    return value / events if metric.name == "ledger.duplicated" and events else value


def _values(known: Sequence[float | None], numbers: Sequence[dict[str, float | None]]) -> _Values:
    events = [numbers_of_run.get("deliveries.due") or 1.0 for numbers_of_run in numbers]
    return _Values(np.array(known, np.float64), np.array(events))


def _difference(
    stage: str, metric: Metric, base: _Values, new: _Values, alpha: float | None, threshold: float
) -> NumberDifference:
    """`alpha`: the chance of a false alarm; None: taken as they are, without an interval."""
    ratio = metric.kind == "ratio"
    ours, theirs = (np.log(side.value) if ratio else side.value for side in (base, new))
    mid = float(theirs.mean() - ours.mean())
    half = 0.0 if alpha is None else _half_width(ours, theirs, base, new, metric, alpha)
    told = (lambda x: math.expm1(min(x, 50.0))) if ratio else float
    before, after = (math.exp(side.mean()) if ratio else float(side.mean()) for side in (ours, theirs))
    change, low, high = told(mid), told(mid - half), told(mid + half)

    def matters(by: float) -> bool:
        return abs(by * before if ratio else by) >= metric.least and (not ratio or abs(by) >= threshold)

    outcome: Outcome
    if math.isinf(half):
        outcome = "unknown"
    elif low > 0 or high < 0:
        outcome = "small" if not matters(change) else "worse" if change * metric.worse > 0 else "better"
    else:
        outcome = "unknown" if matters(low) or matters(high) else "same"
    return NumberDifference(stage, metric, before, after, change, low, high, outcome)


def _half_width(
    ours: np.ndarray, theirs: np.ndarray, base: _Values, new: _Values, metric: Metric, alpha: float
) -> float:
    """Of the interval; infinite where a side has one run alone."""
    n, m = len(ours), len(theirs)
    if min(n, m) < LEAST_RUNS:
        return math.inf
    squares = float(((ours - ours.mean()) ** 2).sum() + ((theirs - theirs.mean()) ** 2).sum())
    variance = squares / (n + m - 2)
    if metric.kind == "share":
        # Runs without a single error vary all the same: never less than chance makes of so many events.
        share = np.concatenate([base.value, new.value]).clip(0, 1).mean()
        events = np.concatenate([base.events, new.events]).mean()
        variance = max(variance, float(share * (1 - share) / events))
    from scipy.special import stdtrit  # Student's quantile; slow to import: only for those who compare

    quantile = float(stdtrit(n + m - 2, 1 - alpha / 2))
    return quantile * math.sqrt(variance * (1 / n + 1 / m))
