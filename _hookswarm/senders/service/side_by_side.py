"""Does something in many places, some of them side by side, and says meanwhile how far it has come."""

import time
from collections.abc import Callable, Sequence

import gevent
from gevent.pool import Pool

from _hookswarm.common.wording import clock, figure

PROGRESS_S = 2.0
LONG_S = 60.0
"""What takes longer deserves advice."""


def side_by_side(
    places: Sequence[int],
    one: Callable[[int], bool],
    at_once: int,
    told: str,
    say: Callable[[str], object],
    advice: str = "",
    given_up: Callable[[], bool] = lambda: False,
) -> None:
    """Call `one` for each place, `at_once` at a time; it returns whether it came to its end, and raises nothing.

    `told` has {} for how many did; `advice` is said once where it takes long. Nothing begins once it is `given_up`.
    """
    done = 0

    def counted(place: int) -> None:
        nonlocal done
        if one(place):
            done += 1

    pool = Pool(at_once)
    teller = gevent.spawn(_tell, lambda: done, len(places), told, say, advice)
    try:
        for place in places:
            pool.spawn(counted, place)
            if given_up():
                break
        pool.join()
    finally:
        teller.kill()


def _tell(done: Callable[[], int], of: int, told: str, say: Callable[[str], object], advice: str) -> None:
    began, advised = time.monotonic(), False
    while True:
        gevent.sleep(PROGRESS_S)
        rate = done() / (time.monotonic() - began)
        left_s = (of - done()) / rate if rate else None
        pace = f", {figure(rate)} a second" + (f", {clock(round(left_s))} left" if left_s is not None else "")
        say(f"{told.format(f'{done():,}')}{pace}")
        if advice and not advised and left_s is not None and left_s > LONG_S:
            advised = True
            say(advice)
