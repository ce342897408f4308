"""Does a level grow? A robust slope of a series whose neighbours depend on each other, and what to call it.

A process's memory is such a series: it comes in steps, it fills caches, it is collected now and then.
"""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

BLOCKS = 12
"""Means of so many stretches of equal length are fitted: what goes up and down within one cancels out."""
LEAST = 2 * BLOCKS
"""Samples without which nothing is said."""
CONFIDENCE = 0.99
LASTING = 0.4
"""The later half of a leak grows at this share of the whole's slope at least: else something filled up."""
NEGLIGIBLE = 0.02
"""Growth over the series of less than this share of its level is none to anybody ..."""
NEGLIGIBLE_BYTES = 1 << 20
"""... nor is less than this: CPython takes memory by arenas of 1 MiB, and fills them page by page."""


class Growth(StrEnum):
    """What to call a trend."""

    FLAT = "flat"
    GROWING = "growing"
    """It grew, but not to the end, or not by much: a cache that filled, say."""
    LEAK = "leak"
    """It grew all the time, and by more than is negligible."""
    UNKNOWN = "unknown"
    """Too short to tell."""


@dataclass(frozen=True)
class Trend:
    """Bytes a second, with a 99 % interval; None of too short a series."""

    growth: Growth
    slope: float | None = None
    low: float | None = None
    high: float | None = None


def trend_of(seconds: Floats, level: Floats) -> Trend:
    """The trend of `level` bytes at these times, in order.

    Theil and Sen's slope of block means. Sen's interval (1968) holds for independent residuals; theirs are not, so it
    is widened by sqrt((1 + r) / (1 - r)), where r is their correlation with their neighbours: as many independent
    ones would tell as much (Bayley and Hammersley, 1946).
    """
    if len(level) < LEAST or seconds[-1] <= seconds[0]:
        return Trend(Growth.UNKNOWN)
    parts = np.array_split(np.arange(len(level)), BLOCKS)
    at = np.array([seconds[part].mean() for part in parts])
    means = np.array([level[part].mean() for part in parts])
    slope, low, high = _theil_sen(at, means)
    residuals = means - slope * at
    residuals -= residuals.mean()
    scale = float(residuals @ residuals)
    r = float(np.clip(residuals[1:] @ residuals[:-1] / scale, 0, 0.9)) if scale else 0.0
    wider = np.sqrt((1 + r) / (1 - r))
    low, high = slope - (slope - low) * wider, slope + (high - slope) * wider
    return Trend(_growth(at, means, slope, low), slope, low, high)


def _growth(at: Floats, means: Floats, slope: float, low: float) -> Growth:
    if low <= 0:
        return Growth.FLAT
    half = BLOCKS // 2
    later = _theil_sen(at[half:], means[half:])[0]
    grown = slope * (at[-1] - at[0])
    matters = grown > max(NEGLIGIBLE * means.mean(), NEGLIGIBLE_BYTES)
    return Growth.LEAK if matters and later >= LASTING * slope else Growth.GROWING


def _theil_sen(x: Floats, y: Floats) -> tuple[float, float, float]:
    """The slope and its interval."""
    from scipy.stats import theilslopes  # slow to import: only for those who fit

    with np.errstate(invalid="ignore"):
        slope, _, low, high = theilslopes(y, x, CONFIDENCE)
    if not np.isfinite([low, high]).all():
        low = high = slope  # all alike
    return float(slope), float(low), float(high)
