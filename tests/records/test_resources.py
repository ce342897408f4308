"""The psutil log: what a sample says, and what happens where there is no psutil, no USS, no room."""

import csv
import errno
import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from _hookswarm.records.clock import Clock, boot_id
from _hookswarm.records.manifest import RunError
from _hookswarm.records.resources import COLUMNS, ResourceHeader, ResourceLog, available, give_back
from tests.support.receivers import CHECKOUT, small_disk

MB = 1 << 20


def samples(log: ResourceLog) -> list[dict[str, str]]:
    """The lines of a log behind its header, by column."""
    return list(csv.DictReader(log.path.read_text().splitlines()[1:]))


def fill(path: Path) -> None:
    """Take all the room that the disk has left."""
    with path.open("wb", buffering=0) as file, suppress(OSError):
        while file.write(bytes(4096)):
            pass


def sample_often(log: ResourceLog) -> None:
    """More lines than a page of the disk holds."""
    log.uss = False
    for _ in range(200):
        log.sample()


def test_a_sample_is_what_psutil_says(tmp_path: Path) -> None:
    """Every column is filled, in nanoseconds of the clock, seconds, bytes and counts."""
    clock = Clock()
    log = ResourceLog(tmp_path, "sender", clock)
    process = psutil.Process()
    before = clock.now()
    log.sample()
    (row,) = samples(log)
    assert tuple(row) == COLUMNS
    assert before <= int(row["at_ns"]) <= clock.now()
    assert abs(int(row["rss"]) - process.memory_info().rss) < 8 * MB
    assert 0 < int(row["uss"]) <= int(row["rss"])
    assert 0 < float(row["cpu_user_s"]) <= process.cpu_times().user
    assert int(row["threads"]) == process.num_threads()
    assert int(row["fds"]) == process.num_fds()
    assert int(row["switches_voluntary"]) + int(row["switches_involuntary"]) > 0
    assert int(row["read_bytes"]) >= 0
    assert int(row["write_bytes"]) >= 0


def test_memory_that_is_taken_and_given_back_is_seen(tmp_path: Path) -> None:
    """64 MB show in RSS and in USS, and go again: no figure is of an earlier sample."""
    log = ResourceLog(tmp_path, "sender", Clock())
    log.sample()
    taken = bytearray(os.urandom(1)) * (64 * MB)
    log.sample()
    del taken
    log.sample()
    for column in ("rss", "uss"):
        before, during, after = (int(row[column]) for row in samples(log))
        assert 63 * MB < during - before < 66 * MB
        assert 63 * MB < during - after < 66 * MB


def test_free_memory_is_given_back(tmp_path: Path) -> None:
    """50 MB in small blocks that were freed under one that is kept are in no sample any more."""
    log = ResourceLog(tmp_path, "sender", Clock())
    taken = [b"x" * (1_000 + n % 7) for n in range(50_000)]
    kept = bytes(1_000)
    log.sample()
    del taken
    give_back()
    log.sample()
    during, after = (int(row["uss"]) for row in samples(log))
    assert during - after > 40 * MB
    assert len(kept) == 1_000


def test_whose_log_it_is(tmp_path: Path) -> None:
    """The name and the first line say role and process; the clock is that of the journals of this process."""
    log = ResourceLog(tmp_path, "receiver-eu", Clock(anchor_ns=5))
    assert log.path == tmp_path / f"resources-receiver-eu-{os.getpid()}.csv"
    header = ResourceHeader.decode(log.path.read_bytes().splitlines()[0])
    assert header == ResourceHeader("receiver-eu", str(os.getpid()), 5, boot_id())
    assert ResourceLog(tmp_path, "sender", Clock(), "host-1").path.name == "resources-sender-host-1.csv"


def test_uss_is_left_out_on_demand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without it the log does not even ask the kernel, which would walk all pages of the process."""
    log = ResourceLog(tmp_path, "sender", Clock())
    monkeypatch.setattr(psutil.Process, "memory_full_info", lambda self: pytest.fail("asked"))
    log.uss = False
    log.sample()
    (row,) = samples(log)
    assert row["uss"] == ""
    assert int(row["rss"]) > 0


@pytest.mark.parametrize("error", [psutil.AccessDenied(1), PermissionError(), NotImplementedError()])
def test_what_cannot_be_read_is_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """Where the kernel or psutil refuses a value, its columns are empty and the others are there."""

    def refuse(_: psutil.Process) -> None:
        raise error

    for method in ("memory_full_info", "num_ctx_switches", "num_fds"):
        monkeypatch.setattr(psutil.Process, method, refuse)
    monkeypatch.delattr(psutil.Process, "io_counters")  # as on macOS
    log = ResourceLog(tmp_path, "sender", Clock())
    log.sample()
    (row,) = samples(log)
    empty = {"uss", "fds", "switches_voluntary", "switches_involuntary", "read_bytes", "write_bytes"}
    empty |= {"read_ops", "write_ops"}
    assert {column for column, value in row.items() if not value} == empty


def test_two_writers_are_not_mixed(tmp_path: Path) -> None:
    """A log that is there already stays as it is."""
    first = ResourceLog(tmp_path, "sender", Clock())
    first.sample()
    with pytest.raises(FileExistsError):
        ResourceLog(tmp_path, "sender", Clock())
    assert len(samples(first)) == 1


def test_a_full_disk_is_an_oserror_and_leaves_whole_lines(tmp_path: Path) -> None:
    """A line is written whole or not at all; once there is room again the log goes on."""
    with small_disk(tmp_path / "disk") as folder:
        log = ResourceLog(folder, "sender", Clock())
        log.sample()
        ballast = folder / "ballast"
        fill(ballast)
        with pytest.raises(OSError, match="No space") as full:
            sample_often(log)
        assert full.value.errno == errno.ENOSPC
        assert log.path.read_bytes().endswith(b"\n")
        told = len(samples(log))
        ballast.unlink()
        log.sample()
        rows = samples(log)
        log.close()
    assert len(rows) == told + 1
    assert all(None not in row.values() for row in rows)


def test_a_disk_that_is_full_already_leaves_no_log(tmp_path: Path) -> None:
    """A log whose header has no room is not left behind, empty or torn."""
    with small_disk(tmp_path / "disk") as folder:
        fill(folder / "ballast")
        with pytest.raises(OSError, match="No space"):
            ResourceLog(folder, "sender", Clock())
        assert [path.name for path in folder.iterdir()] == ["ballast"]


@pytest.mark.parametrize(
    "line",
    [b"", b"at_ns,rss", b"# {", b"# {}", b'# {"role": 1}', b"# []", b"# {" + b'"a":{' * 9_999],
    ids=lambda line: line[:12].decode(),
)
def test_a_first_line_that_is_none(line: bytes) -> None:
    """What is no header of a log is one error, never another."""
    with pytest.raises(RunError):
        ResourceHeader.decode(line)


def test_a_log_of_another_version() -> None:
    """A later version is told apart from damage."""
    line = ResourceHeader("sender", "1", 5, version=9).encode().splitlines()[0]
    with pytest.raises(RunError, match="version 9"):
        ResourceHeader.decode(line)


def test_without_psutil() -> None:
    """The module stays importable and says why nothing can be sampled; a log is refused with the same words."""
    code = """
import json, sys
sys.modules["psutil"] = None
from pathlib import Path
from _hookswarm.records.clock import Clock
from _hookswarm.records.resources import ResourceHeader, ResourceLog, available, give_back
try:
    ResourceLog(Path("none"), "sender", Clock())
except RuntimeError as error:
    print(json.dumps([available(), str(error)]))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    reason, refusal = json.loads(done.stdout)
    assert reason == refusal
    assert reason.startswith("psutil cannot be imported: ")


def test_with_psutil() -> None:
    """Here it is there."""
    assert available() is None


def test_a_process_that_goes_in_the_middle(tmp_path: Path) -> None:
    """It is said to be gone; a sample behind its end knows nothing, and breaks nothing."""
    with subprocess.Popen(["sleep", "60"]) as sleeper:
        log = ResourceLog(tmp_path, "watched-sleep", Clock(), pid=sleeper.pid)
        log.sample()
        assert not log.gone
        sleeper.kill()
        sleeper.wait()
    assert log.gone
    log.sample()
    log.close()
    first, last = log.path.read_text().splitlines()[2:]
    assert len(first.split(",")) == len(last.split(",")) == len(COLUMNS)
    assert last.split(",")[1:6] == [""] * 5


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_a_process_of_another_user(tmp_path: Path) -> None:
    """What nobody may not read of ours is left empty: memory of its own, files; the rest is told."""
    ours, child = os.getpid(), os.fork()
    if not child:
        try:
            os.chown(tmp_path, 65534, -1)
            os.chdir(tmp_path)  # the way there is not for nobody
            os.setuid(65534)
            ResourceLog(Path(), "watched-ours", Clock(), pid=ours).sample()
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    (path,) = tmp_path.glob("resources-watched-*.csv")
    values = dict(zip(COLUMNS, path.read_text().splitlines()[2].split(","), strict=True))
    assert values["rss"]
    assert (values["uss"], values["fds"]) == ("", "")
