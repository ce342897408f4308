"""Exact quantiles."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from _hookswarm.analysis.deliveries import quantiles
from _hookswarm.analysis.schema.base import Quantiles

LEVELS = {"p50": Fraction(50, 100), "p90": Fraction(90, 100), "p95": Fraction(95, 100), "p99": Fraction(99, 100)}
LEVELS["p999"] = Fraction(999, 1000)


def _of(values: list[float]) -> Quantiles:
    return quantiles.quantiles_of(np.array(values, np.float64))


@given(st.lists(st.floats(0, 1e6).map(lambda value: round(value, 4)), min_size=1, max_size=300))
def test_nearest_rank(values: list[float]) -> None:
    """Each quantile is the observed value whose rank is the level's share of the count, rounded up."""
    found = _of(values)
    for name, level in LEVELS.items():
        assert getattr(found, name) == sorted(values)[math.ceil(level * len(values)) - 1], name
    assert found.count == len(values)
    assert found.max == max(values)
    assert found.mean == pytest.approx(math.fsum(values) / len(values), abs=1e-4, rel=1e-9)


@pytest.mark.parametrize("count", [1, 2, 20, 99, 100, 101, 999, 1_000, 1_001, 7_000, 20_000])
def test_ranks_are_exact_at_round_counts(count: int) -> None:
    """Where level times count is a whole number, floating point does not push the rank to its neighbour."""
    found = _of([float(rank) for rank in range(count, 0, -1)])
    for name, level in LEVELS.items():
        assert getattr(found, name) == math.ceil(level * count), name


def test_nothing_observed() -> None:
    """Of nothing there is a count of 0 and no figure."""
    found = _of([])
    assert found.count == 0
    assert set(found.model_dump(exclude={"count"}).values()) == {None}


def test_figures_are_rounded_to_a_tenth_of_a_microsecond() -> None:
    """Reports hold four digits behind the point of a millisecond, not a float's noise."""
    found = _of([1 / 3])
    assert found.p50 == found.mean == found.max == 0.3333
