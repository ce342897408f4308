"""A declared retry law, read from the plan: the delays that it allows.

Stated apart from the sender, so that the one can be checked against the other. Times are seconds.
"""

from typing import Literal

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel

from _hookswarm.analysis.reading.rows import Ints

Floats = npt.NDArray[np.float64]

NO_LIMIT_S = 1e7


class Jitter(BaseModel):
    """What chance does to the delay: see `Law.range_s`. Only `additive` has `least_s` and `most_s`."""

    kind: Literal["none", "full", "equal", "decorrelated", "proportional", "additive"] = "none"
    share: float = 0.0
    least_s: float = 0.0
    most_s: float = NO_LIMIT_S


class RetryAfter(BaseModel):
    """A sender that waits as long as an answer asks; a law without one ignores it."""

    statuses: tuple[int, ...] = ()
    """Answers whose `Retry-After` counts; empty: any."""


class Law(BaseModel):
    """What a sender declares of its retries, as far as its attempts can be held against it."""

    retries: int = 0
    growth: Literal["fixed", "linear", "exponential", "schedule"] = "fixed"
    delay_s: float = 0.0
    factor: float = 2.0
    schedule_s: tuple[float, ...] = ()
    cap_s: float = NO_LIMIT_S
    jitter: Jitter = Jitter()
    retry_after: RetryAfter | None = RetryAfter()
    throttled_least_s: float = 0.0
    disable_on_gone: bool = True
    give_up_s: float = NO_LIMIT_S

    def base_s(self, retry: Ints) -> Floats:
        """The delay before the n-th retry (from 1), without jitter."""
        match self.growth:
            case "fixed":
                delay = np.full(len(retry), self.delay_s)
            case "linear":
                delay = self.delay_s * retry
            case "exponential":
                with np.errstate(over="ignore"):
                    # Finite, so that no delay at all stays none.
                    delay = self.delay_s * np.minimum(self.factor ** (retry - 1.0), 1e300)
            case "schedule":
                delay = np.array(self.schedule_s)[np.minimum(retry, len(self.schedule_s)) - 1]
        capped: Floats = np.minimum(delay, min(self.cap_s, NO_LIMIT_S))
        return capped

    def range_s(self, retry: Ints, previous_s: Floats) -> tuple[Floats, Floats]:
        """The least and the most delay before the n-th retry, of which chance takes any alike; the most before the cap.

        `previous_s` is the delay before the retry before, 0 for the first.
        """
        base, jitter = self.base_s(retry), self.jitter
        match jitter.kind:
            case "none":
                return base, base
            case "full":
                return np.zeros_like(base), base
            case "equal":
                return base / 2, base
            case "decorrelated":
                first = self.base_s(np.ones_like(retry))
                return first, 3 * np.maximum(previous_s, first)
            case "proportional":
                return base * (1 - jitter.share), base * (1 + jitter.share)
            case "additive":
                return base, base + np.clip(base * jitter.share, jitter.least_s, jitter.most_s)
