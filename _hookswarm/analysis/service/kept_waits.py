"""Whether a service kept the waits that it promised: too early, too late, and spread as it said."""

from dataclasses import dataclass

import numpy as np

from _hookswarm.analysis.deliveries.conformance import KS_LEAST
from _hookswarm.analysis.reading.rows import Ints, Mask
from _hookswarm.analysis.service.failed_attempts import FailedAttempts
from _hookswarm.analysis.service.promise import Floats, Promise

EARLY_S, EARLY_OF_WAIT = 0.005, 0.01
"""What a receiver's view accounts for: so much, or so large a share of the wait if that is more."""
LATE_S, LATE_OF_WAIT = 0.1, 0.05
"""What a busy machine makes of a wait (with 8 processes ready to run on each core: 0.03 to 0.1 s more), and what is no
other law. It may be late also by as much as first attempts waited for the service's queue."""
EARLY_SHARE = 0.01
"""More of all waits than these break a promise …"""
LATE_SHARE = 0.5
"""… and more of those before the retries of one number: a queue makes many late now and then, another law all."""
LEAST = 5
"""Fewer waits say nothing."""


@dataclass(frozen=True)
class KeptWaits:
    """What was found. Counts by the number of the retry, from 1."""

    retry: Ints
    count: Ints
    early: Ints
    late: Ints
    ks_p: float | None
    """None: the promise has no jitter, or too few waits to tell."""

    @property
    def has_early(self) -> bool:
        return bool(self.early.sum() > EARLY_SHARE * self.count.sum())

    @property
    def _late(self) -> Mask:
        found: Mask = (self.count >= LEAST) & (self.late > LATE_SHARE * self.count)
        return found

    def broken(self) -> list[tuple[int, str]]:
        """Retries whose waits break the promise, and how."""
        found = []
        for place, number in enumerate(self.retry.tolist()):
            count, early, late = (int(column[place]) for column in (self.count, self.early, self.late))
            parts = [f"{early:,} too early"] if self.has_early and early > EARLY_SHARE * count else []
            parts += [f"{late:,} too late"] if self._late[place] else []
            if parts:
                found.append((number, f"{' and '.join(parts)} of {count:,}"))
        return found


def kept_waits(failed: FailedAttempts, promise: Promise, clock_s: float = 0.0) -> KeptWaits:
    """Hold a service's waits against its promise. `clock_s`: a clock that may round them up, beside the promised."""
    found = failed.retried
    low, high = promise.range_s(found.number)
    wait_s, clock_s = found.wait_s, max(clock_s, promise.clock_s)
    late_s = LATE_S + found.slack_s
    # When an attempt began nobody sees: it may have waited for the queue before it came.
    before_s = found.slack_s * (promise.counts_from == "begin")
    early = wait_s < low - np.maximum(EARLY_S, EARLY_OF_WAIT * low) - before_s
    late = wait_s > high * (1 + LATE_OF_WAIT) + clock_s + late_s
    retry, place = np.unique(found.number, return_inverse=True)

    def counted(which: Mask) -> Ints:
        return np.bincount(place[which], minlength=len(retry))

    drawn = high - low > 2 * late_s
    ks_p = None
    if promise.is_even and not clock_s:
        ks_p = _unlike_uniform((wait_s - low)[drawn], EARLY_S + before_s[drawn], late_s[drawn], (high - low)[drawn])
    return KeptWaits(retry, counted(np.ones(len(found), np.bool_)), counted(early), counted(late), ks_p)


def _unlike_uniform(above_s: Floats, early_s: Floats, late_s: Floats, width_s: Floats) -> float | None:
    """Kolmogorov and Smirnov's p-value of waits that should be spread evenly over their ranges, and may come late.

    Whether too many are short is told by when they came; whether too many are long, by when they were meant at least.
    """
    if len(above_s) < KS_LEAST:
        return None
    from scipy.stats import kstwo  # takes as long to import as all else together, and few runs need it

    count = len(above_s)
    rank = np.arange(count + 1) / count
    came = np.sort(np.clip((above_s + early_s) / width_s, 0, 1))
    meant = np.sort(np.clip((above_s - late_s) / width_s, 0, 1))
    statistic = max(float((rank[1:] - came).max()), float((meant - rank[:-1]).max()), 0.0)
    return float(kstwo.sf(statistic, count))
