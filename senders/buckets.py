"""How Locust's statistics round a latency. Apart from the rest of them, since importing Locust patches the process."""


def three_digits(milliseconds: float) -> float:
    """A latency rounded to three significant digits: at most 900 buckets a decade.

    Locust's own rounding keeps two, and calls everything under half a millisecond 0.
    """
    if milliseconds < 10:
        return round(milliseconds, 2) if milliseconds >= 1 else round(milliseconds, 3)
    if milliseconds < 1000:
        return round(milliseconds, 1) if milliseconds < 100 else round(milliseconds)
    return round(milliseconds, -1) if milliseconds < 10_000 else round(milliseconds, -2)
