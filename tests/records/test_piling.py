"""Whether deliveries pile up."""

import numpy as np
import pytest

from _hookswarm.records.piling import Ints, piles_up

SECOND = 1_000_000_000
LENGTH_S = 5.0


def _queue(rate: float, capacity: float, latency_s: float = 0.1, jitter_s: float = 0.0) -> tuple[Ints, Ints]:
    """Events due at an even rate, served one after the other, and when each was delivered."""
    due = np.arange(int(rate * LENGTH_S)) / rate
    done, free = np.empty(len(due)), 0.0
    for place, at in enumerate(due):
        free = max(free, at) + 1 / capacity
        done[place] = free
    noise = np.random.default_rng(7).exponential(jitter_s, len(due)) if jitter_s else 0.0
    return (due * SECOND).astype(np.int64) + 1, ((done + latency_s + noise) * SECOND).astype(np.int64) + 1


@pytest.mark.parametrize(("over", "piles"), [(0.5, False), (0.95, False), (1.0, False), (1.02, True), (2.0, True)])
@pytest.mark.parametrize("latency_s", [0.001, 3.0])
def test_two_percent_above_the_capacity_are_seen_in_five_seconds(over: float, piles: bool, latency_s: float) -> None:
    """However long a delivery takes when nothing waits."""
    due, done = _queue(400 * over, 400, latency_s, jitter_s=0.01)
    assert piles_up(due, done, int(60 * SECOND)) is piles


def _polled(rate: float, length_s: float, phase_s: float, capacity: float = 110.0) -> tuple[Ints, Ints]:
    """Events due by chance, delivered one after the other by who looks every second what is due."""
    random = np.random.default_rng(round(rate * 1000 + phase_s * 100))
    due = np.sort(random.uniform(0, length_s, int(rate * length_s)))
    done, free = np.empty(len(due)), 0.0
    for place, at in enumerate(due):
        free = max(free, np.ceil(at - phase_s) + phase_s) + 1 / capacity
        done[place] = free
    return (due * SECOND).astype(np.int64) + 1, (done * SECOND).astype(np.int64) + 1


@pytest.mark.parametrize("length_s", [3.0, 9.0])
@pytest.mark.parametrize("share", [0.2, 0.4, 0.6, 0.8])
def test_polling_is_no_queue(share: float, length_s: float) -> None:
    """Whenever in its second the service looks: of 20 such stretches at most two are taken for a queue."""
    taken = [piles_up(*_polled(110 * share, length_s, phase / 20), 100 * SECOND) for phase in range(20)]
    assert sum(taken) <= 2


def test_a_queue_behind_a_poll_is_seen() -> None:
    """A third more than it delivers, for nine seconds."""
    taken = [piles_up(*_polled(110 * 1.33, 9.0, phase / 20), 100 * SECOND) for phase in range(20)]
    assert all(taken)


def test_what_never_came_was_waited_for() -> None:
    """Events of which the later ones are missing pile up."""
    due, done = _queue(100, 400)
    done[250:] = 0
    assert piles_up(due, done, 20 * SECOND)


def test_a_hiccup_is_no_queue() -> None:
    """A stall of a third of a second near the end that is made up for again changes no median."""
    due, done = _queue(100, 400)
    stalled = (due > 4.2 * SECOND) & (due < 4.5 * SECOND)
    done[stalled] = int(4.6 * SECOND)
    assert not piles_up(due, done, 20 * SECOND)


def test_few_events_say_nothing() -> None:
    """Of less than ten in a third nothing is told."""
    assert not piles_up(np.arange(20) * SECOND, np.zeros(20, np.int64), 100 * SECOND)


@pytest.mark.parametrize("seed", range(20))
def test_chance_is_no_queue(seed: int) -> None:
    """Of 36 events within a second, whose lateness is anything up to 80 ms, a third may well be 10 ms later."""
    random = np.random.default_rng(seed)
    due = np.sort(random.integers(0, SECOND, 36))
    assert not piles_up(due, due + random.integers(1, SECOND * 8 // 100, 36), 2 * SECOND)


@pytest.mark.parametrize("capacity", [10, 20, 40])
def test_a_queue_is_seen_in_few_events_as_well(capacity: int) -> None:
    """At a quarter more than the capacity, and up to five times as much."""
    due, done = _queue(50, capacity, jitter_s=0.01)
    assert piles_up(due[:36], done[:36], 2 * SECOND)
