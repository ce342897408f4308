"""Robust slopes over several factors at once."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from analysis.memory_models import Slope

Floats = npt.NDArray[np.float64]

CONFIDENCE = 0.95
LEVELS = 3
"""Distinct values of a factor without which its slope is not told: two make a line of any curve."""
ENTANGLED = 0.95
"""Correlation of two factors from which on their slopes cannot be told apart."""
ROUNDS = 100


def fit(y: Floats, factors: Sequence[Floats]) -> list[Slope | None]:
    """The slopes b of `y = a + b[0] * factors[0] + b[1] * factors[1] + ...`, robustly.

    Backfitting (Buja, Hastie, Tibshirani: Linear Smoothers and Additive Models, 1989): each slope in turn is fitted
    to what the others leave of `y`, until all stand still. The fit is Theil and Sen's: the median of the slopes of
    all pairs, with Sen's interval (Sen 1968); up to 29 % of wild values do not move it far. The interval holds for
    the other slopes as found.
    """
    from scipy.stats import theilslopes  # takes a second to import: only for those who fit

    levels = [len(np.unique(x)) for x in factors]
    varied = [place for place, count in enumerate(levels) if count > 1]
    if _entangled([factors[place] for place in varied]):
        return [None] * len(factors)
    slopes = np.zeros(len(factors))
    intervals = [(0.0, 0.0)] * len(factors)
    for _ in range(ROUNDS):
        before = slopes.copy()
        for place in varied:
            others = sum((slopes[i] * factors[i] for i in varied if i != place), np.zeros(len(y)))
            slopes[place], _, *interval = theilslopes(y - others, factors[place], CONFIDENCE)
            intervals[place] = (float(interval[0]), float(interval[1]))
        if np.allclose(slopes, before, rtol=1e-9, atol=0):
            break
    return [
        Slope(value=float(slope), low=low, high=high) if count >= LEVELS else None
        for slope, (low, high), count in zip(slopes, intervals, levels, strict=True)
    ]


def _entangled(factors: Sequence[Floats]) -> bool:
    if len(factors) < 2:
        return False
    correlations = np.corrcoef(factors)
    return bool(np.any(np.abs(np.triu(correlations, 1)) > ENTANGLED))
