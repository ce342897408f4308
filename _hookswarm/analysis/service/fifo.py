"""A first-in-first-out queue with a number of workers: what a delivery service is held against."""

from heapq import heapify, heapreplace

import numpy as np

from _hookswarm.analysis.reading.rows import Ints


def queued_ns(offered_ns: Ints, busy_ns: Ints, workers: int) -> Ints:
    """How long each job waits for a worker: jobs offered at these times, that keep a worker busy for so long."""
    free = [np.iinfo(np.int64).min] * workers
    heapify(free)
    waits = np.zeros(len(offered_ns), np.int64)
    for place in np.argsort(offered_ns, kind="stable").tolist():
        offered = int(offered_ns[place])
        start = max(offered, free[0])
        heapreplace(free, start + int(busy_ns[place]))
        waits[place] = start - offered
    return waits


def most_at_once(begin_ns: Ints, end_ns: Ints) -> int:
    """The most stretches that have an instant in common; one that begins as another ends comes after it."""
    at = np.concatenate([begin_ns, end_ns])
    step = np.concatenate([np.ones(len(begin_ns), np.int64), -np.ones(len(end_ns), np.int64)])
    return int(np.cumsum(step[np.lexsort((step, at))]).max(initial=0))
