"""Is the queue growing without end? A stage whose load is more than is delivered is ended, and says so."""

from collections import deque

FLOOR = 100
"""Growth of fewer events is none: a queue breathes."""


class Watchdog:
    """Watches one stage's queue. Times are seconds of any steady clock."""

    def __init__(self, limit_s: float) -> None:
        """`limit_s` is how long a queue may grow."""
        self._limit_s = limit_s
        self._seen: deque[tuple[float, int]] = deque()

    def growing_s(self, now_s: float, queued: int) -> float | None:
        """Take a look; for how long the queue has grown, once that is longer than allowed.

        It grows if nothing in the last `limit_s` was as low as its beginning, and its later half was higher than
        its earlier one: a queue that jumped up and drains again does not.
        """
        seen = self._seen
        seen.append((now_s, queued))
        while len(seen) > 1 and seen[1][0] <= now_s - self._limit_s:
            seen.popleft()
        began, lowest = seen[0]
        if now_s - began < self._limit_s or queued - lowest < FLOOR:
            return None
        rest = [number for _, number in seen][1:]
        half = len(rest) // 2
        if not half or min(rest) <= lowest or sum(rest[half:]) / (len(rest) - half) <= sum(rest[:half]) / half:
            return None
        return now_s - began
