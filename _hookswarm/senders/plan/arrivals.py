"""When events fall due: a pure function of (seed, n), the same in every process.

A process takes its stripe of one global schedule, so that N processes together make exactly that schedule.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Literal, Protocol

import numpy as np
import numpy.typing as npt
from pydantic import Field
from pydantic.dataclasses import dataclass as model

BLOCK = 4096
"""Arrivals computed at a time."""

Offsets = npt.NDArray[np.float64]
PositiveSeconds = Annotated[float, Field(ge=1e-3, le=1e7, allow_inf_nan=False)]
PositiveRate = Annotated[float, Field(ge=1e-6, le=1e6, allow_inf_nan=False)]


class Timetable(Protocol):
    """When events fall due."""

    def blocks(self, seed: tuple[int, ...], /) -> Iterator[Offsets]:
        """Seconds from the stage's start, ascending, in blocks."""


@model(frozen=True, config={"extra": "forbid"})
class Closed:
    """A worker takes the next event as soon as it is free."""

    kind: Literal["closed"] = "closed"


@model(frozen=True, config={"extra": "forbid"})
class Constant:
    """Event n is due at n / rate seconds; `rate` per second over all workers."""

    rate: PositiveRate
    kind: Literal["constant"] = "constant"

    def blocks(self, _seed: tuple[int, ...]) -> Iterator[Offsets]:
        """Seconds from the stage's start, in blocks of BLOCK."""
        first = 0
        while True:
            yield np.arange(first, first + BLOCK) / self.rate
            first += BLOCK


@model(frozen=True, config={"extra": "forbid"})
class Poisson:
    """Independent exponential gaps with mean 1 / rate seconds; `rate` per second over all workers."""

    rate: PositiveRate
    kind: Literal["poisson"] = "poisson"

    def blocks(self, seed: tuple[int, ...]) -> Iterator[Offsets]:
        """Seconds from the stage's start, in blocks of BLOCK."""
        random = np.random.default_rng(seed)
        last = 0.0
        while True:
            block = last + np.cumsum(random.exponential(1 / self.rate, BLOCK))
            last = float(block[-1])
            yield block


Process = Literal["poisson", "constant"]
"""How events keep to a rate that changes: by chance, or evenly."""


@model(frozen=True, config={"extra": "forbid"})
class Bursts:
    """`rate` a second, `factor` times that for `for_s` of every `every_s` seconds: from `from_s` on, or at the end."""

    rate: PositiveRate
    factor: Annotated[float, Field(ge=1, le=1e4)] = 10.0
    every_s: PositiveSeconds = 300.0
    for_s: PositiveSeconds = 30.0
    process: Process = "poisson"
    from_s: Annotated[float, Field(ge=0, le=1e7)] | None = None
    kind: Literal["bursts"] = "bursts"

    def __post_init__(self) -> None:
        if self.for_s + (self.from_s or 0) > self.every_s or self.for_s == self.every_s:
            raise ValueError("for_s must be shorter than every_s, and end inside it")

    def blocks(self, seed: tuple[int, ...]) -> Iterator[Offsets]:
        """Seconds from the stage's start, in blocks of BLOCK."""
        from_s = self.every_s - self.for_s if self.from_s is None else self.from_s
        seconds = np.array([0, from_s, from_s + self.for_s, self.every_s])
        events = np.cumsum([0, *(self.rate * np.array([1, self.factor, 1]) * np.diff(seconds))])
        for expected in _expected(self.process, seed):
            turn, rest = np.divmod(expected, events[-1])
            yield turn * self.every_s + np.interp(rest, events, seconds)


@model(frozen=True, config={"extra": "forbid"})
class Ramp:
    """From `rate` to `to` a second in `over_s` seconds, in a straight line, and then on at `to`."""

    rate: PositiveRate
    to: PositiveRate
    over_s: PositiveSeconds
    process: Process = "poisson"
    kind: Literal["ramp"] = "ramp"

    def blocks(self, seed: tuple[int, ...]) -> Iterator[Offsets]:
        """Seconds from the stage's start, in blocks of BLOCK."""
        slope = (self.to - self.rate) / self.over_s
        total = (self.rate + self.to) / 2 * self.over_s
        for expected in _expected(self.process, seed):
            on_ramp = np.minimum(expected, total)
            # The root of rate x t + slope / 2 x t^2 = expected, in the form that holds for slope 0, too.
            # At the end of a steep fall what is under it may round to less than zero.
            root = np.sqrt(np.maximum(self.rate**2 + 2 * slope * on_ramp, 0))
            yield 2 * on_ramp / (self.rate + root) + (expected - on_ramp) / self.to


@model(frozen=True, config={"extra": "forbid"})
class Sine:
    """A day of `period_s` seconds, from midnight: `rate` on average, at noon `swing` of it more, at night less."""

    rate: PositiveRate
    period_s: PositiveSeconds
    swing: Annotated[float, Field(ge=0, lt=1)] = 0.8
    process: Process = "poisson"
    kind: Literal["sine"] = "sine"

    def blocks(self, seed: tuple[int, ...]) -> Iterator[Offsets]:
        """Seconds from the stage's start, in blocks of BLOCK."""
        for expected in _expected(self.process, seed):
            # Kepler's equation, x - swing x sin(x) = y: bisection is certain where Newton's steps are wild.
            mean = expected / (self.rate * self.period_s) * 2 * np.pi
            low, high = mean - self.swing, mean + self.swing
            for _ in range(54):  # halves 2 rad, of the longest period, to a fifth of a nanosecond
                middle = (low + high) / 2
                above = middle - self.swing * np.sin(middle) > mean
                low, high = np.where(above, low, middle), np.where(above, middle, high)
            yield (low + high) / 2 * self.period_s / (2 * np.pi)


@model(frozen=True, config={"extra": "forbid"})
class Backlog:
    """`backlog` events that are due at once, as after an outage, and `rate` a second more by chance."""

    rate: PositiveRate
    backlog: Annotated[int, Field(ge=1, le=1 << 31)]
    kind: Literal["backlog"] = "backlog"

    def blocks(self, seed: tuple[int, ...]) -> Iterator[Offsets]:
        """Seconds from the stage's start, in blocks of at most BLOCK."""
        for first in range(0, self.backlog, BLOCK):
            yield np.zeros(min(BLOCK, self.backlog - first))
        yield from Poisson(self.rate).blocks(seed)


Open = Constant | Poisson | Bursts | Ramp | Sine | Backlog
Arrivals = Annotated[Closed | Open, Field(discriminator="kind")]


def at_rate(arrivals: "Closed | Open", rate: float) -> "Closed | Open":
    """The same arrivals at another base rate: a ramp's end and a backlog keep their proportion to it."""
    if isinstance(arrivals, Closed):
        return arrivals
    factor = rate / arrivals.rate
    if isinstance(arrivals, Ramp):
        return replace(arrivals, rate=rate, to=arrivals.to * factor)
    if isinstance(arrivals, Backlog):
        return replace(arrivals, rate=rate, backlog=max(round(arrivals.backlog * factor), 1))
    return replace(arrivals, rate=rate)


def _expected(process: Process, seed: tuple[int, ...]) -> Iterator[Offsets]:
    """For each event how many are expected by its time: what a rate's integral maps to seconds."""
    return (Poisson if process == "poisson" else Constant)(1.0).blocks(seed)


@dataclass(frozen=True, slots=True)
class Stripe:
    """The events n of a global schedule with `first <= n % of < last`: a process's share, by its users."""

    first: int = 0
    last: int = 1
    of: int = 1

    def __post_init__(self) -> None:
        if not 0 <= self.first < self.last <= self.of:
            raise ValueError(f"not a stripe: {self.first} to {self.last} of {self.of}")

    def nth(self, k: int) -> int:
        """The k-th event of this stripe."""
        turn, place = divmod(k, self.last - self.first)
        return turn * self.of + self.first + place

    def holds(self, n: int) -> bool:
        """Whether event n is in this stripe."""
        return self.first <= n % self.of < self.last

    def first_from(self, n: int) -> int:
        """The first number from n on that is in this stripe."""
        turn, place = divmod(n, self.of)
        if place < self.first:
            return n - place + self.first
        return n if place < self.last else (turn + 1) * self.of + self.first

    def count(self, total: int) -> int:
        """How many of the first `total` events are in this stripe."""
        turns, rest = divmod(total, self.of)
        return turns * (self.last - self.first) + min(max(rest - self.first, 0), self.last - self.first)


def schedule(arrivals: Timetable, seed: tuple[int, ...], stripe: Stripe) -> Iterator[tuple[int, float]]:
    """(n, seconds from the stage's start) of the stripe's events, in order, without end."""
    first = 0
    for block in arrivals.blocks(seed):
        numbers = np.arange(first, first + len(block))
        mine = (numbers % stripe.of >= stripe.first) & (numbers % stripe.of < stripe.last)
        yield from zip(numbers[mine].tolist(), block[mine].tolist(), strict=True)
        first += len(block)
