"""Wall-clock time that never steps."""

import time
from random import Random

from _hookswarm.records.clock import Clock, Exchange, Offset, boot_id, measure_offset


def test_the_clock_tells_the_time() -> None:
    """A fresh clock agrees with the system's."""
    before = time.time_ns()
    now = Clock().now()
    assert before - 1_000_000 <= now <= time.time_ns() + 1_000_000


def test_the_clock_follows_its_anchor() -> None:
    """Time is the anchor plus the monotonic clock, whatever the system's clock does meanwhile."""
    before = time.monotonic_ns()
    now = Clock(anchor_ns=1_000_000_000_000_000_000).now() - 1_000_000_000_000_000_000
    assert before <= now <= time.monotonic_ns()


def test_the_clock_never_goes_back() -> None:
    """Ten thousand readings are in order."""
    clock = Clock()
    readings = [clock.now() for _ in range(10_000)]
    assert readings == sorted(readings)


def test_the_boot_has_one_name() -> None:
    """Two readings since one boot name the same boot."""
    assert boot_id() == boot_id()


def test_the_shortest_round_trip_tells_the_offset() -> None:
    """A clock two seconds ahead, asked thrice: the long trips, which say something else, don't count."""
    second = 10**9
    exchanges = [
        Exchange(0, 2 * second + 900, 1_000),
        Exchange(5_000, 2 * second + 5_060, 5_100),
        Exchange(9, 9, 99_999),
    ]
    assert measure_offset(exchanges) == Offset(2 * second + 10, 50)


def test_the_true_offset_lies_within_the_uncertainty() -> None:
    """Whatever part of each round trip is the way there."""
    random = Random(7)
    for _ in range(200):
        true = random.randrange(-(10**12), 10**12)
        exchanges = []
        for _ in range(8):
            there, back = random.randrange(1, 10**6), random.randrange(1, 10**6)
            asked = random.randrange(10**12)
            exchanges.append(Exchange(asked, asked + there + true, asked + there + back))
        found = measure_offset(exchanges)
        assert abs(found.ns - true) <= found.uncertainty_ns + 1
