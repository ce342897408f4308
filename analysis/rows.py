"""What the analysis does with journal rows, millions at a time."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from records.journal import Rows
from records.rows import DTYPE

Ints = npt.NDArray[np.int64]
Keys = npt.NDArray[np.uint64]
Mask = npt.NDArray[np.bool_]

_BYTES = np.dtype((np.void, DTYPE.itemsize))
"""A row without its fields: numpy would copy field by field."""


def join(parts: Iterable[Rows]) -> Rows:
    """All rows in one array of its own."""
    joined: Rows = np.concatenate([np.empty(0, _BYTES), *(part.view(_BYTES) for part in parts)]).view(DTYPE)
    return joined


def take(rows: Rows, which: Mask | Ints) -> Rows:
    """The rows of a mask, or at places."""
    places = np.flatnonzero(which) if which.dtype == np.bool_ else which
    taken: Rows = rows.view(_BYTES)[places].view(DTYPE)
    return taken


def keys(rows: Rows) -> Keys:
    """An event's key within its stage: webhook and sequence in one integer."""
    key: Keys = (rows["webhook"].astype(np.uint64) << np.uint64(32)) | rows["sequence"]
    return key


@dataclass(frozen=True)
class Grouped:
    """Rows gathered by event: sorted by event, attempt and time."""

    rows: Rows
    event: Ints
    """For each row the place of its event in the columns below."""
    key: Keys
    first: Ints
    """For each event the place of its first row."""


def group(rows: Rows) -> Grouped:
    """The rows of one stage by their events."""
    key = keys(rows)
    # Journals are nearly sorted, which numpy's stable sorts make use of.
    order = np.lexsort((rows["start"], rows["attempt"], key))
    key = key[order]
    new = np.ones(len(key), np.bool_)
    new[1:] = key[1:] != key[:-1]
    first = np.flatnonzero(new)
    return Grouped(take(rows, order), np.cumsum(new) - 1, key[first], first)


def find(wanted: npt.NDArray[np.generic], table: npt.NDArray[np.generic]) -> Ints:
    """The place of each wanted value in a sorted table, -1 where the table has none."""
    if not len(table):
        return np.full(len(wanted), -1, np.int64)
    place = np.minimum(np.searchsorted(table, wanted), len(table) - 1)
    return np.where(table[place] == wanted, place, -1)
