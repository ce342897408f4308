"""The ledger: attempts joined with arrivals. What was lost, doubled, reordered, late, unexpected, corrupt.

After Jepsen's `total-queue` checker, keyed by event and, for what nobody sent, by attempt.
"""

from collections.abc import Sequence

import numpy as np

from analysis.models import Ledger
from analysis.rows import Ints, Keys, find, keys
from records.journal import Rows
from records.rows import Outcome

UNSEEN = Ledger(
    received=None, lost=None, duplicated=None, reordered=None, late=None, unexpected=None, corrupt=None, balanced=True
)


def compute(attempts: Rows, arrivals: Rows | None, watched: Sequence[int]) -> Ledger:
    """The ledger of one stage, from its attempts and the arrivals that name it.

    `watched` are the targets that keep a journal of arrivals: elsewhere nothing can be seen to be lost.
    """
    if arrivals is None:
        return UNSEEN
    match = _match(attempts, arrivals)
    order = np.argsort(arrivals["start"], kind="stable")
    order = order[match[order] >= 0]
    theirs = match[order]
    key = keys(arrivals)[order]
    seen, first = np.unique(key, return_index=True)
    acknowledged = (attempts["outcome"] == Outcome.ACKNOWLEDGED) & np.isin(attempts["target"], watched)
    missing = acknowledged & (find(keys(attempts), seen) < 0)
    lost = len(np.unique(keys(attempts)[missing]))
    unexpected = len(arrivals) - len(order)
    gave_up = np.where(attempts["status"] == 0, attempts["done"], 0)[theirs]
    altered = [arrivals[column][order] != attempts[column][theirs] for column in ("size", "digest")]
    return Ledger(
        received=len(arrivals),
        lost=lost,
        duplicated=len(order) - len(first),
        reordered=_reordered(key[np.sort(first)]),
        late=int(np.count_nonzero((gave_up != 0) & (arrivals["start"][order] > gave_up))),
        unexpected=unexpected,
        corrupt=int(np.count_nonzero(altered[0] | altered[1])),
        balanced=not lost and not unexpected,
    )


def _match(attempts: Rows, arrivals: Rows) -> Ints:
    """For each arrival the place of its attempt in `attempts`, or -1 if nobody sent it."""
    if not len(attempts):
        return np.full(len(arrivals), -1, np.int64)
    events = np.sort(keys(attempts))
    names = _names(attempts, events)
    order: Ints = np.argsort(names)
    place = find(_names(arrivals, events), names[order])
    match = order[place]
    match[(place < 0) | (attempts["outcome"][match] == Outcome.ABANDONED)] = -1
    return match


def _names(rows: Rows, events: Keys) -> Ints:
    """Event and attempt in one integer; negative for an event that is not among the sorted `events`."""
    names: Ints = find(keys(rows), events) << 16 | rows["attempt"]
    return names


def _reordered(key: Keys) -> int:
    """How many events, in the order of their first arrivals, came after a later one of their webhook."""
    webhook = key >> np.uint64(32)
    order = np.argsort(webhook, kind="stable")
    # With the webhook in the upper half, a running maximum over all of them is one for each.
    latest = np.maximum.accumulate(key[order])
    return int(np.count_nonzero(latest > key[order]))
