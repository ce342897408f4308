"""Locust's statistics: its rounding replaced by ours."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from senders.buckets import three_digits

LATENCY_MS = st.floats(1, 100_000)


@given(LATENCY_MS)
def test_three_digits_are_kept(milliseconds: float) -> None:
    """From 1 ms to 100 s a rounded latency is less than 0.5 % off."""
    assert abs(three_digits(milliseconds) - milliseconds) < 0.005 * milliseconds


@given(LATENCY_MS, LATENCY_MS)
def test_rounding_keeps_the_order(one: float, other: float) -> None:
    """A longer latency is never rounded to less than a shorter one."""
    low, high = sorted([one, other])
    assert three_digits(low) <= three_digits(high)


@pytest.mark.parametrize("edge", [1.0, 10.0, 100.0, 1_000.0, 10_000.0])
def test_the_edges_of_decades_meet(edge: float) -> None:
    """Just below and just above a power of ten, rounding agrees."""
    assert three_digits(edge * (1 - 1e-9)) == three_digits(edge) == edge


def test_below_a_millisecond_there_are_microseconds() -> None:
    """What Locust calls 0 keeps its microseconds."""
    assert three_digits(0.4321) == 0.432
    assert three_digits(0) == 0


def test_buckets_are_few() -> None:
    """A decade has at most 901 buckets, so that Locust's tables stay small."""
    for decade in (1, 10, 100, 1_000, 10_000):
        assert len({three_digits(decade * (1 + 9 * n / 50_000)) for n in range(50_001)}) <= 901


@pytest.mark.slow
def test_locust_rounds_as_we_do() -> None:
    """Once replaced, Locust's percentiles hold three digits. In a process of its own: Locust patches it."""
    program = """
from locust.stats import RequestStats
from senders.locust_stats import keep_three_digits
keep_three_digits()
stats = RequestStats()
for n in range(100):
    stats.log_request("DELIVERY", "x", 12.345 + n / 1000, 0)
print(stats.total.get_response_time_percentile(0.5))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert float(done.stdout) == 12.4
