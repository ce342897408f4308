"""What the analysis does with journal rows, millions at a time."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from _hookswarm.records.reading import DTYPE, Rows

Ints = npt.NDArray[np.int64]
Keys = npt.NDArray[np.uint64]
Mask = npt.NDArray[np.bool_]

TIMES = ("due", "start", "done")
_BYTES = np.dtype((np.void, DTYPE.itemsize))
"""A row without its fields: numpy would copy field by field."""


def arrange_rows(parts: Sequence[Rows], ahead: Sequence[int] | None = None) -> Rows:
    """All rows in one array of its own, sorted by stage, event, attempt and time.

    `ahead` are nanoseconds by which the times of each part are moved.
    """
    moved = list(zip([np.empty(0, DTYPE), *parts], [0, *(ahead or [0] * len(parts))], strict=True))
    order = np.lexsort(
        (
            np.concatenate([_moved(part["start"], by) for part, by in moved]),
            np.concatenate([part["attempt"] for part, _ in moved]),
            np.concatenate([_event_keys(part) for part, _ in moved]),
            np.concatenate([part["stage"] for part, _ in moved]),
        )
    )
    # Each part goes straight to its places: joined first, the rows would be in memory twice.
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    del order
    rows = np.empty(len(place), DTYPE)
    end = 0
    for part, by in moved:
        begin, end = end, end + len(part)
        rows.view(_BYTES)[place[begin:end]] = part.view(_BYTES)
        for column in TIMES if by else ():
            rows[column][place[begin:end]] = _moved(part[column], by)
    return rows


def _moved(times: Ints, by: int) -> Ints:
    """0 is no time, and stays."""
    return np.where(times != 0, times + by, 0) if by else times


def rows_of_stage(rows: Rows, stage: int) -> Rows:
    """The rows of one stage, of arranged ones: no copy."""
    begin, end = np.searchsorted(rows["stage"], [stage, stage + 1])
    return rows[begin:end]


def take_rows(rows: Rows, which: Mask | Ints) -> Rows:
    """The rows of a mask, or at places."""
    places = np.flatnonzero(which) if which.dtype == np.bool_ else which
    taken: Rows = rows.view(_BYTES)[places].view(DTYPE)
    return taken


def _event_keys(rows: Rows) -> Keys:
    """An event's key within its stage: webhook and sequence in one integer."""
    key: Keys = (rows["webhook"].astype(np.uint64) << np.uint64(32)) | rows["sequence"]
    return key


@dataclass(frozen=True)
class Grouped:
    """Rows of one stage gathered by event: sorted by event, attempt and time."""

    rows: Rows
    event: Ints
    """For each row the place of its event in the columns below."""
    key: Keys
    first: Ints
    """For each event the place of its first row."""


def group_events(rows: Rows) -> Grouped:
    """The rows of one stage by their events."""
    if not _arranged(rows):
        rows = arrange_rows([rows])
    key = _event_keys(rows)
    new = np.ones(len(key), np.bool_)
    new[1:] = key[1:] != key[:-1]
    first = np.flatnonzero(new)
    return Grouped(rows, np.cumsum(new) - 1, key[first], first)


def _arranged(rows: Rows) -> bool:
    """Whether the rows of one stage are sorted by event, attempt and time."""
    sorted_so_far = np.True_
    for column in (rows["start"], rows["attempt"], _event_keys(rows)):
        sorted_so_far = (column[1:] > column[:-1]) | ((column[1:] == column[:-1]) & sorted_so_far)
    return bool(np.all(sorted_so_far))


def places_in(wanted: npt.NDArray[np.generic], table: npt.NDArray[np.generic]) -> Ints:
    """The place of each wanted value in a sorted table, -1 where the table has none."""
    if not len(table):
        return np.full(len(wanted), -1, np.int64)
    place = np.minimum(np.searchsorted(table, wanted), len(table) - 1)
    return np.where(table[place] == wanted, place, -1)
