"""A run's timeline: whole lines, in order."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from _hookswarm.records.manifest import RunError
from _hookswarm.records.timeline import (
    TIMELINE,
    Entry,
    Progress,
    RunEnded,
    StageEnded,
    StageStarted,
    Timeline,
    WorkerLost,
    read_timeline,
)
from _hookswarm.records.worker_report import WorkerReport

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
    with pytest.raises(RunError, match=f"{TIMELINE}: line 2 is damaged"):
        list(read_timeline(tmp_path))
