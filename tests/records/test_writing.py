"""Files are replaced whole, and what fails names the file that is meant."""

from pathlib import Path

import pytest

from _hookswarm.records.writing import append_whole, write_atomically
from tests.support.receivers import small_disk


def test_an_atomic_write_replaces_whole(tmp_path: Path) -> None:
    """A reader sees the old text or the new; a failed write leaves the old and no draft."""
    path = tmp_path / "report.json"
    write_atomically(path, "old")
    write_atomically(path, "new")
    with pytest.raises(UnicodeEncodeError):
        write_atomically(path, "\ud800")
    assert path.read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_write_that_fails_names_the_file_that_is_meant(tmp_path: Path) -> None:
    """Not its hidden draft, where the folder is not there; and not nothing, where a disk is full."""
    path = tmp_path / "none" / "report.json"
    with pytest.raises(FileNotFoundError) as missing:
        write_atomically(path, "text")
    assert missing.value.filename == str(path)
    with small_disk(tmp_path / "disk") as disk:
        path, log = disk / "report.json", disk / "log.csv"
        with log.open("xb", buffering=0) as file:
            append_whole(file, bytes(56 * 1024))
            with pytest.raises(OSError, match="No space") as full:
                write_atomically(path, "x" * 100_000)
            assert full.value.filename == str(path)
            append_whole(file, bytes(8 * 1024))
            for size in (100, 8 * 1024):
                with pytest.raises(OSError, match="No space") as full:
                    append_whole(file, bytes(size))
                assert full.value.filename == str(log)
        assert [found.name for found in disk.iterdir()] == ["log.csv"]
