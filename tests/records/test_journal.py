"""Journals: what was appended is read back, whatever happened to the writer."""

import errno
import os
import sys
import threading
import traceback
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from _hookswarm.records.journal import HEADER_SIZE, MAGIC, BufferedJournal, Header, Journal, JournalError
from _hookswarm.records.reading import read_journal
from _hookswarm.records.rows import ROW_SIZE, Flag, pack_row
from tests.support.receivers import small_disk

HEADER = Header("arrivals", "run-1", "local-1", anchor_ns=5, region="local")


def row(sequence: int, flags: int = Flag.WRITTEN, webhook: int = 1) -> bytes:
    return pack_row(
        webhook=webhook,
        sequence=sequence,
        start=7,
        attempt=1,
        size=10,
        digest=20,
        run=30,
        done=40,
        status=204,
        flags=flags,
    )


def sequences(path: Path) -> list[int]:
    return [int(number) for number in read_journal(path).rows["sequence"]]


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "arrivals-local-1.journal"


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk") as folder:
        yield folder


@pytest.mark.parametrize("kind", [Journal, BufferedJournal])
def test_rows_come_back_in_order(kind: type[Journal], path: Path) -> None:
    """Header and rows are read as they were written."""
    journal = kind(path, HEADER)
    for sequence in range(100):
        journal.append(row(sequence))
    journal.close()
    view = read_journal(path)
    assert view.header == HEADER
    assert view.torn == 0
    assert view.rows["sequence"].tolist() == list(range(100))
    assert view.rows["status"][0] == 204


def test_an_empty_journal_reads(path: Path) -> None:
    """A process that wrote nothing leaves a journal of no rows."""
    Journal(path, HEADER).close()
    view = read_journal(path)
    assert (len(view.rows), view.torn) == (0, 0)


@pytest.mark.parametrize("kind", [Journal, BufferedJournal])
def test_finish_overwrites_only_the_end(kind: type[Journal], path: Path) -> None:
    """An attempt's outcome is put into the row that announced it, also while that is in memory."""
    journal = kind(path, HEADER)
    offset = journal.append(row(1))
    journal.append(row(2))
    journal.finish(offset, done=99, status=503, outcome=2, flags=Flag.REUSED)
    journal.close()
    first, second = read_journal(path).rows
    assert [first[name] for name in ("sequence", "done", "status", "outcome", "flags")] == [1, 99, 503, 2, 3]
    assert (second["sequence"], second["status"]) == (2, 204)


@given(st.integers(0, 5 * ROW_SIZE))
@settings(max_examples=40)
def test_a_torn_tail_is_dropped_and_counted(tmp_path_factory: pytest.TempPathFactory, size: int) -> None:
    """A file cut anywhere keeps its whole rows, and one torn row is counted."""
    path = tmp_path_factory.mktemp("torn") / "a.journal"
    journal = Journal(path, HEADER)
    for sequence in range(5):
        journal.append(row(sequence))
    journal.close()
    os.truncate(path, HEADER_SIZE + size)
    view = read_journal(path)
    assert view.rows["sequence"].tolist() == list(range(size // ROW_SIZE))
    assert view.torn == (1 if size % ROW_SIZE else 0)


def test_holes_are_dropped_and_counted(path: Path) -> None:
    """Rows that a killed process had reserved and never wrote are no rows."""
    Journal(path, HEADER).close()
    with path.open("ab") as file:
        file.write(row(0) + bytes(2 * ROW_SIZE) + row(3) + bytes(10))
    view = read_journal(path)
    assert view.rows["sequence"].tolist() == [0, 3]
    assert view.torn == 3


@pytest.mark.parametrize("kind", [Journal, BufferedJournal])
def test_threads_lose_nothing(kind: type[Journal], path: Path) -> None:
    """Rows of several threads all arrive, each whole."""
    journal = kind(path, HEADER)

    def write(webhook: int) -> None:
        for sequence in range(2000):
            journal.append(row(sequence, webhook=webhook))

    threads = [threading.Thread(target=write, args=(webhook,)) for webhook in range(4)]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # threads meet in the middle of everything
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    finally:
        sys.setswitchinterval(interval)
    journal.close()
    view = read_journal(path)
    assert view.torn == 0
    found = np.unique(np.stack([view.rows["webhook"], view.rows["sequence"]]), axis=1)
    assert found.shape == (2, 8000)


def test_two_writers_never_mix(path: Path) -> None:
    """A second writer of the same name is refused, and the first one's rows stay."""
    first = Journal(path, HEADER)
    first.append(row(1))
    with pytest.raises(FileExistsError):
        Journal(path, HEADER)
    assert sequences(path) == [1]
    assert [found.name for found in path.parent.iterdir()] == [path.name]


def test_a_journal_closes_with_its_last_reference(path: Path) -> None:
    """Dropping a buffered journal writes what it held and gives its file back."""
    before = open_files()
    journal = BufferedJournal(path, HEADER)
    journal.append(row(1))
    del journal
    assert sequences(path) == [1]
    assert open_files() == before


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not a journal"),
        (b"PK\x03\x04" * 500, "not a journal"),
        (MAGIC, "damaged header"),
        (MAGIC + b"{}", "damaged header"),
        (MAGIC + b"\xff" * 1000, "damaged header"),
        (MAGIC + b"[" * 1006, "damaged header"),
        (HEADER.encode().replace(b'"version": 1', b'"version": 2'), "version 2"),
        (HEADER.encode().replace(b'"region"', b'"legion"'), "damaged header"),
    ],
)
def test_a_foreign_file_is_refused_by_name(content: bytes, message: str, path: Path) -> None:
    """Another file or another version is a JournalError that says which file."""
    path.write_bytes(content)
    with pytest.raises(JournalError, match=message) as caught:
        read_journal(path)
    assert path.name in str(caught.value)


@given(st.binary(max_size=HEADER_SIZE))
def test_any_header_is_read_or_refused(raw: bytes) -> None:
    """No bytes make the header's reader fail in another way."""
    for content in (raw, MAGIC + raw):
        with pytest.raises(JournalError):
            Header.decode(content)


def test_a_header_that_does_not_fit_is_refused(path: Path) -> None:
    """A name too long is said at once, and no file is left."""
    with pytest.raises(JournalError, match="1024"):
        Journal(path, Header("arrivals", "r" * 2000, "p", 0))
    assert not list(path.parent.iterdir())


def test_buffered_rows_wait_for_flush(path: Path) -> None:
    """A buffered row is in memory until somebody flushes, and after a full buffer on its own."""
    journal = BufferedJournal(path, HEADER)
    journal.append(row(0))
    assert sequences(path) == []
    journal.flush()
    assert sequences(path) == [0]
    for sequence in range(1, journal.FLUSH_BYTES // ROW_SIZE + 2):
        journal.append(row(sequence))
    assert len(sequences(path)) > 1000


def test_a_buffered_row_is_finished_wherever_it_is(path: Path) -> None:
    """In the file, in memory, and where a full disk had room for a part of it, however large."""

    class HalfRoom(BufferedJournal):
        """Writes so many bytes of the first row and no more, until `room` is None."""

        room: int | None = None

        def _flush(self) -> None:
            if self.room is None:
                super()._flush()
            else:
                self._end += os.pwrite(self._file, self._buffer[: self.room], self._end)
                del self._buffer[: self.room]

    for room in range(ROW_SIZE + 1):
        own = path.with_name(f"{room}.journal")
        journal = HalfRoom(own, HEADER)
        offsets = [journal.append(row(0)), journal.append(row(1))]
        journal.room = room
        journal.flush()
        for offset in offsets:
            journal.finish(offset, done=99, status=503, outcome=2, flags=Flag.REUSED)
        journal.room = None
        journal.close()
        assert own.stat().st_size == HEADER_SIZE + 2 * ROW_SIZE
        rows = read_journal(own).rows
        assert [tuple(one[["sequence", "done", "status", "outcome", "flags"]]) for one in rows] == [
            (0, 99, 503, 2, 3),
            (1, 99, 503, 2, 3),
        ]


def test_a_sync_writes_what_memory_holds(path: Path) -> None:
    """Whoever waits for the disk waits for the buffer, too."""
    journal = BufferedJournal(path, HEADER)
    journal.append(row(1))
    journal.sync()
    assert sequences(path) == [1]


class SlowDisk(Journal):
    """Counts its fdatasyncs; each waits until the test lets it go on."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, HEADER)
        self.commits = 0
        self.started, self.go_on = threading.Semaphore(0), threading.Semaphore(0)

    def _commit(self) -> None:
        self.commits += 1
        self.started.release()
        assert self.go_on.acquire(timeout=10)
        super()._commit()


def test_waiting_callers_share_one_fdatasync(path: Path) -> None:
    """Group commit: whoever appends while a sync is running waits for the next one, together with all others."""
    journal = SlowDisk(path)
    appended = threading.Semaphore(0)

    def deliver(sequence: int) -> None:
        journal.append(row(sequence))
        appended.release()
        journal.sync()

    threads = [threading.Thread(target=deliver, args=(sequence,)) for sequence in range(9)]
    threads[0].start()
    assert journal.started.acquire(timeout=10)
    for thread in threads[1:]:
        thread.start()
    for _ in threads:
        assert appended.acquire(timeout=10)
    threads[1].join(0.2)
    assert threads[1].is_alive()  # the running sync may have missed its row
    journal.go_on.release()
    assert journal.started.acquire(timeout=10)
    journal.go_on.release(9)
    for thread in threads:
        thread.join(10)
    assert journal.commits in (2, 3)  # 3: a thread took its ticket after the second sync had begun
    assert sorted(sequences(path)) == list(range(9))


def test_after_a_failed_fdatasync_none_succeeds(path: Path) -> None:
    """Linux drops what it failed to write, so a later sync must not acknowledge rows that were lost with it."""

    class FailingOnce(Journal):
        failures = 1

        def _commit(self) -> None:
            if self.failures:
                self.failures = 0
                raise OSError(errno.EIO, "broken disk")
            super()._commit()

    journal = FailingOnce(path, HEADER)
    caught = []
    for _ in range(4):
        journal.append(row(1))
        with pytest.raises(OSError, match="broken disk") as told:
            journal.sync()
        caught.append(told.value)
    assert {error.errno for error in caught} == {errno.EIO}
    # One error that all get would hold the frames of all who caught it, and with them their bodies.
    assert len({id(error) for error in caught}) == 4
    assert {len(list(traceback.walk_tb(error.__traceback__))) for error in caught[1:]} == {2}


@pytest.mark.parametrize("kind", [Journal, BufferedJournal])
def test_a_full_disk_is_an_oserror_and_keeps_what_was_written(kind: type[Journal], tiny_disk: Path) -> None:
    """ENOSPC reaches the caller; every row that was accepted before stays readable, and memory stays bounded."""
    path, accepted, refused = tiny_disk / "a.journal", 0, []
    journal = kind(path, HEADER)
    for _ in range(20_000):
        try:
            journal.append(row(accepted))
            accepted += 1
        except OSError as error:
            refused.append(error.errno)
    assert set(refused) == {errno.ENOSPC}
    on_disk = (64 * 1024 - HEADER_SIZE) // ROW_SIZE
    assert sequences(path) == list(range(on_disk))
    if kind is Journal:
        assert accepted == on_disk
    else:
        assert accepted == on_disk + BufferedJournal.FLUSH_BYTES // ROW_SIZE
        with pytest.raises(OSError, match="No space"):
            journal.close()


def test_a_disk_that_is_full_already_leaves_no_empty_journal(tiny_disk: Path) -> None:
    """A journal that cannot hold its header is not created, so later readers never trip over it."""
    (tiny_disk / "filler").write_bytes(bytes(64 * 1024))
    for _ in range(3):
        with pytest.raises(OSError, match="No space"):
            Journal(tiny_disk / "a.journal", HEADER)
    assert [path.name for path in tiny_disk.iterdir()] == ["filler"]
