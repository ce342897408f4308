"""The retry law that a service promises."""

from _hookswarm.senders.service.promises import LONGEST_S, Retry


def test_waits_of_a_list_of_a_factor_and_of_a_cap() -> None:
    """The last of a list stays; what grows stays at its cap."""
    assert [Retry(waits_s=(1, 3, 9)).wait_s(retry) for retry in (1, 2, 3, 4)] == [1, 3, 9, 9]
    assert [Retry(first_s=0.5, factor=2.0, cap_s=3).wait_s(retry) for retry in (1, 2, 3, 4, 5)] == [0.5, 1, 2, 3, 3]


def test_a_law_without_an_end_has_waits_that_are_numbers() -> None:
    """However fast it grows, and however late it is asked."""
    law = Retry(first_s=1, factor=10.0)
    assert law.wait_s(10_000) == LONGEST_S
    assert law.longest_s(10_000) == LONGEST_S
