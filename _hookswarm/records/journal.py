"""Journals: append-only files of fixed-width rows after a header of 1,024 bytes.

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

from _hookswarm.records.clock import boot_id
from _hookswarm.records.manifest import RunError
from _hookswarm.records.rows import END_OFFSET, ROW_SIZE, Flag, pack_end

MAGIC = b"hookswarm journal\n"
HEADER_SIZE = 1024
VERSION = 1

_WRITTEN = int(Flag.WRITTEN)  # an IntFlag would make a new object for every row


class JournalError(RunError):
    """A file that is not a journal this version can read."""


@dataclass(frozen=True)
class Header:
    """What a journal says of itself. `kind` is "attempts", "arrivals" or "fsyncs"."""

    kind: str
    run: str
    process: str
    anchor_ns: int
    region: str = ""
    boot: str = field(default_factory=boot_id)
    version: int = VERSION

    def encode(self) -> bytes:
        """A journal's first HEADER_SIZE bytes. Raises JournalError where they are too few."""
        line = MAGIC + json.dumps(asdict(self)).encode() + b"\n"
        if len(line) > HEADER_SIZE:
            raise JournalError(f"header of {len(line)} bytes; {HEADER_SIZE} are the limit")
        return line.ljust(HEADER_SIZE)

    @classmethod
    def decode(cls, raw: bytes) -> "Header":
        """From those bytes. Raises JournalError where they are none, damaged, or of another version."""
        if not raw.startswith(MAGIC):
            raise JournalError("not a journal")
        try:
            header = cls(**json.loads(raw[len(MAGIC) :]))
        except (ValueError, TypeError, RecursionError):
            raise JournalError("damaged header") from None
        if header.version != VERSION:
            raise JournalError(f"journal version {header.version}; this hookswarm reads {VERSION}")
        return header


class Journal:
    """Writes one journal. Safe to append to from several threads.

    Closed with `close`, or when the last reference goes: who lets go of a journal need not know who still writes.
    """

    _file = -1

    def __init__(self, path: Path, header: Header) -> None:
        """Create `path`, header and all or not at all; raises FileExistsError rather than mix two writers."""
        self.path = path
        self._file = _create(path, header.encode())
        self._offsets = itertools.count(HEADER_SIZE, ROW_SIZE)
        self._tickets = itertools.count(1)
        self._syncing = threading.Lock()
        self._synced = 0
        self._broken: tuple[object, ...] | None = None
        """What the first fdatasync that failed said."""

    def append(self, row: bytes) -> int:
        """Write a row and return its offset, for `finish`. Raises OSError (a full disk)."""
        offset = next(self._offsets)
        _write(self._file, row, offset)
        return offset

    def finish(self, offset: int, done: int, status: int, outcome: int, flags: int) -> None:
        """Overwrite the end of the row at `offset` with what is known now."""
        os.pwrite(
            self._file, pack_end(done=done, status=status, outcome=outcome, flags=flags | _WRITTEN), offset + END_OFFSET
        )

    def sync(self) -> None:
        """Return when every row that the caller appended is on disk; concurrent callers share one fdatasync."""
        mine = next(self._tickets)
        with self._syncing:
            if self._synced >= mine:
                return  # a caller ahead of us in the queue covered our rows too
            if self._broken is not None:
                # Anew: one that is raised again and again keeps the frames, and so the bodies, of all who caught it.
                raise OSError(*self._broken)
            latest = next(self._tickets)
            try:
                self._commit()
            except OSError as error:
                # Linux forgets the rows that it could not write: a second fdatasync would succeed without them.
                self._broken = error.args
                raise
            self._synced = latest

    def _commit(self) -> None:
        os.fdatasync(self._file)

    def close(self) -> None:
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def __del__(self) -> None:
        self.close()


class BufferedJournal(Journal):
    """Keeps rows in memory until `flush`: a killed process loses what it acknowledged since."""

    FLUSH_BYTES = 1 << 18

    def __init__(self, path: Path, header: Header) -> None:
        self._lock = threading.Lock()
        self._buffer = bytearray()
        self._end = HEADER_SIZE
        super().__init__(path, header)

    def append(self, row: bytes) -> int:
        with self._lock:
            if len(self._buffer) >= self.FLUSH_BYTES:
                self._flush()
            offset = self._end + len(self._buffer)
            self._buffer += row
        return offset

    def finish(self, offset: int, done: int, status: int, outcome: int, flags: int) -> None:
        end = pack_end(done=done, status=status, outcome=outcome, flags=flags | _WRITTEN)
        with self._lock:
            place = offset + END_OFFSET - self._end
            # Negative: written already. A full disk may have cut the row in the middle of its end.
            written = min(max(-place, 0), len(end))
            if written:
                os.pwrite(self._file, end[:written], offset + END_OFFSET)
            self._buffer[place + written : place + len(end)] = end[written:]

    def sync(self) -> None:
        self.flush()
        super().sync()

    def flush(self) -> None:
        """Write what is in memory. Raises OSError (a full disk), and keeps what it could not write."""
        with self._lock:
            self._flush()

    def _flush(self) -> None:
        while self._buffer:
            written = os.pwrite(self._file, self._buffer, self._end)
            del self._buffer[:written]
            self._end += written

    def close(self) -> None:
        """Flush first. Raises OSError (a full disk), and then the rows in memory are lost."""
        try:
            self.flush()
        finally:
            self._buffer.clear()
            super().close()


def _create(path: Path, header: bytes) -> int:
    """A new file that appears under its name with its header in it: readers never meet an empty journal."""
    draft = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}")
    file = os.open(draft, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
    try:
        _write(file, header, 0)
        os.link(draft, path)
    except OSError:
        os.close(file)
        raise
    finally:
        draft.unlink()
    return file


def _write(file: int, data: bytes, offset: int) -> None:
    if os.pwrite(file, data, offset) != len(data):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
