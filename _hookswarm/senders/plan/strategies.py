"""How a sender picks the target of an attempt among the regions. Adding a strategy is one class and one line below."""

import math
from bisect import bisect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from random import Random
from typing import get_args

from _hookswarm.protocol.regions import Algorithm, Balancer
from _hookswarm.records.rows import BALANCED


@dataclass(slots=True, eq=False)
class Target:
    """A region as one origin sees it."""

    code: int
    weight: float = 1.0
    """What it can take, beside the others."""
    rtt_s: float = 0.0
    """The way there and back, as the table of regions has it."""
    in_flight: int = 0
    """Attempts of this origin that are under way there; counted by the caller of the strategy."""


class Strategy:
    """One for each origin, process and stage; not for threads.

    `now` is seconds on any clock that does not step. All targets are given once; `choose` picks among those that
    are healthy, never none.
    """

    spreads = True
    """Whether attempts go to several targets while all are well."""

    def __init__(self, targets: Sequence[Target], random: Random, now: Callable[[], float]) -> None:
        self._targets = targets
        self._random = random
        self._now = now

    def choose(self, healthy: Sequence[Target], webhook: int) -> Target:
        """The target of an attempt for a webhook, before it counts as in flight."""
        raise NotImplementedError

    def observe(self, target: Target, seconds: float, failed: bool) -> None:
        """An attempt ended, so long after it was chosen. It is not in flight any more."""


class Nearest(Strategy):
    """The shortest round trip."""

    spreads = False

    def choose(self, healthy: Sequence[Target], webhook: int) -> Target:
        return min(healthy, key=lambda target: target.rtt_s)


class RoundRobin(Strategy):
    """Each healthy target in turn."""

    _turn = -1

    def choose(self, healthy: Sequence[Target], webhook: int) -> Target:
        # Turns over the healthy ones: over all of them, the one after an unhealthy target would get its turns, too.
        self._turn += 1
        return healthy[self._turn % len(healthy)]


class WeightedRoundRobin(Strategy):
    """nginx's smooth weighted round robin: each gains its weight, the richest is chosen and pays what all gained.

    Over as many attempts as the weights, as whole numbers in lowest terms, add up to, each target has exactly its own.
    """

    def __init__(self, targets: Sequence[Target], random: Random, now: Callable[[], float]) -> None:
        super().__init__(targets, random, now)
        self._credit = dict.fromkeys((target.code for target in targets), 0.0)

    def choose(self, healthy: Sequence[Target], webhook: int) -> Target:
        credit = self._credit
        for target in healthy:
            credit[target.code] += target.weight
        chosen = max(healthy, key=lambda target: credit[target.code])
        credit[chosen.code] -= sum(target.weight for target in healthy)
        return chosen


class WeightedRandom(Strategy):
    """By chance, each as often as its weight says."""

    def choose(self, healthy: Sequence[Target], webhook: int) -> Target:
        return self._random.choices(healthy, [target.weight for target in healthy])[0]


class LeastOutstanding(Strategy):
    """The fewest attempts in flight for its weight, by chance where several have as few (HAProxy's leastconn)."""

    def choose(self, healthy: Sequence[Target], webhook: int) -> Target:
        loads = [target.in_flight / target.weight for target in healthy]
        least = min(loads)
        return self._random.choice([target for target, load in zip(healthy, loads, strict=True) if load == least])


class PowerOfTwo(Strategy):
    """Of two targets drawn by chance, the one with fewer attempts in flight for its weight (Mitzenmacher, 2001)."""

    def choose(self, healthy: Sequence[Target], webhook: int) -> Target:
        return min(draw_two(healthy, self._random), key=lambda target: target.in_flight / target.weight)


def draw_two(targets: Sequence[Target], random: Random) -> Sequence[Target]:
    """Two different targets in any order, each pair as likely as the next; the only one where there is one."""
    if len(targets) == 1:
        return targets
    first = int(random.random() * len(targets))
    second = int(random.random() * (len(targets) - 1))
    return targets[first], targets[second + (second >= first)]


PEAK_TAU_S = 5.0
"""How fast a slow answer is forgotten. Finagle has 10 s; stages may be as short as that."""
PENALTY_S = 30.0
"""What a failure counts as: as slow as the longest time-out in use, so that it outweighs any queue elsewhere.

It keeps a target with answers of 50 ms away for 5 ln(30 / 0.05) = 32 s, as long as a first ejection does.
"""


class PeakEwma(Strategy):
    """Of two targets drawn by chance, the one with the smaller cost x (attempts in flight + 1) (Finagle's PeakEwma).

    The cost is the time that answers took: a peak at once, and from there an average that decays with time. It
    needs no weights: what a target can take shows in its answers.
    """

    def __init__(self, targets: Sequence[Target], random: Random, now: Callable[[], float]) -> None:
        super().__init__(targets, random, now)
        self._costs: dict[int, tuple[float, float]] = {}
        """Seconds, and when they were right."""

    def choose(self, healthy: Sequence[Target], webhook: int) -> Target:
        now = self._now()
        return min(draw_two(healthy, self._random), key=lambda target: self._load(target, now))

    def observe(self, target: Target, seconds: float, failed: bool) -> None:
        now = self._now()
        if failed:
            seconds = max(seconds, PENALTY_S)
        cost, since = self._costs.get(target.code, (0.0, now))
        if seconds < cost:
            kept = math.exp((since - now) / PEAK_TAU_S)
            seconds = cost * kept + seconds * (1 - kept)
        self._costs[target.code] = seconds, now

    def _load(self, target: Target, now: float) -> float:
        if target.code not in self._costs:  # the first attempt may go there at once, others wait for its answer
            return PENALTY_S + target.in_flight if target.in_flight else 0.0
        cost, since = self._costs[target.code]
        return cost * math.exp((since - now) / PEAK_TAU_S) * (target.in_flight + 1)


POINTS = 160
"""Points on the ring for a target of mean weight (ketama's number): shares of keys are even to 1 / sqrt(160) = 8 %."""
BOUND = 1.25
"""How far beyond its share of the attempts in flight a target may be loaded (HAProxy's example is 125 %, too)."""


class ConsistentHash(Strategy):
    """A webhook goes to the target that owns the next point on a ring, so that a region that leaves moves only its own.

    With bounded loads (Mirrokni, Thorup, Zadimoghaddam, 2018): a target that has its share of all attempts in
    flight and a quarter more is passed over.
    """

    def __init__(self, targets: Sequence[Target], random: Random, now: Callable[[], float]) -> None:
        super().__init__(targets, random, now)
        mean = sum(target.weight for target in targets) / len(targets)
        ring = sorted(
            (_point(f"target {target.code}, {n}"), target.code, target)
            for target in targets
            for n in range(max(1, round(POINTS * target.weight / mean)))
        )
        self._points = [point for point, _, _ in ring]
        self._owners = [target for _, _, target in ring] * 2  # so that a walk need not turn round

    def choose(self, healthy: Sequence[Target], webhook: int) -> Target:
        flying = sum(target.in_flight for target in healthy) + 1
        allowed = BOUND * flying / sum(target.weight for target in healthy)
        first = bisect(self._points, _point(f"webhook {webhook}"))
        # The bounds add up to more than is in flight: somebody is below his.
        return next(
            target
            for place in range(first, first + len(self._points))
            if (target := self._owners[place]) in healthy and target.in_flight < math.ceil(target.weight * allowed)
        )


def _point(key: str) -> int:
    """The same in every process, unlike `hash`."""
    return int.from_bytes(blake2b(key.encode(), digest_size=8).digest())


OVERPROVISIONED = 1.4
"""A level takes everything until its health is below 1 / 1.4 = 71 % (Envoy)."""
PANIC = 0.5
"""With less health than this on all levels together, health is no guide any more (Envoy)."""
HEALTH_TAU_S = 10.0
"""How fast an attempt's outcome is forgotten."""


class Priority(Strategy):
    """The nearest target, and what its health does not cover goes on to the next (Envoy's priority levels).

    A level takes 1.4 x its health, where health is the share of its recent attempts that succeeded, the older the
    less they count, and one success that is always assumed: it lets a few attempts find out that a level is back.
    """

    spreads = False

    def __init__(self, targets: Sequence[Target], random: Random, now: Callable[[], float]) -> None:
        super().__init__(targets, random, now)
        self._levels = sorted(targets, key=lambda target: target.rtt_s)
        self._seen = {target.code: (0.0, 0.0, 0.0) for target in targets}
        """Successes and attempts, decayed, and when they were right."""
        self._fallback = WeightedRandom(targets, random, now)

    def choose(self, healthy: Sequence[Target], webhook: int) -> Target:
        now = self._now()
        spans, covered = [], 0.0
        for target in self._levels:
            if target in healthy and covered < 1:
                covered = min(1.0, covered + OVERPROVISIONED * self._health(target, now))
                spans.append((covered, target))
        if covered < PANIC:
            return self._fallback.choose(healthy, webhook)
        drawn = self._random.random() * covered
        return next(target for end, target in spans if drawn < end)

    def observe(self, target: Target, seconds: float, failed: bool) -> None:
        now = self._now()
        good, all_, since = self._seen[target.code]
        kept = math.exp((since - now) / HEALTH_TAU_S)
        self._seen[target.code] = good * kept + (not failed), all_ * kept + 1, now

    def _health(self, target: Target, now: float) -> float:
        good, all_, since = self._seen[target.code]
        kept = math.exp((since - now) / HEALTH_TAU_S)
        return (good * kept + 1) / (all_ * kept + 1)


class Elsewhere(Strategy):
    """A load balancer between senders and regions chooses: to its senders it is the only target."""

    spreads = False

    def choose(self, healthy: Sequence[Target], webhook: int) -> Target:
        return healthy[0]


BALANCERS = {f"haproxy-{algorithm}": BALANCED + place for place, algorithm in enumerate(get_args(Algorithm))}
"""Strategies of a load balancer, and the code of it as a target."""

STRATEGIES: dict[str, type[Strategy]] = {
    "nearest": Nearest,
    "round-robin": RoundRobin,
    "weighted-round-robin": WeightedRoundRobin,
    "random": WeightedRandom,
    "least-outstanding": LeastOutstanding,
    "power-of-two": PowerOfTwo,
    "peak-ewma": PeakEwma,
    "consistent-hash": ConsistentHash,
    "priority": Priority,
    **dict.fromkeys(BALANCERS, Elsewhere),
}
"""By name; a strategy's code in the journals is its place."""


def playable(balancer: Balancer | None) -> list[str]:
    """The strategies that there are with this load balancer, or without one."""
    there = balancer.haproxy if balancer else ()
    return [name for name in STRATEGIES if name not in BALANCERS or name.removeprefix("haproxy-") in there]
