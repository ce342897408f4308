"""The machine's log."""

import csv
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import pytest

from _hookswarm.records.clock import Clock
from _hookswarm.records.machine import COLUMNS, MachineHeader, MachineLog
from _hookswarm.records.run import RunError
from tests.support.receivers import CHECKOUT, small_disk


def read(path: Path) -> tuple[MachineHeader, list[dict[str, str]]]:
    first, *lines = path.read_text().splitlines()
    return MachineHeader.decode(first.encode()), list(csv.DictReader(lines))


def sample_often(log: MachineLog) -> None:
    """More lines than a small disk holds."""
    for _ in range(200):
        log.sample()


def test_samples_are_the_machines(tmp_path: Path) -> None:
    """Counters agree with psutil's, never fall, and the sampler tells what it used itself."""
    clock = Clock()
    log = MachineLog(tmp_path, "here", clock)
    before = psutil.cpu_times()
    for _ in range(3):
        log.sample()
    log.close()
    header, rows = read(tmp_path / "machine-here.csv")
    assert (header.host, header.cores, header.anchor_ns) == ("here", psutil.cpu_count(), clock.anchor_ns)
    assert tuple(rows[0]) == COLUMNS
    assert float(rows[0]["user_s"]) == pytest.approx(before.user, abs=2)
    for name in ("at_ns", "user_s", "idle_s", "net_sent_bytes", "sampling_s"):
        values = [float(row[name]) for row in rows]
        assert values == sorted(values)
    assert float(rows[-1]["sampling_s"]) > 0
    assert len(rows[0]["core_busy_s"].split(";")) == header.cores
    assert 0 < int(rows[0]["memory_available"]) < header.memory_bytes


def test_one_log_for_each_host(tmp_path: Path) -> None:
    """Who comes second finds that it is there."""
    MachineLog(tmp_path, "here", Clock()).close()
    with pytest.raises(FileExistsError):
        MachineLog(tmp_path, "here", Clock())
    MachineLog(tmp_path, "there", Clock()).close()


@pytest.mark.parametrize(
    "line", [b"# {", b"# {}", b"", b'# {"host":"a","anchor_ns":1,"cores":1,"memory_bytes":1,"version":9}']
)
def test_a_strange_header_is_refused(line: bytes) -> None:
    """Damaged, empty, or of another version."""
    with pytest.raises(RunError):
        MachineHeader.decode(line)


def test_a_full_disk_leaves_whole_lines(tmp_path: Path) -> None:
    """What does not fit is not written in part, and the log goes on where there is room again."""
    with small_disk(tmp_path / "disk", "16k") as folder:
        log = MachineLog(folder, "here", Clock())
        with pytest.raises(OSError):
            sample_often(log)
        log.close()
        assert (folder / "machine-here.csv").read_bytes().endswith(b"\n")


def test_without_psutil_nothing_is_sampled_and_nothing_breaks() -> None:
    """Whoever samples can be imported, says why there is no log, and what asks for one by name is refused."""
    code = """
import sys
sys.modules["psutil"] = None
from pathlib import Path
import _hookswarm.receiver.supervisor
from _hookswarm.common.errors import ConfigError
from _hookswarm.receiver.config import ReceiverConfig
from _hookswarm.receiver.sampling import Sampler
from _hookswarm.records.clock import Clock
from _hookswarm.records.machine import MachineLog
from _hookswarm.senders.plan.processes import find
folder = Path(sys.argv[1])
Sampler(ReceiverConfig(results=folder, state=folder), Clock(), "supervisor").follow("run-1", 0)
try:
    MachineLog(folder, "host", Clock())
except RuntimeError as error:
    print(error)
try:
    find("1", "")
except ConfigError as error:
    print(error)
print(list(folder.rglob("*.csv")))
"""
    with TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-c", code, folder], cwd=CHECKOUT, capture_output=True, text=True, check=True
        )
    missing, refused, logs = done.stdout.splitlines()
    assert missing.startswith("psutil cannot be imported")
    assert refused.startswith("--watch needs psutil")
    assert logs == "[]"
