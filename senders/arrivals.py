"""When events fall due: a pure function of (seed, n), the same in every process.

A process takes its stripe of one global schedule, so that N processes together make exactly that schedule.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
from pydantic import Field
from pydantic.dataclasses import dataclass as model

BLOCK = 4096
"""Arrivals computed at a time."""

Offsets = npt.NDArray[np.float64]
PositiveRate = Annotated[float, Field(gt=0, le=1e6, allow_inf_nan=False)]


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


Open = Constant | Poisson
Arrivals = Annotated[Closed | Constant | Poisson, Field(discriminator="kind")]


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

    def count(self, total: int) -> int:
        """How many of the first `total` events are in this stripe."""
        turns, rest = divmod(total, self.of)
        return turns * (self.last - self.first) + min(max(rest - self.first, 0), self.last - self.first)


def schedule(arrivals: Open, seed: tuple[int, ...], stripe: Stripe) -> Iterator[tuple[int, float]]:
    """(n, seconds from the stage's start) of the stripe's events, in order, without end."""
    first = 0
    for block in arrivals.blocks(seed):
        numbers = np.arange(first, first + len(block))
        mine = (numbers % stripe.of >= stripe.first) & (numbers % stripe.of < stripe.last)
        yield from zip(numbers[mine].tolist(), block[mine].tolist(), strict=True)
        first += len(block)
