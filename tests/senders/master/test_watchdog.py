"""When a queue counts as growing without end. Time is a number."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from _hookswarm.senders.master.watchdog import FLOOR, Watchdog


def first_alarm(queue: list[int], limit_s: float = 10) -> int | None:
    """The second at which the watchdog speaks up, one look a second."""
    watchdog = Watchdog(limit_s)
    return next((at for at, queued in enumerate(queue) if watchdog.growing_s(at, queued) is not None), None)


def test_a_steady_growth_is_told_when_its_time_is_up() -> None:
    """Fifty events more every second are an overload after ten seconds, not before."""
    assert first_alarm([50 * second for second in range(30)]) == 10
    watchdog = Watchdog(10)
    said = [watchdog.growing_s(second, 50 * second) for second in range(12)]
    assert said[:10] == [None] * 10
    assert said[10:] == [10, 10]


def test_growth_that_begins_late_is_found() -> None:
    """A quiet first hour does not hide what comes then."""
    assert first_alarm([3] * 3600 + [3 + 20 * second for second in range(30)]) == 3610


@pytest.mark.parametrize(
    "queue",
    [
        pytest.param([0] * 100, id="empty"),
        pytest.param([5000 - 50 * second for second in range(100)], id="a backlog that drains"),
        pytest.param([0] * 5 + [3000 - 60 * second for second in range(50)], id="a jump that drains"),
        pytest.param([500 + (second * 7919) % 400 for second in range(300)], id="a noisy level"),
        pytest.param([max(0, 100 * (second % 20 - 12)) for second in range(200)], id="bursts shorter than the limit"),
        pytest.param([second // 2 for second in range(2 * FLOOR)], id="growth too small to mind"),
    ],
)
def test_what_is_no_overload(queue: list[int]) -> None:
    """Levels, drains and bursts are part of a healthy run."""
    assert first_alarm(queue) is None


@given(level=st.integers(0, 10_000), noise=st.lists(st.integers(0, 50), min_size=60, max_size=60))
def test_a_level_is_never_an_overload(level: int, noise: list[int]) -> None:
    """Whatever a queue does within the floor, it does not grow."""
    assert first_alarm([level + more for more in noise]) is None
