"""The ledger: attempts joined with arrivals. What was lost, doubled, reordered, late, unexpected, corrupt.

After Jepsen's `total-queue` checker, keyed by event and, for what nobody sent, by attempt.
"""

import numpy as np

from analysis.deliveries import Frame, State, keys
from analysis.models import Ledger
from records.journal import Rows
from records.rows import Outcome

UNSEEN = Ledger(
    received=None, lost=None, duplicated=None, reordered=None, late=None, unexpected=None, corrupt=None, balanced=True
)


def compute(attempts: Rows, deliveries: Frame, arrivals: Rows | None) -> Ledger:
    """The ledger of one stage, from its attempts, its deliveries and the arrivals that name it."""
    if arrivals is None:
        return UNSEEN
    order = np.argsort(arrivals["start"], kind="stable")
    arrivals = arrivals[order]
    sent = attempts[attempts["outcome"] != Outcome.ABANDONED]
    match, known = _match(sent, arrivals)
    matched, theirs = arrivals[known], sent[match[known]]
    arrival_keys = keys(matched)
    seen = np.unique(arrival_keys)
    acknowledged = deliveries.key[deliveries.state == State.ACKNOWLEDGED]
    lost = int(np.count_nonzero(~np.isin(acknowledged, seen)))
    given_up = (theirs["done"] != 0) & (theirs["status"] == 0)
    unexpected = int(np.count_nonzero(~known))
    return Ledger(
        received=len(arrivals),
        lost=lost,
        duplicated=len(matched) - len(seen),
        reordered=_reordered(matched),
        late=int(np.count_nonzero(given_up & (matched["start"] > theirs["done"]))),
        unexpected=unexpected,
        corrupt=int(np.count_nonzero((matched["digest"] != theirs["digest"]) | (matched["size"] != theirs["size"]))),
        balanced=not lost and not unexpected,
    )


def _match(sent: Rows, arrivals: Rows) -> "tuple[np.ndarray, np.ndarray]":
    """For each arrival the index of its attempt in `sent`, and whether there is one."""
    if not len(sent):
        return np.zeros(len(arrivals), np.int64), np.zeros(len(arrivals), bool)
    order = np.lexsort((sent["attempt"], keys(sent)))
    table = _named(sent[order])
    wanted = _named(arrivals)
    place = np.minimum(np.searchsorted(table, wanted), len(table) - 1)
    return order[place], table[place] == wanted


def _named(rows: Rows) -> np.ndarray:
    """(key, attempt) as one sortable value."""
    named = np.empty(len(rows), [("key", "<u8"), ("attempt", "<u2")])
    named["key"], named["attempt"] = keys(rows), rows["attempt"]
    return named


def _reordered(arrivals: Rows) -> int:
    """First arrivals, in order of time, whose webhook had a later event arrive before them."""
    _, first = np.unique(keys(arrivals), return_index=True)
    first.sort()
    webhook, sequence = arrivals["webhook"][first], arrivals["sequence"][first].astype(np.int64)
    order = np.argsort(webhook, kind="stable")
    webhook, sequence = webhook[order], sequence[order]
    # A running maximum per webhook: lift each webhook's sequences above those of the ones before it.
    lifted = sequence + np.cumsum(np.diff(webhook, prepend=webhook[:1]) != 0) * (1 << 33)
    return int(np.count_nonzero(np.maximum.accumulate(lifted) > lifted)) if len(lifted) else 0
