"""Noise where data depend on their neighbours in time: slices of time are drawn or exchanged, not single events.

Strategies that met the same arrivals share their slices, so what befell all of them at one time cancels out (paired).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Slices = npt.NDArray[np.int64]
Counts = Sequence[Sequence[int]]
"""How many slices each phase of each repeat has; they are numbered through, phase by phase."""

RESAMPLES = 10_000
AT_ONCE = 1_000
"""Resamples that are in memory together."""
FEWEST = 10
"""Slices without which nothing is said of noise."""


def total(counts: Counts) -> int:
    """Slices of all phases and repeats."""
    return sum(map(sum, counts))


@dataclass(frozen=True)
class Sample:
    """What one strategy's events were late by, infinitely if never acknowledged, and in which slice each fell due."""

    values: Floats
    slices: Slices

    def error_rates(self, weights: Floats) -> Floats:
        """The share of infinite ones, by resample."""
        size = weights.shape[1]
        events = weights @ np.bincount(self.slices, minlength=size)
        lost = weights @ np.bincount(self.slices[np.isinf(self.values)], minlength=size)
        return np.divide(lost, events, out=np.zeros_like(lost), where=events > 0)

    def quantiles(self, level: float, weights: Floats) -> Floats:
        """The exact quantile by nearest rank, by resample; there is at least one event.

        The values are sorted once and cut into blocks; how many of each slice are in which block is counted. A resample
        finds its block by these counts, and its value inside that block alone.
        """
        events, size = len(self.values), weights.shape[1]
        width = int(np.ceil(np.sqrt(events)))
        blocks = -(-events // width)
        order = np.argsort(self.values, kind="stable")
        values, slices = self.values[order], self.slices[order]
        place = np.arange(events) // width
        counts = np.bincount(place * size + slices, minlength=blocks * size).reshape(blocks, size).astype(np.float64)
        # The last block is filled up with events of a slice that nobody draws.
        inside = np.full((blocks, width), size)
        inside.flat[:events] = slices
        found = np.empty(len(weights))
        for begin in range(0, len(weights), AT_ONCE):
            part = weights[begin : begin + AT_ONCE]
            below = np.cumsum(part @ counts.T, axis=1)
            wanted = np.ceil(level * below[:, -1] - 1e-6)[:, None]
            block = np.count_nonzero(below < wanted, axis=1)
            before = np.where(block > 0, below[np.arange(len(part)), block - 1], 0)[:, None]
            drawn = np.take_along_axis(np.pad(part, ((0, 0), (0, 1))), inside[block], axis=1)
            rank = np.count_nonzero(np.cumsum(drawn, axis=1) < wanted - before, axis=1)
            found[begin : begin + AT_ONCE] = values[np.minimum(block * width + rank, events - 1)]
        return found

    def quantile(self, level: float) -> float:
        """Of the events as they were."""
        return float(np.sort(self.values)[max(0, int(np.ceil(level * len(self.values) - 1e-6)) - 1)])


def draw_blocks(counts: Counts, generator: np.random.Generator) -> Floats:
    """How often each slice is drawn, a row for each resample: the block bootstrap of Künsch, Ann. Stat. 17, 1989.

    As many repeats are drawn as there are: a whole stage may have been slow because of what the machine did. Within
    each of them, as often as it was drawn, as many slices are drawn of each phase as it has: incidents are planned.
    """
    repeats = generator.multinomial(len(counts), np.full(len(counts), 1 / len(counts)), RESAMPLES)
    parts = [
        generator.multinomial(often * count, np.full(count, 1 / count))
        for often, phases in zip(repeats.T, counts, strict=True)
        for count in phases
    ]
    return np.concatenate(parts, axis=1).astype(np.float64)


def interval(differences: Floats, error: float, counts: Counts) -> tuple[float, float]:
    """Where the true difference lies but for an `error`, by those of the resamples.

    The percentile interval, expanded for few slices: Hesterberg, The American Statistician 69, 2015.
    """
    from scipy.stats import norm, t  # slow to import: only for those who compare

    slices, freedom = total(counts), total(counts) - sum(map(len, counts))
    if slices < FEWEST or freedom < 1:
        return -np.inf, np.inf
    tail = float(norm.cdf(np.sqrt(slices / freedom) * t.ppf(error / 2, freedom)))
    low, high = np.quantile(differences, (tail, 1 - tail), method="inverted_cdf")
    return float(low), float(high)


def by_chance(
    a: Sample, b: Sample, slices: int, figure: Callable[[Sample, Floats], Floats], generator: np.random.Generator
) -> float:
    """How often figures differ as much as those of a and b, if it is left to chance whose slice is whose.

    A test by permutation (Fisher, The Design of Experiments, 1935): a few stalls, which no bootstrap knows to be a few
    of many that might have been, do not mislead it.
    """
    both = Sample(np.concatenate([a.values, b.values]), np.concatenate([a.slices, b.slices + slices]))
    tries = RESAMPLES // 2
    mine = generator.integers(0, 2, (tries, slices))
    mine = np.concatenate([np.ones((1, slices), np.int64), mine])
    mine = np.concatenate([mine, 1 - mine])
    found = figure(both, np.concatenate([mine, 1 - mine], axis=1).astype(np.float64))
    differences = np.abs(is_less(found[: tries + 1], found[tries + 1 :]))
    return float(np.mean(differences >= differences[0]))


def is_less(a: Floats, b: Floats) -> Floats:
    """a - b, where two infinities are alike."""
    with np.errstate(invalid="ignore"):
        found: Floats = np.where(a == b, 0.0, a - b)
    return found
