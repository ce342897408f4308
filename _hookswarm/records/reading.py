"""Journals as numpy reads them. (Who only writes them, as receivers do, starts without numpy: 6 MB.)"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from _hookswarm.records.journal import HEADER_SIZE, Header, JournalError
from _hookswarm.records.rows import FIELDS, ROW_SIZE, Flag, Outcome, offset_of

Rows = npt.NDArray[np.void]

_NUMPY = {"I": "<u4", "q": "<i8", "H": "<u2", "B": "u1"}
_NAMED = [(place, field) for place, field in enumerate(FIELDS) if field.name]

DTYPE = np.dtype(
    {
        "names": [field.name for _, field in _NAMED],
        "formats": [_NUMPY[field.code] for _, field in _NAMED],
        "offsets": [offset_of(place) for place, _ in _NAMED],
        "itemsize": ROW_SIZE,
    }
)
"""A row as numpy reads it."""


@dataclass(frozen=True)
class JournalView:
    """A journal as read: its header, its whole rows (memory-mapped), and how many were torn or never written."""

    header: Header
    rows: Rows
    torn: int


def read_journal(path: Path) -> JournalView:
    """Map a journal; a torn tail and holes are dropped and counted. Raises JournalError, OSError."""
    size = path.stat().st_size
    with path.open("rb") as file:
        try:
            header = Header.decode(file.read(HEADER_SIZE))
        except JournalError as error:
            raise JournalError(f"{path}: {error}") from None
    whole, rest = divmod(max(size - HEADER_SIZE, 0), ROW_SIZE)
    if not whole:
        return JournalView(header, np.empty(0, DTYPE), int(rest > 0))
    rows: Rows = np.memmap(path, DTYPE, mode="r", offset=HEADER_SIZE, shape=(whole,))
    written = (rows["flags"] & Flag.WRITTEN) != 0
    holes = whole - int(np.count_nonzero(written))
    return JournalView(header, rows[written] if holes else rows, holes + int(rest > 0))


def answered_status(rows: npt.NDArray[np.void]) -> npt.NDArray[np.uint16]:
    """The HTTP status of each row, 0 where there was no answer: `status` says more than that."""
    return np.where(rows["outcome"] == Outcome.LOCAL_SHORTAGE, np.uint16(0), rows["status"])
