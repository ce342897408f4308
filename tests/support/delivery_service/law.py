"""When a failed delivery is tried again."""

import math
from dataclasses import dataclass
from random import Random


@dataclass(frozen=True)
class Law:
    """Waits in seconds, counted from the failed attempt's end; there is one attempt more than there are waits."""

    waits_s: tuple[float, ...] = (1.0, 3.0, 9.0)
    jitter: float = 0.0
    """Each wait is spread evenly over ± this share of it."""
    clock_s: float = 0.0
    """What falls due is looked for at the multiples of this only; 0: at once."""
    honours_retry_after: bool = True

    def due(self, failed: int, now: float, retry_after_s: float, random: Random) -> float | None:
        """When the next attempt falls due, when `failed` have failed; None: no more.

        `now` and the answer are seconds since the epoch. Of the wait and `Retry-After` (0: none) the larger counts.
        """
        if failed > len(self.waits_s):
            return None
        wait = self.waits_s[failed - 1] * (1 + random.uniform(-self.jitter, self.jitter))
        due = now + (max(wait, retry_after_s) if self.honours_retry_after else wait)
        return math.ceil(due / self.clock_s) * self.clock_s if self.clock_s else due
