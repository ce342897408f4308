"""A queue that is looked at slowly while nothing comes."""

import math


class SlowPoll:
    """After `poll_s` without an event it is looked at only at the multiples of that; else at once."""

    def __init__(self, poll_s: float) -> None:
        self._poll_s = poll_s
        self._looked = -math.inf
        """When the queue was looked at last, or will be next."""

    def look_at(self, now: float) -> float:
        """When what is pushed at `now` is seen: `now`, or later."""
        if now > self._looked + self._poll_s:
            self._looked = math.ceil(now / self._poll_s) * self._poll_s if self._poll_s else now
        self._looked = max(now, self._looked)
        return self._looked
