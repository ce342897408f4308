"""The folder that a supervisor shares with its data plane."""

import os
import subprocess
import sys
from pathlib import Path

from protocol.identity import NO_RUN
from receiver.config import ReceiverConfig
from receiver.state import ProcessReport, StateReader, StateWriter


def reader(folder: Path) -> StateReader:
    return StateReader(ReceiverConfig(state=folder))


def report(pid: int, generation: int = 1, arrivals: int = 0) -> ProcessReport:
    return ProcessReport(
        pid=pid, generation=generation, resets=1, arrivals=arrivals, refused={400: 2}, faults={"cut": 1}
    )


def test_a_fresh_folder_has_no_run(tmp_path: Path) -> None:
    """Before anybody sets a run, arrivals have a place to go."""
    StateWriter(tmp_path)
    assert reader(tmp_path).setting().run == NO_RUN


def test_a_change_is_seen_at_once(tmp_path: Path) -> None:
    """A process that mapped the counter sees a new run without reading a file."""
    writer, process = StateWriter(tmp_path), reader(tmp_path)
    before = process.generation()
    writer.set_run("run-1")
    assert process.generation() == before + 1
    assert process.setting() == writer.setting
    assert process.setting().run == "run-1"


def test_the_setting_is_there_before_its_number(tmp_path: Path) -> None:
    """Whoever sees the counter move finds the setting that belongs to it."""
    writer, process = StateWriter(tmp_path), reader(tmp_path)
    for number in range(50):
        writer.set_run(f"run-{number}")
        assert process.setting().generation == process.generation()


def test_reports_come_back_while_their_process_lives(tmp_path: Path) -> None:
    """A report is read as it was left; a dead process's is forgotten."""
    writer = StateWriter(tmp_path)
    reader(tmp_path).report(report(os.getpid(), arrivals=3))
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    (tmp_path / f"process-{ended.pid}.json").write_text(report(ended.pid).model_dump_json())
    assert writer.reports() == [report(os.getpid(), arrivals=3)]
    assert not (tmp_path / f"process-{ended.pid}.json").exists()
