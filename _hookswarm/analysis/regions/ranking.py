"""Strategies in the order of the objective, and which of them can be told apart from noise."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from _hookswarm.analysis.regions.resampling import (
    RESAMPLES,
    Counts,
    Floats,
    Sample,
    by_chance,
    draw_blocks,
    interval,
    is_less,
    total,
)
from _hookswarm.analysis.schema.distribution import Difference

LEVEL = 0.99
OBJECTIVE = (
    "p99 of delivery latency, an event that was never acknowledged counting as infinitely late: lower is better, "
    "ties broken by error rate"
)
CONFIDENCE = 0.95
CHANCE = 0.01
"""What chance makes as often as that, where it deals out the slices, is no difference."""
SEED = 1989

PRACTICAL = 0.05
"""A smaller share of the better one's figure is no difference to anybody."""
LEAST_MS = 1.0
LEAST_RATE = 0.001
"""Nor is less than this."""

Of = Literal["objective_ms", "error_rate"]
LEAST: dict[Of, float] = {"objective_ms": LEAST_MS, "error_rate": LEAST_RATE}
FIGURE: dict[Of, Callable[[Sample, Floats], Floats]] = {
    "objective_ms": lambda sample, weights: sample.quantiles(LEVEL, weights),
    "error_rate": Sample.error_rates,
}
"""By resample."""


@dataclass(frozen=True)
class Ranked:
    """Strategies that cannot be told apart share a rank. `objective_ms` may be infinite: see OBJECTIVE."""

    strategy: str
    rank: int
    objective_ms: float


@dataclass(frozen=True)
class Ranking:
    """The order, and what it rests on."""

    order: list[Ranked]
    """The best first."""
    differences: list[Difference]
    method: str


@dataclass(frozen=True)
class _Figures:
    """What a strategy is ranked by, as it was and by resample."""

    sample: Sample
    objective_ms: float
    error_rate: float
    resampled: Mapping[Of, Floats]

    def key(self) -> tuple[float, float]:
        return self.objective_ms, self.error_rate


def rank_strategies(samples: Mapping[str, Sample], counts: Counts) -> Ranking:
    """Strategies by name, whose events lie in so many slices."""
    weights = draw_blocks(counts, np.random.default_rng(SEED))
    found = {name: _figures(sample, weights) for name, sample in samples.items()}
    pairs = len(found) * (len(found) - 1) // 2
    names = sorted(found, key=lambda name: found[name].key())
    best = first = names[0]
    order = [Ranked(best, 1, found[best].objective_ms)]
    differences: list[Difference] = []
    for place, name in enumerate(names[1:], 1):
        others = {
            other: _difference(other, name, found[other], found[name], pairs, counts)
            for other in (best, first, names[place - 1])
        }
        differences += others.values()
        opens = others[first].different
        order.append(Ranked(name, place + 1 if opens else order[-1].rank, found[name].objective_ms))
        first = name if opens else first
    return Ranking(order, differences, _method(pairs, total(counts)))


def _figures(sample: Sample, weights: Floats) -> _Figures:
    return _Figures(
        sample=sample,
        objective_ms=sample.quantile(LEVEL),
        error_rate=float(np.isinf(sample.values).mean()),
        resampled={of: figure(sample, weights) for of, figure in FIGURE.items()},
    )


def _difference(better: str, worse: str, ahead: _Figures, behind: _Figures, pairs: int, counts: Counts) -> Difference:
    of: Of = "error_rate" if np.isinf(ahead.objective_ms) else "objective_ms"
    value = float(is_less(np.array(getattr(behind, of)), np.array(getattr(ahead, of))))
    low, high = interval(is_less(behind.resampled[of], ahead.resampled[of]), (1 - CONFIDENCE) / pairs, counts)
    chance = None
    if low > 0 and value > max(PRACTICAL * getattr(ahead, of), LEAST[of]):
        # Infinite differences do not tell which of them are larger; what they come of does.
        figure = FIGURE["error_rate" if np.isinf(value) else of]
        chance = by_chance(ahead.sample, behind.sample, total(counts), figure, np.random.default_rng(SEED))
    different = chance is not None and chance <= CHANCE / pairs
    return Difference(
        better=better,
        worse=worse,
        of=of,
        value=_finite(value),
        low=_finite(low),
        high=_finite(high),
        chance=chance,
        different=different,
        message=_message(better, worse, of, (value, low, high), different),
    )


def _finite(value: float) -> float | None:
    return round(value, 6) if np.isfinite(value) else None


def _message(better: str, worse: str, of: Of, values: Sequence[float], different: bool) -> str:
    if of == "objective_ms":
        value, low, high = (f"{one:,.0f}" if abs(one) >= 1_000 else f"{one:.4g}" for one in values)
        unit = "ms"
    else:
        value, low, high = (f"{100 * one:.3g}" for one in values)
        unit = "points of error rate"
    if different:
        return f"{better} beats {worse} by {value} {unit} ({low} to {high})"
    return f"{better} and {worse} cannot be told apart: {value} {unit} ({low} to {high})"


def _method(pairs: int, slices: int) -> str:
    return (
        f"intervals: {CONFIDENCE:.0%} of such reports hold all true differences (Bonferroni over "
        f"{pairs} pair{'' if pairs == 1 else 's'}), by {RESAMPLES:,} resamples of {slices} slices of time, the same "
        f"for all strategies; a difference is one whose interval is above 0, which is more than {PRACTICAL:.0%} of the "
        f"better one and {LEAST_MS:g} ms (error rates: {LEAST_RATE:.1%}), and which comes about in at most "
        f"{CHANCE / pairs:.3%} of the cases where chance deals out the slices"
    )
