"""The machine's log."""

import csv
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import pytest

from _hookswarm.records.clock import Clock
from _hookswarm.records.machine import COLUMNS, MachineHeader, MachineLog, lowest, physical
from _hookswarm.records.manifest import RunError
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


@pytest.fixture
def system(tmp_path: Path) -> Path:
    """A list of block devices as Linux keeps it: of all kinds, each a folder; hardware has a `device`."""
    folder = tmp_path / "block"
    for name in ("sda", "nvme0n1", "nvme0c0n1", "mmcblk0", "vda", "cciss!c0d0"):
        (folder / name / "device").mkdir(parents=True)
        (folder / name / "hidden").write_text("1\n" if name == "nvme0c0n1" else "0\n")
    (folder / "xvda/device").mkdir(parents=True)  # kernels before 4.15 hide none
    for name in ("dm-0", "md127", "zram0", "loop0", "ram0", "nbd0", "bcache0"):
        (folder / name / "slaves").mkdir(parents=True)
        (folder / name / "hidden").write_text("0\n")
    return folder


@pytest.mark.parametrize("disk", ["sda", "nvme0n1", "mmcblk0", "vda", "xvda", "cciss/c0d0"])
def test_a_disk_is_counted(system: Path, disk: str) -> None:
    """Hardware of any name, partitions or none."""
    assert physical([disk], system) == (disk,)


@pytest.mark.parametrize(
    "device",
    [
        "sda1", "vda15", "xvda2", "nvme0n1p1", "mmcblk0p2", "cciss/c0d0p1",
        "dm-0", "md127", "md127p1", "bcache0", "loop0", "loop0p1", "nvme0c0n1",
        "zram0", "ram0", "nbd0",
    ],
)  # fmt: skip
def test_what_is_on_a_disk_is_not_counted_again(system: Path, device: str) -> None:
    """Partitions, and what is made of disks, of files or of memory; a network's device is no disk of this machine."""
    assert physical([device], system) == ()


def test_disks_keep_their_order(system: Path) -> None:
    """As psutil tells them."""
    assert physical(["vda", "vda1", "dm-0", "sda", "nvme0n1"], system) == ("vda", "sda", "nvme0n1")


def test_without_a_list_all_are_disks(tmp_path: Path) -> None:
    """On macOS and Windows psutil tells whole disks only."""
    assert physical(["disk0", "disk1"], tmp_path / "none") == ("disk0", "disk1")


def test_the_log_is_of_this_machines_disks(tmp_path: Path) -> None:
    """The header names them; there is a busy time for each, and the counters are their sums."""
    log = MachineLog(tmp_path, "here", Clock())
    before = psutil.disk_io_counters(perdisk=True)
    log.sample()
    after = psutil.disk_io_counters(perdisk=True)
    log.close()
    header, (row,) = read(log.path)
    assert tuple(header.disks) == physical(before)
    assert len(row["disk_busy_s"].split(";")) == max(len(header.disks), 1)
    if header.disks:
        least, most = (sum(told[name].write_bytes for name in header.disks) for told in (before, after))
        assert least <= int(row["disk_write_bytes"]) <= most


def test_what_passes_a_bridge_is_counted_once(tmp_path: Path) -> None:
    """Interfaces that stand on others are left out; loopback, and one end of a pair, stay."""
    for nic, below in (
        ("lo", ""),
        ("eth0", ""),
        ("veth1", ""),
        ("br0", "veth1"),
        ("bond0", "eth0"),
        ("bond0.7", "bond0"),
    ):
        (tmp_path / nic).mkdir()
        if below:
            (tmp_path / nic / f"lower_{below}").touch()
    assert lowest(("lo", "eth0", "veth1", "br0", "bond0", "bond0.7"), tmp_path) == ("lo", "eth0", "veth1")
    assert lowest(("en0", "lo0"), tmp_path / "none") == ("en0", "lo0")


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


@pytest.mark.parametrize("version", [1, 2, 3])
def test_an_older_header_is_read(version: int) -> None:
    """It names no disks; version 1 had two columns less."""
    line = f'# {{"host":"a","anchor_ns":1,"cores":1,"memory_bytes":1,"version":{version}}}'
    header = MachineHeader.decode(line.encode())
    assert (header.disks, header.throttled_unknown) == ((), "")
    assert header.columns == (COLUMNS[:-2] if version == 1 else COLUMNS)


def test_a_full_disk_leaves_whole_lines(tmp_path: Path) -> None:
    """What does not fit is not written in part, and the log goes on where there is room again."""
    with small_disk(tmp_path / "disk", "16k") as folder:
        log = MachineLog(folder, "here", Clock())
        with pytest.raises(OSError):
            sample_often(log)
        log.close()
        assert (folder / "machine-here.csv").read_bytes().endswith(b"\n")


def test_a_disk_that_is_full_already_leaves_no_log(tmp_path: Path) -> None:
    """A log whose header has no room is not left behind, so whoever tries again once there is some can."""
    with small_disk(tmp_path / "disk", "16k") as folder:
        ballast = folder / "ballast"
        ballast.write_bytes(bytes(16 * 1024))
        for _ in range(2):
            with pytest.raises(OSError, match="No space"):
                MachineLog(folder, "here", Clock())
        assert list(folder.iterdir()) == [ballast]
        ballast.unlink()
        MachineLog(folder, "here", Clock()).close()


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
from _hookswarm.senders.plan.processes import find_processes
folder = Path(sys.argv[1])
Sampler(ReceiverConfig(results=folder, state=folder), Clock(), "supervisor").follow("run-1", 0)
try:
    MachineLog(folder, "host", Clock())
except RuntimeError as error:
    print(error)
try:
    find_processes("1", "")
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
