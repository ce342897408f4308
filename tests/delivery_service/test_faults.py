"""Which deliveries meet a fault."""

from collections import Counter
from random import Random

import pytest

from tests.support.delivery_service.faults import Fault, Faults


def test_each_fault_meets_its_share() -> None:
    """And the rest meets none."""
    random = Random(1)
    faults = Faults(forget=0.1, double=0.2, swap=0.3, corrupt=0.05, misdeliver=0.15)
    drawn = Counter(faults.draw(random) for _ in range(10_000))
    for fault, share in zip(Fault, (0.2, 0.1, 0.2, 0.3, 0.05, 0.15), strict=True):
        assert drawn[fault] / 10_000 == pytest.approx(share, abs=0.02)


def test_an_honest_service_meets_none() -> None:
    """Not once."""
    random = Random(1)
    assert {Faults().draw(random) for _ in range(1000)} == {Fault.NONE}


def test_a_seed_decides() -> None:
    """The same one draws the same again."""
    first, second = ([Faults(forget=0.5).draw(random) for _ in range(50)] for random in (Random(7), Random(7)))
    assert first == second
