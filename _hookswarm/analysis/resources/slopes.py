"""Robust slopes over several factors at once."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from _hookswarm.analysis.schema.memory import Slope

Floats = npt.NDArray[np.float64]

CONFIDENCE = 0.95
LEVELS = 3
"""Distinct values of a factor without which its slope is not told: two make a line of any curve."""
ENTANGLED = 0.95
"""Correlation of two factors from which on their slopes cannot be told apart."""
ROUNDS = 100


def fit_slopes(y: Floats, factors: Sequence[Floats]) -> list[Slope | None]:
    """The slopes b of `y = a + b[0] * factors[0] + b[1] * factors[1] + ...`, robustly.

    Backfitting (Buja, Hastie, Tibshirani: Linear Smoothers and Additive Models, 1989): each slope in turn is fitted
    to what the others leave of `y`, until all stand still. The fit is Theil and Sen's: the median of the slopes of
    all pairs, with Sen's interval (Sen 1968); up to 29 % of wild values do not move it far, though they widen the
    interval. The interval holds for the other slopes as found.
    """
    levels = [len(np.unique(x)) for x in factors]
    varied = [place for place, count in enumerate(levels) if count > 1]
    if _entangled([factors[place] for place in varied]):
        return [None] * len(factors)
    found = dict.fromkeys(varied, Slope(value=0, low=0, high=0))
    for _ in range(ROUNDS):
        before = [slope.value for slope in found.values()]
        for place in varied:
            others = [slope.value * factors[i] for i, slope in found.items() if i != place]
            found[place] = _theil_sen(y - np.sum(others, axis=0), factors[place])
        if np.allclose([slope.value for slope in found.values()], before, rtol=1e-9, atol=0):
            break
    return [found[place] if count >= LEVELS else None for place, count in enumerate(levels)]


def _theil_sen(y: Floats, x: Floats) -> Slope:
    from scipy.stats import theilslopes  # takes a second to import: only for those who fit

    with np.errstate(invalid="ignore"):
        value, _, low, high = theilslopes(y, x, CONFIDENCE)
    if not np.isfinite([low, high]).all():
        # So many values of y are equal that their variance, as Sen estimates it, is negative: take all slopes.
        across, up = np.subtract.outer(x, x), np.subtract.outer(y, y)
        slopes = up[across > 0] / across[across > 0]
        low, high = slopes.min(), slopes.max()
    return Slope(value=float(value), low=float(low), high=float(high))


def _entangled(factors: Sequence[Floats]) -> bool:
    if len(factors) < 2:
        return False
    correlations = np.corrcoef(factors)
    return bool(np.any(np.abs(np.triu(correlations, 1)) > ENTANGLED))
