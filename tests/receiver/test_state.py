"""The folder that a supervisor shares with its data plane."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

from _hookswarm.protocol.faults import Delay, FaultOrder, Faults
from _hookswarm.protocol.identity import NO_RUN
from _hookswarm.receiver.config import ReceiverConfig
from _hookswarm.receiver.state import Counts, ProcessReport, Setting, StateReader, StateWriter

ORDER = FaultOrder(Faults(status={503: 0.1}, delay=Delay(0.1, "lognormal"), retry_after_s=1, seed=2**70), 1, 2**63)


def reader(folder: Path) -> StateReader:
    return StateReader(ReceiverConfig(state=folder))


def report(pid: int, generation: int = 1, arrivals: int = 0) -> ProcessReport:
    return ProcessReport(
        pid=pid,
        generation=generation,
        resets=1,
        counts=Counts(arrivals=arrivals, refused=Counter({400: 2}), faults=Counter({"cut": 1})),
        before=Counts(arrivals=10),
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


def test_faults_leave_the_run_and_a_reset_ends_them(tmp_path: Path) -> None:
    """Every change moves the counter; only a reset counts as one, and clears the faults."""
    writer, process = StateWriter(tmp_path), reader(tmp_path)
    writer.set_run("run-1")
    before = process.setting()
    writer.set_faults(ORDER)
    assert process.setting() == Setting(
        generation=before.generation + 1, resets=before.resets, run="run-1", order=ORDER
    )
    assert process.generation() == before.generation + 1
    writer.set_run("run-2")
    assert process.setting() == Setting(generation=before.generation + 2, resets=before.resets + 1, run="run-2")


def test_reports_come_back_while_their_process_lives(tmp_path: Path) -> None:
    """A report is read as it was left; a dead process's is forgotten."""
    writer = StateWriter(tmp_path)
    reader(tmp_path).report(report(os.getpid(), arrivals=3))
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    (tmp_path / f"process-{ended.pid}.json").write_text(report(ended.pid).model_dump_json())
    assert writer.reports() == [report(os.getpid(), arrivals=3)]
    assert not (tmp_path / f"process-{ended.pid}.json").exists()


def test_what_ended_processes_counted_counts_until_the_next_reset(tmp_path: Path) -> None:
    """A process takes nothing of the run's counts with it; those of another run do not count."""
    writer = StateWriter(tmp_path)
    resets = writer.setting.resets
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    last = report(ended.pid, arrivals=2)
    (tmp_path / f"process-{ended.pid}.json").write_text(last.model_dump_json())
    reader(tmp_path).report(report(os.getpid(), arrivals=3))
    both = Counts(arrivals=5, refused=Counter({400: 4}), faults=Counter({"cut": 2}))
    assert (last.resets, writer.counts()) == (resets, both)
    writer.set_faults(ORDER)
    assert writer.counts() == both
    writer.set_run("run-1")
    assert writer.counts() == Counts()
    assert writer.total() == Counts(arrivals=25, refused=both.refused, faults=both.faults)
