"""Trends of memory: what is planted is found, and what only looks like a leak is not called one."""

from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest

from _hookswarm.analysis.resources.trend import LEAST, Floats, Growth, Trend, trend_of
from tests.support.samples import MB

SAMPLES, EVERY_S = 90, 0.5
AT: Floats = np.arange(SAMPLES, dtype=np.float64) * EVERY_S
TRIALS = 200

Random = np.random.Generator


def noise(random: Random) -> Floats:
    level: Floats = random.uniform(50, 200) * MB + random.normal(0, random.uniform(0.02, 0.3) * MB, SAMPLES)
    return level


def leak(random: Random) -> Floats:
    level = noise(random)
    level += AT * random.uniform(0.04, 1) * level.mean() / AT[-1]
    return level


def sawtooth(random: Random) -> Floats:
    """A heap that is collected every few seconds."""
    return noise(random) + random.uniform(1, 10) * MB * ((AT / random.uniform(2, 7) + random.random()) % 1)


def cache(random: Random) -> Floats:
    """Filled once, and then full."""
    return noise(random) + random.uniform(2, 20) * MB * (1 - np.exp(-AT / random.uniform(1, 5)))


def step(random: Random) -> Floats:
    """A module that was loaded somewhere on the way."""
    return noise(random) + random.uniform(2, 20) * MB * (random.uniform(2, 40) < AT)


def memory(random: Random) -> Floats:
    """Noise that depends on what it was before, as resident memory does."""
    level = np.zeros(SAMPLES)
    for place, push in enumerate(random.normal(0, 0.2 * MB, SAMPLES)):
        level[place] = 0.8 * level[place - 1] + push
    return level + noise(random)


@pytest.mark.parametrize("series", [sawtooth, cache, step, noise, memory])
def test_what_is_no_leak_is_not_called_one(series: Callable[[Random], Floats]) -> None:
    """Of 200 seeded series of each kind at most one in twenty."""
    random = np.random.default_rng(1)
    told = Counter(trend_of(AT, series(random)).growth for _ in range(TRIALS))
    assert told[Growth.LEAK] <= TRIALS // 20, told
    assert told[Growth.UNKNOWN] == 0


def test_a_leak_is_found() -> None:
    """All but one in twenty of leaks that add 4 to 100 % of the level, in as much noise."""
    random = np.random.default_rng(2)
    told = Counter(trend_of(AT, leak(random)).growth for _ in range(TRIALS))
    assert told[Growth.LEAK] >= TRIALS * 19 // 20, told


@pytest.mark.parametrize("bytes_per_s", [50_000, 500_000, 5_000_000])
def test_a_leaks_size_is_measured(bytes_per_s: int) -> None:
    """Within 10 %, and its interval holds it."""
    random = np.random.default_rng(3)
    level = np.asarray(40 * MB + bytes_per_s * AT + random.normal(0, 0.05 * MB, SAMPLES), np.float64)
    found = trend_of(AT, level)
    assert found.growth is Growth.LEAK
    assert found.slope == pytest.approx(bytes_per_s, rel=0.1)
    assert found.low is not None
    assert found.high is not None
    assert found.low <= bytes_per_s <= found.high


def test_a_short_series_says_nothing() -> None:
    """Neither a few samples nor samples of one instant."""
    assert trend_of(AT[: LEAST - 1], AT[: LEAST - 1]) == Trend(Growth.UNKNOWN)
    assert trend_of(np.zeros(LEAST), np.ones(LEAST)) == Trend(Growth.UNKNOWN)


def test_a_level_without_noise_is_flat() -> None:
    """All values alike: no slope, and no warning."""
    assert trend_of(AT, np.full(SAMPLES, 7.0 * MB)) == Trend(Growth.FLAT, 0.0, 0.0, 0.0)
