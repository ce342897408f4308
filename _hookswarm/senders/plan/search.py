"""The search for capacity: which rate to try next, given how the tries so far went; and how a try went."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from _hookswarm.common.limits import MAX_DISTURBED
from _hookswarm.senders.plan.arrivals import Closed, Constant
from _hookswarm.senders.plan.stages import Limits, Stage

MAX_TRIES = 60
WIDEST = 1 << 12
"""How far from the first rate a search goes, as a factor, up or down."""
IDLE_SHARE = 0.1
"""Of the first rate: at so little nothing waits for anything else."""
IDLE_EVENTS, IDLE_MOST_S = 30, 10.0
"""That lasts until so many events are due, but no longer than this."""
DELIVERIES = 3.0
"""A try through a service is as long as so many deliveries when nothing waits: one that looks at a queue every few
seconds shows nothing in less.
"""


class TriedRate(NamedTuple):
    """One rate, and whether it kept the limits."""

    rate: float
    held: bool | None
    """None: the generator disturbed the try, so it says nothing of the target."""


def next_rate(tries: Sequence[TriedRate], first: float, limits: Limits, highest: float = math.inf) -> float | None:
    """The next rate to try, or None when the search is over.

    It doubles (or halves) until one rate holds and a higher one breaks, then halves the gap (geometrically), each
    rate once; when they are within `tolerance` of each other, both are tried again until a majority of `repeats`
    agrees. A majority against them opens the gap again. A try that was disturbed tells nothing, so it is repeated,
    MAX_DISTURBED times a rate; a rate that was disturbed once more is tried no further: what its other tries say holds,
    and without any the generator broke it. `analysis.scaling.capacity` reads the tries in the same way. No try is above
    `highest`: where that holds the search is over.
    """
    if len(tries) >= MAX_TRIES:
        return None
    low, high = bracket(tries)
    if low is None and high is None:
        return first
    if high is None:
        assert low is not None
        return min(low * 2, highest) if low < min(first * WIDEST, highest) else None
    if low is None:
        return high / 2 if high > first / WIDEST else None
    if high / low > 1 + limits.tolerance:
        return float(f"{math.sqrt(low * high):.5g}")
    disturbed = _disturbed(tries)
    for rate in (low, high):
        votes = _votes(rate, tries)
        held = sum(votes)
        if disturbed[rate] <= MAX_DISTURBED and max(held, len(votes) - held) * 2 <= limits.repeats:
            return rate
    return None


def bracket(tries: Sequence[TriedRate]) -> tuple[float | None, float | None]:
    """The highest rate that held below the lowest that broke, and that; None where there is none."""
    disturbed = _disturbed(tries)
    votes = {rate: _votes(rate, tries) for rate in {t.rate for t in tries}}
    known = {rate: held for rate, held in votes.items() if held or disturbed[rate] > MAX_DISTURBED}
    breaks = [rate for rate, held in known.items() if 2 * sum(held) <= len(held)]
    high = min(breaks, default=None)
    low = max((rate for rate in known if rate not in breaks and (high is None or rate < high)), default=None)
    return low, high


def _votes(rate: float, tries: Sequence[TriedRate]) -> list[bool]:
    return [t.held for t in tries if t.rate == rate and t.held is not None]


def _disturbed(tries: Sequence[TriedRate]) -> Counter[float]:
    """How often each rate was."""
    return Counter(t.rate for t in tries if t.held is None)


class Search:
    """A search as it goes."""

    def __init__(self, first: float, limits: Limits, highest: float = math.inf) -> None:
        self._first = first
        self._highest = highest
        self._limits = limits
        self._tries: list[TriedRate] = []

    def next_rate(self) -> float | None:
        """As the function of this name."""
        return next_rate(self._tries, self._first, self._limits, self._highest)

    def played(self, rate: float) -> int:
        """How often a rate was tried, whatever came of it."""
        return sum(rate == one.rate for one in self._tries)

    def note(self, rate: float, held: bool | None) -> None:
        """How a try went; None: it was disturbed."""
        self._tries.append(TriedRate(rate, held))


def keeps(limits: Limits, requests: int, failures: int, p99_ms: float) -> bool:
    """Whether a try whose queue did not grow kept the limits; one without requests did not."""
    return requests > 0 and p99_ms <= limits.p99_ms and failures <= limits.error_rate * requests


def idle_of(search: Stage) -> Stage:
    """What tells how long a service takes to deliver when nothing waits."""
    assert not isinstance(search.arrivals, Closed)
    rate = search.arrivals.rate * IDLE_SHARE
    length_s = max(search.duration_s or 0.0, min(IDLE_EVENTS / rate, IDLE_MOST_S))
    scenario, name = f"{search.scenario} idle", f"{search.name} idle"
    return replace(search, scenario=scenario, name=name, arrivals=Constant(rate), duration_s=length_s, limits=None)


def limited_by(search: Stage, idle_p99_ms: float) -> Stage:
    """The search with its limit, where a delivery takes so long when nothing waits."""
    assert search.limits
    limits = replace(search.limits, p99_ms=round(search.limits.over_idle_ms + idle_p99_ms, 3))
    length_s = max(search.duration_s or 0.0, round(DELIVERIES * idle_p99_ms / 1e3, 3))
    return replace(search, limits=limits, duration_s=length_s)
