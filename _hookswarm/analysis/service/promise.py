"""A service's promised retry law, read from the run's manifest: the waits that it allows.

Stated apart from the service's table, so that the one can be checked against the other. Times are seconds.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel

from _hookswarm.analysis.reading.rows import Ints
from _hookswarm.common.wording import figure

Floats = npt.NDArray[np.float64]
SHOWN = 8
"""Waits that a text names."""


def listed(waits: Sequence[str]) -> str:
    """`1, 3, 9 s`; of many the first: `1, 2, 4 … s`."""
    return f"{', '.join(waits[:SHOWN])}{' …' * (len(waits) > SHOWN)} s"


class Promise(BaseModel):
    """What a service says of its retries."""

    counts_from: Literal["end", "begin"] = "end"
    """Of the attempt that failed."""
    waits_s: tuple[float, ...] = ()
    first_s: float | None = None
    factor: float = 1.0
    cap_s: float | None = None
    attempts: int | None = None
    gives_up_s: float | None = None
    spread: float = 0.0
    added: float = 0.0
    added_least_s: float = 0.0
    added_most_s: float | None = None
    clock_s: float = 0.0
    delay_s: float = 0.0

    @property
    def most_attempts(self) -> int | None:
        """In all; None: no end is told."""
        return self.attempts or (len(self.waits_s) + 1 if self.waits_s else None)

    @property
    def jitters(self) -> bool:
        """Whether chance has a part in it."""
        return bool(self.spread or self.added or self.added_least_s)

    @property
    def is_even(self) -> bool:
        """Whether any wait of a range is as likely: not so where it is both spread and added to."""
        return self.jitters and not (self.spread and (self.added or self.added_least_s))

    def base_s(self, retry: Ints) -> Floats:
        """The wait before the n-th retry (from 1), without what chance adds."""
        if self.waits_s:
            waits: Floats = np.array(self.waits_s)[np.minimum(retry, len(self.waits_s)) - 1]
            return waits
        with np.errstate(over="ignore"):
            base: Floats = (self.first_s or 0.0) * np.minimum(self.factor ** (retry - 1.0), 1e300)
        capped: Floats = base if self.cap_s is None else np.minimum(base, self.cap_s)
        return capped

    def range_s(self, retry: Ints) -> tuple[Floats, Floats]:
        """The least and the most wait before the n-th retry, before any clock rounds it up."""
        base = self.base_s(retry)
        most = np.inf if self.added_most_s is None else self.added_most_s
        added = np.minimum(np.maximum(base * self.added, self.added_least_s), most)
        return base * (1 - self.spread), base * (1 + self.spread) + added

    def waits_told(self) -> str:
        """For people: `1, 3, 9 s`, or `0.5 s, each 1.5 times the one before, at most 60 s`."""
        if self.waits_s:
            return listed([figure(wait) for wait in self.waits_s])
        each = "each time" if self.factor == 1 else f"each {figure(self.factor)} times the one before"
        cap = "" if self.cap_s is None else f", at most {figure(self.cap_s)} s"
        return f"{figure(self.first_s)} s, {each}{cap}"

    def jitter_told(self) -> str:
        """For people: `uniform ±20 %`, or `none`."""
        parts = [f"uniform ±{self.spread:.0%}"] if self.spread else []
        if self.added or self.added_least_s:
            least = f", at least {figure(self.added_least_s)} s" if self.added_least_s else ""
            most = "" if self.added_most_s is None else f", at most {figure(self.added_most_s)} s"
            parts.append(f"up to {self.added:.0%} added{least}{most}")
        return " and ".join(parts) or "none"
