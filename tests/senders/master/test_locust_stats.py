"""Locust's statistics: its rounding replaced by ours."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from _hookswarm.senders.exchange.buckets import Percentiles, three_digits

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


DISTRIBUTIONS = st.dictionaries(st.floats(0, 1e5), st.integers(1, 1_000), max_size=30)


@given(st.lists(DISTRIBUTIONS, max_size=3), st.lists(st.floats(0, 1), max_size=5))
def test_percentiles_are_locusts(distributions: list[dict[float, int]], shares: list[float]) -> None:
    """For any distributions, asked in turn and growing, our percentiles are those that Locust sorts for."""
    percentile = Percentiles()
    for _ in range(2):
        for counts in distributions:
            total = sum(counts.values())
            for share in shares:
                assert percentile(counts, total, share) == _as_locust(counts, total, share)
        for counts in distributions:
            counts[1.5] = counts.get(1.5, 0) + 1


def _as_locust(counts: dict[float, int], total: int, share: float) -> float:
    """`locust.stats.calculate_response_time_percentile` of 2.47, word for word; importing it patches the process."""
    wanted, processed = int(total * share), 0
    for latency in sorted(counts, reverse=True):
        processed += counts[latency]
        if total - processed <= wanted:
            return latency
    return 0


@pytest.mark.slow
def test_locust_rounds_as_we_do() -> None:
    """Once replaced, Locust's percentiles hold three digits. In a process of its own: Locust patches it."""
    program = """
from locust.stats import RequestStats
from _hookswarm.senders.master.locust_stats import sharpen_percentiles
sharpen_percentiles()
stats = RequestStats()
for n in range(100):
    stats.log_request("DELIVERY", "x", 12.345 + n / 1000, 0)
print(stats.total.get_response_time_percentile(0.5))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert float(done.stdout) == 12.4


@pytest.mark.slow
def test_locust_grows_by_the_second_and_not_by_the_delivery() -> None:
    """What its master keeps of every second is less than a kilobyte: a day is tens of megabytes. `-s` prints it."""
    program = """
import random
import tracemalloc
from types import SimpleNamespace
from locust import stats as locust
from _hookswarm.senders.master.locust_stats import sharpen_percentiles
sharpen_percentiles()
now = 1.8e9
locust.time.time = lambda: now
tracemalloc.start()
stats = locust.RequestStats()
stats.get("x", "DELIVERY").use_response_times_cache = False
runner = SimpleNamespace(stats=stats, user_count=8)
def play(hours, rate):
    global now
    before = tracemalloc.get_traced_memory()[0]
    for second in range(hours * 3600):
        now += 1
        for _ in range(rate):
            stats.log_request("DELIVERY", "x", random.lognormvariate(0, 0.5), 0)
        if second % locust.HISTORY_STATS_INTERVAL_SEC == 0:
            locust.update_stats_history(runner)
    return (tracemalloc.get_traced_memory()[0] - before) / (hours * 3600)
random.seed(1)
play(1, 10)  # nearly all latencies that there are have been seen then
print(play(3, 1), play(3, 3))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=True)
    print(f"bytes a second at 1 and 3 deliveries a second: {done.stdout}")
    assert all(50 < float(found) < 1_000 for found in done.stdout.split())
