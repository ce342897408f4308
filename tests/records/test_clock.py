"""Wall-clock time that never steps."""

import time

from records.clock import Clock, boot_id


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
