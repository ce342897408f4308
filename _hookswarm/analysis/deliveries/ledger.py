"""The ledger: attempts joined with arrivals. What was lost, doubled, reordered, late, unexpected, corrupt.

After Jepsen's `total-queue` checker, keyed by event and, for what nobody sent, by attempt.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from _hookswarm.analysis.deliveries import disorder
from _hookswarm.analysis.deliveries.deliveries import Frame, State, was_sent
from _hookswarm.analysis.reading.rows import Grouped, Ints, Mask, places_in
from _hookswarm.analysis.schema.report import Ledger
from _hookswarm.records.reading import answered_status
from _hookswarm.records.rows import Outcome

UNSEEN = Ledger.model_validate(dict.fromkeys(Ledger.model_fields) | {"balanced": True})


def ledger_of(delivered: Frame, found: Grouped | None, watched: Sequence[int], on_purpose: bool = False) -> Ledger:
    """The ledger of one stage, from its deliveries and the arrivals that name it.

    `watched` are the targets that keep a journal of arrivals: elsewhere nothing can be seen to be lost. `on_purpose`:
    the plan has events delivered again that were acknowledged.
    """
    if found is None:
        return UNSEEN
    attempts = delivered.attempts
    attempt = match_arrivals(attempts, found)
    ours = attempt >= 0
    taken = ours & (found.rows["status"] // 100 == 2)
    theirs, start = attempt[taken], found.rows["start"][taken]
    del attempt  # of millions of rows every column counts
    event = attempts.event[theirs]
    first = _firsts(event, start)
    seen = np.zeros(len(delivered), np.bool_)
    seen[event[first]] = True
    duplicated = len(event) - len(first)
    harmless = _harmless(delivered, theirs, first, on_purpose) if duplicated else 0
    lost = int(np.count_nonzero(_acknowledged_at(delivered, watched) & ~seen))
    unexpected = int(np.count_nonzero(~ours))
    out_of_order = disorder.disorder_of(attempts.key[event[first]] >> np.uint64(32), start[first])
    gave_up = np.where(answered_status(attempts.rows) == 0, attempts.rows["done"], 0)[theirs]
    altered = [found.rows[column][taken] != attempts.rows[column][theirs] for column in ("size", "digest")]
    return Ledger(
        received=len(event) + unexpected,
        turned_away=int(np.count_nonzero(ours & ~taken)),
        seen=len(first),
        lost=lost,
        recovered=int(np.count_nonzero(seen & (delivered.state != State.ACKNOWLEDGED))),
        duplicated=duplicated,
        duplicated_harmless=harmless,
        duplicated_spurious=duplicated - harmless,
        reordered=out_of_order.reordered,
        inversions=out_of_order.inversions,
        displacement=out_of_order.displacement,
        late=int(np.count_nonzero((gave_up != 0) & (start > gave_up))),
        unexpected=unexpected,
        corrupt=int(np.count_nonzero(altered[0] | altered[1])),
        balanced=not lost and not unexpected,
    )


def match_arrivals(attempts: Grouped, arrivals: Grouped) -> Ints:
    """For each arrival the place of its attempt, or -1 if nobody sent it."""
    sent = np.flatnonzero(was_sent(attempts.rows))
    if not len(sent):
        return np.full(len(arrivals.rows), -1, np.int64)
    # Event and attempt in one integer; negative for an event that nobody sent.
    event = places_in(arrivals.key, attempts.key)[arrivals.event]
    names = (attempts.event << 16 | attempts.rows["attempt"])[sent]
    place = places_in(event << 16 | arrivals.rows["attempt"], names)
    return np.where(place >= 0, sent[place], -1)


def _firsts(event: Ints, start: Ints) -> Ints:
    """The first arrival of each event, in the order of events; of two at once, that of the earlier attempt."""
    order = np.lexsort((start, event))
    return order[np.flatnonzero(np.diff(event, prepend=-1))]


def _harmless(delivered: Frame, theirs: Ints, first: Ints, on_purpose: bool) -> int:
    """How many arrivals beyond an event's first are explained by an acknowledgement that the sender missed, or a plan.

    `theirs` are the arrivals' attempts, sorted; `first` the places of the events' first arrivals.
    """
    again = np.ones(len(theirs), np.bool_)
    again[first] = False
    once = np.diff(theirs, prepend=-1) != 0
    return int(np.count_nonzero(again & once & (on_purpose | ~_in_vain(delivered)[theirs])))


def _in_vain(delivered: Frame) -> Mask:
    """Which attempts were made although an earlier one of their event had been acknowledged."""
    rows, never = delivered.attempts.rows, np.iinfo(np.int64).max
    answered = np.where(rows["outcome"] == Outcome.ACKNOWLEDGED, rows["done"], never)
    earliest = pd.Series(answered).groupby(delivered.attempts.event).cummin().to_numpy()
    before = np.concatenate(([never], earliest[:-1]))
    before[delivered.attempts.first] = never
    vain: Mask = before < rows["start"]
    return vain


def _acknowledged_at(delivered: Frame, targets: Sequence[int]) -> Mask:
    """Which events one of these targets acknowledged."""
    rows = delivered.attempts.rows
    answered = (rows["outcome"] == Outcome.ACKNOWLEDGED) & np.isin(rows["target"], targets)
    events = np.zeros(len(delivered), np.bool_)
    events[delivered.attempts.event[answered]] = True
    return events
