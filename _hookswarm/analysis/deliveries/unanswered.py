"""Workers of a closed loop that got no answer: while they waited, nothing of what they would have sent was measured."""

from collections.abc import Collection

import numpy as np

from _hookswarm.analysis.deliveries.figures import Window
from _hookswarm.analysis.schema.report import Unanswered
from _hookswarm.common.limits import UNANSWERED_SHARE
from _hookswarm.records.reading import Rows
from _hookswarm.records.rows import Outcome

SILENT = frozenset({Outcome.PENDING, Outcome.CONNECT_TIMEOUT, Outcome.READ_TIMEOUT, Outcome.INTERRUPTED})
"""Ends of an attempt to which nothing came back, for as long as it was under way."""


def unanswered_of(rows: Rows, window: Window, users: int, silent: Collection[Outcome] = SILENT) -> Unanswered | None:
    """Of the window of a closed loop of `users` workers; None where too little of their time went by so to matter."""
    begin, end = window
    silence = rows[np.isin(rows["outcome"], list(silent)) & (rows["start"] != 0)]
    start = silence["start"].clip(begin, end)
    done = np.where(silence["done"] == 0, end, silence["done"]).clip(begin, end)
    held = int((done - start).sum())
    if end <= begin or not users or held < UNANSWERED_SHARE * users * (end - begin):
        return None
    workers = _most_at_once(start, done)
    return Unanswered(
        workers=workers,
        of=users,
        each_s=round(held / workers / 1e9, 3),
        share=round(held / (users * (end - begin)), 4),
    )


def _most_at_once(start: Rows, done: Rows) -> int:
    """How many of these stretches overlap at most; one that begins as another ends is not beside it."""
    at = np.concatenate([done, start])  # ends first: sorting keeps the order of what is at the same instant
    change = np.repeat([-1, 1], len(start))
    return int(change[np.argsort(at, kind="stable")].cumsum().max(initial=0))
