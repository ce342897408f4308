"""A first-in-first-out queue with a number of workers."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from _hookswarm.analysis.service.fifo import most_at_once, queued_ns


def ints(*values: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array(values, np.int64)


def test_one_worker_serves_in_order() -> None:
    """Who comes while it is busy waits for all before, whatever the order in which they are told."""
    assert queued_ns(ints(20, 0, 10), ints(1, 50, 5), 1).tolist() == [35, 0, 40]


def test_a_second_worker_serves_who_would_wait() -> None:
    """And the third job waits for the first of both that is free."""
    assert queued_ns(ints(0, 1, 2), ints(10, 5, 1), 2).tolist() == [0, 0, 4]


def test_touching_stretches_are_not_at_once() -> None:
    """One that begins as another ends comes after it; none at all are none at once."""
    assert most_at_once(ints(0, 5, 6), ints(5, 9, 8)) == 2
    assert most_at_once(ints(), ints()) == 0


@given(st.lists(st.tuples(st.integers(0, 100), st.integers(1, 50)), min_size=1, max_size=30))
def test_as_many_workers_as_were_busy_at_once_make_nobody_wait(jobs: list[tuple[int, int]]) -> None:
    """What was served at once by so many workers, a queue with as many serves at once, too; and no fewer would do."""
    offered, busy = (ints(*column) for column in zip(*jobs, strict=True))
    workers = most_at_once(offered, offered + busy)
    assert not queued_ns(offered, busy, workers).any()
    if workers > 1:
        assert queued_ns(offered, busy, workers - 1).any()
