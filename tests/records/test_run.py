"""A run's manifest and timeline."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from _hookswarm.records.run import (
    MANIFEST,
    TIMELINE,
    Entry,
    Manifest,
    Progress,
    RegionRecord,
    RunEnded,
    RunError,
    StageEnded,
    StageStarted,
    Timeline,
    WorkerLost,
    WorkerReport,
    append_whole,
    new_run_id,
    read_timeline,
    write_atomically,
)
from tests.support.receivers import small_disk

STARTED = datetime(2026, 11, 22, 16, 15, tzinfo=UTC)
REPORT = WorkerReport(
    worker="w", stage=0, users=1, due=3, settled=2, abandoned=1, wall_s=1.5, cpu_s=0.5, starved_s=None, lag_p99_ms=0.1
)
ENTRIES: list[Entry] = [
    StageStarted(at_ns=1, stage=0, name="sequential"),
    Progress(at_ns=2, stage=0, settled=1, failed=0, queued=1, in_flight=1),
    StageEnded(at_ns=3, stage=0, reports=[REPORT]),
    WorkerLost(at_ns=4, worker="w"),
    RunEnded(at_ns=5, interrupted=True, error="stopped"),
]


def manifest(run_id: str = "run-1") -> Manifest:
    return Manifest(
        id=run_id,
        test="performance",
        seed=7,
        started_at=STARTED,
        options={"quick": True},
        stages=[{"name": "sequential"}, {"name": "concurrent"}],
        regions=[RegionRecord(name="local", url="http://127.0.0.1/", receiver=True)],
        strategies=["single"],
        outcomes={0: "pending", 1: "acknowledged"},
        environment={"python": "3.11"},
    )


def test_a_manifest_comes_back(tmp_path: Path) -> None:
    """What a run was is read as it was saved, and saving leaves nothing else behind."""
    manifest().save(tmp_path)
    assert Manifest.load(tmp_path) == manifest()
    assert [path.name for path in tmp_path.iterdir()] == [MANIFEST]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "not a run's folder"),
        (b"", "damaged"),
        (b"\xff\xfe", "damaged"),
        (b"{}", "damaged"),
        (b'{"version": 2}', "damaged"),
        (b"[1", "damaged"),
    ],
)
def test_a_damaged_manifest_is_one_clear_error(content: bytes | None, message: str, tmp_path: Path) -> None:
    """A folder that is no run's is named in one sentence."""
    if content is not None:
        (tmp_path / MANIFEST).write_bytes(content)
    with pytest.raises(RunError, match=message) as caught:
        Manifest.load(tmp_path)
    assert str(tmp_path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_timeline_comes_back(tmp_path: Path) -> None:
    """Entries of every kind are read in order, each as what it was."""
    timeline = Timeline(tmp_path)
    for entry in ENTRIES:
        timeline.add(entry)
    assert list(read_timeline(tmp_path)) == ENTRIES


def test_a_run_without_a_timeline_has_no_entries(tmp_path: Path) -> None:
    """A run that died before its first stage reads as empty."""
    assert list(read_timeline(tmp_path)) == []


@given(st.text())
def test_any_text_stays_in_its_line(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    """Line separators inside a message do not end its line."""
    folder = tmp_path_factory.mktemp("run")
    entry = RunEnded(at_ns=1, interrupted=False, error=text)
    Timeline(folder).add(entry)
    assert list(read_timeline(folder)) == [entry]


def test_a_torn_last_line_is_left_out(tmp_path: Path) -> None:
    """A master killed while it wrote leaves a timeline that still reads, wherever the cut fell."""
    timeline = Timeline(tmp_path)
    timeline.add(ENTRIES[0])
    whole = (tmp_path / TIMELINE).read_bytes()
    timeline.add(RunEnded(at_ns=5, interrupted=False, error="é"))
    both = (tmp_path / TIMELINE).read_bytes()
    for cut in range(len(whole), len(both)):
        (tmp_path / TIMELINE).write_bytes(both[:cut])
        assert list(read_timeline(tmp_path)) == ENTRIES[:1]


@pytest.mark.parametrize("line", [b"{}", b"junk", b"\xff\xfe", b'{"kind": "unheard_of"}', b""])
def test_a_damaged_line_is_named(line: bytes, tmp_path: Path) -> None:
    """Damage before the last line is an error with the line's number, not a silent gap."""
    Timeline(tmp_path).add(ENTRIES[0])
    with (tmp_path / TIMELINE).open("ab") as file:
        file.write(line + b"\n")
    with pytest.raises(RunError, match=f"{TIMELINE}:2"):
        list(read_timeline(tmp_path))


def test_run_ids_sort_by_time() -> None:
    """An id starts with its UTC time, and two of one second differ."""
    first, second = new_run_id("load", STARTED), new_run_id("load", STARTED)
    assert first.startswith("20261122-161500-load-")
    assert first != second


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
