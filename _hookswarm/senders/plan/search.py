"""The search for capacity: which rate to try next, given how the tries so far went. A pure function of them."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from _hookswarm.senders.plan.stages import Limits

MAX_TRIES = 60
WIDEST = 1 << 12
"""How far from the first rate a search goes, as a factor, up or down."""


class Try(NamedTuple):
    """One rate, and whether it kept the limits."""

    rate: float
    held: bool


def next_rate(tries: Sequence[Try], first: float, limits: Limits) -> float | None:
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
