"""Rates as they are typed, and the bound that holds."""

import pytest

from _hookswarm.common.errors import ConfigError
from _hookswarm.senders.plan.rates import Bound, bound_of, rate_of


def test_a_rate_is_a_number_above_nothing() -> None:
    """None where nobody gave one; zero is no rate."""
    assert rate_of("--rate", "") is None
    assert rate_of("--rate", "0.5") == 0.5
    for text in ("0", "-1", "nan", "inf", "1e7", "0.001"):
        with pytest.raises(ConfigError, match=rf"--rate {text} is out of range: write 0.01 to 1000000 a second"):
            rate_of("--rate", text)
    with pytest.raises(ConfigError, match=r"--max-rate: 'fast' is not a number: write 5 or 0.5"):
        rate_of("--max-rate", "fast")


@pytest.mark.parametrize(
    ("max_rate", "rate", "ours", "beyond", "per_s"),
    [
        (7, 5, False, True, 7), (7, None, True, False, 7),
        (None, 5, False, False, 5), (None, 5, False, True, 5), (None, 5, True, True, None),
        (None, None, False, True, 50), (None, None, False, False, None), (None, None, True, True, None),
    ],
)  # fmt: skip
def test_whose_receivers_they_are_decides(
    max_rate: float | None, rate: float | None, ours: bool, beyond: bool, per_s: float | None
) -> None:
    """What is given holds; at others' receivers the base rate does, and beyond loopback 50 without one."""
    found = bound_of(max_rate, rate, ours, beyond)
    assert (found.per_s if found else None) == per_s


def test_a_bound_that_nobody_gave_says_why() -> None:
    """And what changes it."""
    assert Bound(5).told() == "at most 5 attempts a second"
    found = bound_of(None, None, ours=False, beyond_loopback=True)
    assert found
    assert found.told().startswith("at most 50 attempts a second: the target is beyond this machine; --rate or")
