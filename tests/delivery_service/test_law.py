"""When a failed delivery falls due again."""

from random import Random

import pytest

from tests.support.delivery_service.law import Law

NOW = 1_000_000.0
RANDOM = Random(1)


def waits(law: Law, retry_after_s: float = 0.0) -> list[float]:
    """What is waited after each failure until it gives up."""
    dues = (law.due(failed, NOW, retry_after_s, RANDOM) for failed in range(1, 10))
    return [due - NOW for due in dues if due is not None]


def test_waits_are_those_of_the_list() -> None:
    """One attempt more than there are waits."""
    assert waits(Law((1, 3, 9))) == [1, 3, 9]
    assert waits(Law(())) == []


def test_jitter_spreads_both_ways() -> None:
    """Evenly, over that share of the wait."""
    spread = [wait for _ in range(400) for wait in waits(Law((10,), jitter=0.2))]
    assert 8 <= min(spread) < 8.2
    assert 11.8 < max(spread) <= 12
    assert sum(spread) / len(spread) == pytest.approx(10, abs=0.2)


def test_a_clock_rounds_up() -> None:
    """A wait ends at a multiple of the clock, never early."""
    assert waits(Law((1, 3, 9), clock_s=5)) == [5, 5, 10]


@pytest.mark.parametrize(("honours", "expected"), [(True, [4, 4, 9]), (False, [1, 3, 9])])
def test_the_larger_of_wait_and_retry_after_counts(honours: bool, expected: list[float]) -> None:
    """Unless it is ignored."""
    assert waits(Law((1, 3, 9), honours_retry_after=honours), retry_after_s=4) == expected
