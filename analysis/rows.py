"""What the analysis does with journal rows, millions at a time."""

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from records.journal import Rows
from records.rows import DTYPE

Ints = npt.NDArray[np.int64]
Keys = npt.NDArray[np.uint64]

_BYTES = np.dtype((np.void, DTYPE.itemsize))
"""A row without its fields: numpy would copy field by field."""


def join(parts: Iterable[Rows]) -> Rows:
    """All rows in one array of its own."""
    joined: Rows = np.concatenate([np.empty(0, _BYTES), *(part.view(_BYTES) for part in parts)]).view(DTYPE)
    return joined


def take(rows: Rows, which: npt.NDArray[np.bool_] | Ints) -> Rows:
    """The rows of a mask, or at places."""
    places = np.flatnonzero(which) if which.dtype == np.bool_ else which
    taken: Rows = rows.view(_BYTES)[places].view(DTYPE)
    return taken


def keys(rows: Rows) -> Keys:
    """An event's key within its stage: webhook and sequence in one integer."""
    key: Keys = (rows["webhook"].astype(np.uint64) << np.uint64(32)) | rows["sequence"]
    return key


def find(wanted: npt.NDArray[np.generic], table: npt.NDArray[np.generic]) -> Ints:
    """The place of each wanted value in a sorted table, -1 where the table has none."""
    if not len(table):
        return np.full(len(wanted), -1, np.int64)
    place = np.minimum(np.searchsorted(table, wanted), len(table) - 1)
    return np.where(table[place] == wanted, place, -1)
