"""The clock of a service that looks for what is due now and then only: its retries arrive at the clock's ticks."""

from collections.abc import Iterator

import numpy as np

from _hookswarm.analysis.reading.rows import Ints
from _hookswarm.analysis.service.failed_attempts import FailedAttempts
from _hookswarm.analysis.service.promise import Floats

PERIODS_S = (60.0, 30.0, 20.0, 15.0, 10.0, 5.0, 3.0, 2.0, 1.0, 0.5)
LEAST = 20
"""Fewer retries cluster by chance."""
TICKS, KNOWN_TICKS = 3, 2
"""So many different ticks must have been met to know a period; where it is known what it would explain, fewer."""
MOST = 2_000
"""Retries that are looked at."""
_ALL_BUT_FEW = 0.9
_NARROWER = 4
"""A busy service's ticks are wide, but so many times less than what did not wait for them is spread."""


def clocks_of(failed: FailedAttempts, ticks: int = TICKS) -> list[float]:
    """The periods at whose ticks retries arrive, shortest first; of several each divides the longest.

    `ticks`: how many different ones there must be.
    """
    found = failed.retried
    if len(found) < LEAST:
        return []
    if len(found) > MOST:
        found = found.where(np.arange(len(found)) % (len(found) // MOST + 1) == 0)
    longest = next(_clustering(found.next_ns, found.accepted_ns, ticks), None)
    if longest is None:
        return []
    periods = (*PERIODS_S[::-1],)
    return [period for period in periods if period <= longest and (longest / period).is_integer()]


def _clustering(at_ns: Ints, unlike_ns: Ints, least: int) -> Iterator[float]:
    """Periods in whose phase instants cluster, longest first, and far more than those of others do."""
    for period in PERIODS_S:
        width, middle = narrowest(at_ns, period)
        beside, _ = narrowest(unlike_ns, period)
        _, counts = np.unique(np.round((at_ns / 1e9 - middle) / period), return_counts=True)
        if width <= beside / _NARROWER and np.count_nonzero(counts > 0.02 * len(at_ns)) >= least:
            yield period


def narrowest(at_ns: Ints, period_s: float) -> tuple[float, float]:
    """How wide, in seconds, the shortest arc of a period is that holds nine of ten instants; and its middle."""
    period_ns = round(period_s * 1e9)
    phase: Floats = np.sort(at_ns % period_ns) / 1e9
    around = np.concatenate([phase, phase + period_s])
    held = int(np.ceil(_ALL_BUT_FEW * len(phase)))
    widths = around[held - 1 : held - 1 + len(phase)] - around[: len(phase)]
    at = int(np.argmin(widths))
    return float(widths[at]), float(around[at] + widths[at] / 2)
