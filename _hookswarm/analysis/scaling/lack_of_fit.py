"""Whether a law describes data, or leaves a pattern in them."""

from math import comb

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

LEVEL = 0.01
"""How improbable a pattern must be under a true law to be held against it."""
NEGLIGIBLE = 0.02
"""A law that is never further off than this share is good enough, however precise the data are."""


def judge_fit(n: Floats, y: Floats, fitted: Floats, coefficients: int = 3) -> tuple[bool, str]:
    """Whether `fitted` describes `y`, and what is left of it, in a sentence.

    With repeats, the classical test for lack of fit: means that are further off than the repeats among themselves.
    Without, Wald and Wolfowitz's test (1940): too few changes of sign along n.
    """
    sizes, group = np.unique(n, return_inverse=True)
    counts = np.bincount(group)
    means = np.bincount(group, y) / counts
    law = np.bincount(group, fitted) / counts
    off = (means - law) / law
    worst = int(np.argmax(np.abs(off)))
    furthest = f"the means are at most {abs(off[worst]):.1%} off, at x{sizes[worst]:g}"
    if abs(off[worst]) <= NEGLIGIBLE:
        return True, furthest
    if len(n) > len(sizes):
        p = _lack_of_fit(counts, means - law, y - means[group], coefficients)
        what = "more than the repeats differ"
    else:
        p, what = _runs(off > 0), "in long stretches on one side"
    if p < LEVEL:
        return False, f"the law does not describe the data: {furthest}, {what} (p = {p:.1g})"
    return True, f"{furthest}, no pattern (p = {p:.2g})"


def _lack_of_fit(counts: npt.NDArray[np.int64], off: Floats, noise: Floats, coefficients: int) -> float:
    from scipy.stats import f  # slow to import: only for those who fit

    of_law, of_noise = len(counts) - coefficients, int(counts.sum()) - len(counts)
    if not noise.any():
        return 0.0
    ratio = (counts @ off**2 / of_law) / (noise @ noise / of_noise)
    return float(f.sf(ratio, of_law, of_noise))


def _runs(above: npt.NDArray[np.bool_]) -> float:
    """How probable so few runs of one sign are, if all orders of the signs are alike."""
    ups = int(above.sum())
    downs = len(above) - ups
    if not ups or not downs:
        return 1.0
    runs = 1 + int(np.count_nonzero(np.diff(above)))
    ways = sum(_orders(ups, downs, count) for count in range(2, runs + 1))
    return ways / comb(ups + downs, ups)


def _orders(ups: int, downs: int, runs: int) -> int:
    """In how many orders the signs make just so many runs."""
    half, odd = divmod(runs, 2)
    if not odd:
        return 2 * comb(ups - 1, half - 1) * comb(downs - 1, half - 1)
    return comb(ups - 1, half) * comb(downs - 1, half - 1) + comb(ups - 1, half - 1) * comb(downs - 1, half)
