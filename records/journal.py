"""Journals: append-only files of fixed-width rows behind a header of 1,024 bytes.

The header is one line of JSON after a magic line, padded with spaces. Rows go to the file with one `pwrite`
each: they survive the death of the process that wrote them, and threads need no lock.
"""

import errno
import itertools
import json
import os
import threading
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from records.clock import boot_id
from records.rows import DTYPE, END, END_OFFSET, ROW, Flag

MAGIC = b"hookswarm journal\n"
HEADER_SIZE = 1024
VERSION = 1

Rows = npt.NDArray[np.void]


class JournalError(ValueError):
    """A file that is not a journal this version can read."""


@dataclass(frozen=True)
class Header:
    """What a journal says of itself. `kind` is "attempts" or "arrivals"."""

    kind: str
    run: str
    process: str
    anchor_ns: int
    region: str = ""
    boot: str = field(default_factory=boot_id)
    version: int = VERSION

    def encode(self) -> bytes:
        line = MAGIC + json.dumps(asdict(self)).encode() + b"\n"
        if len(line) > HEADER_SIZE:
            raise JournalError(f"header of {len(line)} bytes; {HEADER_SIZE} are the limit")
        return line.ljust(HEADER_SIZE)

    @classmethod
    def decode(cls, raw: bytes) -> "Header":
        if not raw.startswith(MAGIC):
            raise JournalError("not a journal")
        try:
            header = cls(**json.loads(raw[len(MAGIC) :]))
        except (ValueError, TypeError) as error:
            raise JournalError(f"damaged header: {error}") from None
        if header.version != VERSION:
            raise JournalError(f"journal version {header.version}; this hookswarm reads {VERSION}")
        return header


class Journal:
    """Writes one journal. Safe to append to from several threads."""

    def __init__(self, path: Path, header: Header) -> None:
        """Create `path`; raises FileExistsError rather than mix two writers."""
        self.path = path
        self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o644)
        os.pwrite(self._file, header.encode(), 0)
        self._offsets = itertools.count(HEADER_SIZE, ROW.size)
        self._tickets = itertools.count(1)
        self._syncing = threading.Lock()
        self._synced = 0

    def append(self, row: bytes) -> int:
        """Write a row and return its offset, for `finish`. Raises OSError (a full disk)."""
        offset = next(self._offsets)
        if os.pwrite(self._file, row, offset) != ROW.size:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return offset

    def finish(self, offset: int, done: int, status: int, outcome: int, flags: int) -> None:
        """Overwrite the end of the row at `offset` with what is known now."""
        os.pwrite(self._file, END.pack(done, status, outcome, flags | Flag.WRITTEN), offset + END_OFFSET)

    def sync(self) -> None:
        """Return when every row that the caller appended is on disk; concurrent callers share one fdatasync."""
        mine = next(self._tickets)
        with self._syncing:
            if self._synced < mine:  # else a caller ahead of us in the queue covered our rows too
                latest = next(self._tickets)
                os.fdatasync(self._file)
                self._synced = latest

    def close(self) -> None:
        os.close(self._file)


class BufferedJournal(Journal):
    """Keeps rows in memory until `flush`: a killed process loses what it acknowledged since."""

    FLUSH_BYTES = 1 << 18

    def __init__(self, path: Path, header: Header) -> None:
        super().__init__(path, header)
        self._lock = threading.Lock()
        self._buffer = bytearray()
        self._end = HEADER_SIZE

    def append(self, row: bytes) -> int:
        with self._lock:
            self._buffer += row
            offset = self._end + len(self._buffer) - ROW.size
            if len(self._buffer) >= self.FLUSH_BYTES:
                self._flush()
        return offset

    def flush(self) -> None:
        with self._lock:
            self._flush()

    def _flush(self) -> None:
        if self._buffer:
            written = os.pwrite(self._file, self._buffer, self._end)
            del self._buffer[:written]
            self._end += written

    def close(self) -> None:
        self.flush()
        super().close()


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
        header = Header.decode(file.read(HEADER_SIZE))
    whole, rest = divmod(max(size - HEADER_SIZE, 0), ROW.size)
    if not whole:
        return JournalView(header, np.empty(0, DTYPE), int(rest > 0))
    rows: Rows = np.memmap(path, DTYPE, mode="r", offset=HEADER_SIZE, shape=(whole,))
    written = (rows["flags"] & Flag.WRITTEN) != 0
    holes = whole - int(np.count_nonzero(written))
    return JournalView(header, rows[written] if holes else rows, holes + int(rest > 0))
