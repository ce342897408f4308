"""The ledger: attempts joined with arrivals. What was lost, doubled, reordered, late, unexpected, corrupt.

After Jepsen's `total-queue` checker, keyed by event and, for what nobody sent, by attempt.
"""

from collections.abc import Sequence

import numpy as np

from analysis.deliveries import Ints, Keys, keys
from analysis.models import Ledger
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
    arrivals = arrivals[np.argsort(arrivals["start"], kind="stable")]
    sent = attempts[attempts["outcome"] != Outcome.ABANDONED]
    match = _match(sent, arrivals)
    matched, theirs = arrivals[match >= 0], sent[match[match >= 0]]
    seen, first = np.unique(keys(matched), return_index=True)
    acknowledged = sent[(sent["outcome"] == Outcome.ACKNOWLEDGED) & np.isin(sent["target"], watched)]
    lost = len(np.setdiff1d(keys(acknowledged), seen))
    unexpected = len(arrivals) - len(matched)
    given_up = (theirs["done"] != 0) & (theirs["status"] == 0)
    return Ledger(
        received=len(arrivals),
        lost=lost,
        duplicated=len(matched) - len(first),
        reordered=_reordered(matched[np.sort(first)]),
        late=int(np.count_nonzero(given_up & (matched["start"] > theirs["done"]))),
        unexpected=unexpected,
        corrupt=int(np.count_nonzero((matched["digest"] != theirs["digest"]) | (matched["size"] != theirs["size"]))),
        balanced=not lost and not unexpected,
    )


def _match(sent: Rows, arrivals: Rows) -> Ints:
    """For each arrival the place of its attempt in `sent`, or -1 if nobody made that attempt."""
    if not len(sent):
        return np.full(len(arrivals), -1, np.int64)
    events = np.unique(keys(sent))
    names = _names(sent, events)
    order = np.argsort(names)
    names = names[order]
    wanted = _names(arrivals, events)
    place = np.minimum(np.searchsorted(names, wanted), len(names) - 1)
    return np.where(names[place] == wanted, order[place], -1)


def _names(rows: Rows, events: Keys) -> Ints:
    """Each row's event and attempt in one integer, -1 for an event that is not among the sorted `events`."""
    key = keys(rows)
    event = np.minimum(np.searchsorted(events, key), len(events) - 1)
    return np.where(events[event] == key, event << 16 | rows["attempt"], -1)


def _reordered(arrivals: Rows) -> int:
    """How many arrivals, in order of time and one for each event, had a later event of their webhook before them."""
    order = np.argsort(arrivals["webhook"], kind="stable")
    webhook, sequence = arrivals["webhook"][order], arrivals["sequence"][order].astype(np.int64)
    # A running maximum per webhook: lift each webhook's sequences above those of the ones before it.
    lifted = sequence + (np.cumsum(np.diff(webhook, prepend=webhook[:1]) != 0) << 32)
    return int(np.count_nonzero(np.maximum.accumulate(lifted) > lifted))
