"""What receivers took of a run while they knew of none: found in their journals of no run."""

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from _hookswarm.analysis.reading.clocks import Clocks
from _hookswarm.analysis.reading.rows import Keys, take_rows
from _hookswarm.records import neighbours
from _hookswarm.records.journal import JournalError
from _hookswarm.records.reading import JournalView, Rows, read_journal
from _hookswarm.records.rows import Flag

_ATTEMPT = ["stage", "webhook", "sequence", "attempt"]
"""The fields that tell one attempt of a run from another."""


@dataclass(frozen=True)
class OfNoRun:
    """Arrivals of this run in the journals of no run, by when they came and when they had been sent."""

    after_the_end: int = 0
    """Sent and taken after its end."""
    passed_on_late: int = 0
    """Sent before its end, taken after it: something between had them meanwhile."""
    without_a_run: int = 0
    """Taken while it was on, by a receiver that knew of no run."""


def read_no_run(folder: Path, tags: Keys) -> list[JournalView]:
    """Rows of the runs of these tags. Of journals that are damaged, others' rows may be: they are skipped."""
    found = []
    for path in neighbours.journals_of_no_run(folder):
        with contextlib.suppress(JournalError):
            view = read_journal(path)
            ours = np.isin(view.rows["run"], tags) & ((view.rows["flags"] & Flag.FOREIGN) == 0)
            if ours.any():
                found.append(replace(view, rows=take_rows(view.rows, ours)))
    return found


def count_no_run(views: Sequence[JournalView], clock: Clocks, ended_ns: int, attempts: Rows) -> OfNoRun:
    """Why they are there. `ended_ns` and the times of `attempts`: by the senders' clock."""
    if not views:
        return OfNoRun()
    after = [
        key for view in views for key in _keys(view.rows[view.rows["start"] + clock.shift(view.header) > ended_ns])
    ]
    sent_late = set(_keys(attempts[attempts["start"] > ended_ns]))
    after_the_end = sum(key in sent_late for key in after)
    return OfNoRun(after_the_end, len(after) - after_the_end, sum(len(view.rows) for view in views) - len(after))


def _keys(rows: Rows) -> list[tuple[int, ...]]:
    keys: list[tuple[int, ...]] = rows[_ATTEMPT].tolist()
    return keys
