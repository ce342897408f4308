"""The search for capacity: which rate to try next, given how the tries so far went; and how a try went."""

import math
from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from _hookswarm.senders.plan.stages import Limits

MAX_TRIES = 60
WIDEST = 1 << 12
"""How far from the first rate a search goes, as a factor, up or down."""
MAX_DISTURBED = 2
"""Tries of a rate that are played again, because the generator was the limit; a further one breaks the rate."""


class TriedRate(NamedTuple):
    """One rate, and whether it kept the limits."""

    rate: float
    held: bool


def next_rate(tries: Sequence[TriedRate], first: float, limits: Limits) -> float | None:
    """The next rate to try, or None when the search is over.

    It doubles (or halves) until one rate holds and a higher one breaks, then halves the gap (geometrically), each
    rate once; when they are within `tolerance` of each other, both are tried again until a majority of `repeats`
    agrees. A majority against them opens the gap again.
    """
    if len(tries) >= MAX_TRIES:
        return None
    votes = {rate: [t.held for t in tries if t.rate == rate] for rate in {t.rate for t in tries}}
    breaks = [rate for rate, held in votes.items() if 2 * sum(held) <= len(held)]
    high = min(breaks, default=None)
    low = max((rate for rate in votes if rate not in breaks and (high is None or rate < high)), default=None)
    if low is None and high is None:
        return first
    if high is None:
        assert low is not None
        return low * 2 if low < first * WIDEST else None
    if low is None:
        return high / 2 if high > first / WIDEST else None
    if high / low > 1 + limits.tolerance:
        return float(f"{math.sqrt(low * high):.5g}")
    for rate in (low, high):
        held = sum(votes[rate])
        if max(held, len(votes[rate]) - held) * 2 <= limits.repeats:
            return rate
    return None


class Search:
    """A search as it goes."""

    def __init__(self, first: float, limits: Limits) -> None:
        self._first = first
        self._limits = limits
        self._tries: list[TriedRate] = []
        self._disturbed: Counter[float] = Counter()

    def next_rate(self) -> float | None:
        """As the function of this name."""
        return next_rate(self._tries, self._first, self._limits)

    def played(self, rate: float) -> int:
        """How often a rate was tried, whatever came of it."""
        return sum(rate == one.rate for one in self._tries) + self._disturbed[rate]

    def note(self, rate: float, held: bool, disturbed: bool) -> None:
        """How a try went; one that the generator `disturbed` says nothing of the target, so it never holds."""
        if disturbed and self._disturbed[rate] < MAX_DISTURBED:
            self._disturbed[rate] += 1
        else:
            self._tries.append(TriedRate(rate, held and not disturbed))


def keeps(limits: Limits, requests: int, failures: int, p99_ms: float) -> bool:
    """Whether a try whose queue did not grow kept the limits; one without requests did not."""
    return requests > 0 and p99_ms <= limits.p99_ms and failures <= limits.error_rate * requests
