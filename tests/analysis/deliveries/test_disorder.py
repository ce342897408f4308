"""How far events arrived out of their order."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from _hookswarm.analysis.deliveries.disorder import Disorder, disorder_of


def _of(webhook: list[int], seen: list[int]) -> Disorder:
    return disorder_of(np.array(webhook, np.uint64), np.array(seen, np.int64))


def _slowly(webhook: list[int], seen: list[int]) -> Disorder:
    """The same, pair by pair."""
    places = range(len(seen))
    wrong = [(i, j) for j in places for i in range(j) if webhook[i] == webhook[j] and seen[j] < seen[i]]
    by_arrival = sorted(places, key=lambda place: (webhook[place], seen[place]))
    far = [abs(place - event) for place, event in enumerate(by_arrival)]
    return Disorder(len({i for i, _ in wrong}), len(wrong), max(far, default=0))


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 20)), max_size=60))
def test_any_order(events: list[tuple[int, int]]) -> None:
    """All three figures are those that counting pair by pair gives, ties and several webhooks among them."""
    events.sort(key=lambda event: event[0])
    webhook, seen = [event[0] for event in events], [event[1] for event in events]
    assert _of(webhook, seen) == _slowly(webhook, seen)


@given(st.permutations(range(40)))
def test_any_permutation(seen: list[int]) -> None:
    """Of a single webhook without ties the inversions are those of the permutation."""
    assert _of([7] * 40, seen) == _slowly([7] * 40, seen)


@pytest.mark.parametrize("reach", [0, 1, 2, 50, 5_000])
def test_a_thousand_events(reach: int) -> None:
    """Exact at any reach of the disorder, from none over local to total."""
    random = np.random.default_rng(reach)
    seen = np.arange(1_000) + random.integers(0, reach + 1, 1_000)
    webhook = np.repeat(np.arange(4), 250)
    assert _of(webhook.tolist(), seen.tolist()) == _slowly(webhook.tolist(), seen.tolist())


def test_backwards() -> None:
    """The worst order: every pair is wrong, all but the last event were overtaken, the ends stand farthest."""
    assert _of([0] * 101, list(range(101, 0, -1))) == Disorder(100, 5_050, 100)


def test_many_inversions_do_not_overflow() -> None:
    """A count beyond 32 bits stays exact."""
    count = 200_000
    found = disorder_of(np.zeros(count, np.uint64), np.arange(count, 0, -1))
    assert found == Disorder(count - 1, count * (count - 1) // 2, count - 1)


def test_in_order_and_nothing() -> None:
    """Nothing is disordered where nothing came back before the one before."""
    assert _of([], []) == _of([0], [5]) == _of([0, 0, 1, 1], [5, 9, 1, 1]) == Disorder(0, 0, 0)
