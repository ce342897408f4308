"""What Locust's statistics do with a latency. In a file of its own, since importing Locust patches the process."""

from bisect import bisect_left
from itertools import accumulate


def three_digits(milliseconds: float) -> float:
    """A latency rounded to three significant digits: at most 900 buckets a decade.

    Locust's own rounding keeps two, and calls everything under half a millisecond 0.
    """
    # By whole numbers: `round` to digits works on text, and this runs twice a delivery.
    if milliseconds < 10:
        return int(milliseconds * 100 + 0.5) / 100 if milliseconds >= 1 else int(milliseconds * 1000 + 0.5) / 1000
    if milliseconds < 1000:
        return int(milliseconds * 10 + 0.5) / 10 if milliseconds < 100 else int(milliseconds + 0.5)
    return round(milliseconds, -1) if milliseconds < 10_000 else round(milliseconds, -2)


class Percentiles:
    """Locust's `calculate_response_time_percentile`, but a distribution is sorted once for all that is asked of it.

    Locust sorts anew for each of a dozen percentiles, every second: with three digits that holds the senders up.
    """

    def __init__(self) -> None:
        self._counts: dict[float, int] = {}
        self._requests = 0
        self._latencies: list[float] = []
        self._reached: list[int] = []
        """How many requests took at least so long as the latency of the same place."""

    def __call__(self, response_times: dict[float, int], num_requests: int, percent: float) -> float:
        """The latency within which a share of the requests finished; 0 without any. `response_times` only grows."""
        if response_times is not self._counts or num_requests != self._requests:
            self._counts, self._requests = response_times, num_requests
            self._latencies = sorted(response_times, reverse=True)
            self._reached = list(accumulate(response_times[latency] for latency in self._latencies))
        place = bisect_left(self._reached, num_requests - int(num_requests * percent))
        return self._latencies[place] if place < len(self._latencies) else 0
