"""The machine's log: what all processes of one host together used, a line of CSV about once a second.

All but what is told "now" counts since the machine's start; `throttled_s` since the log's.
"""

import contextlib
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from math import nan
from pathlib import Path
from typing import Any

from _hookswarm.records.cgroup import Throttling, Unknown
from _hookswarm.records.clock import Clock, boot_id
from _hookswarm.records.resources import available
from _hookswarm.records.samples import SampleHeader, SampleLog, give_way

if available() is None:
    import psutil

LOGS = "machine-*.csv"
COLUMNS = (
    "at_ns", "user_s", "system_s", "idle_s", "iowait_s", "steal_s", "core_busy_s",
    "memory_available", "swap_used", "disk_read_bytes", "disk_write_bytes", "disk_reads", "disk_writes", "disk_busy_s",
    "net_sent_bytes", "net_received_bytes", "net_packets",
    "sockets_in_use", "sockets_time_wait", "listen_overflows", "retransmits",
    "pressure_cpu_s", "pressure_io_s", "pressure_memory_s", "sampling_s", "throttled_s", "mhz",
)  # fmt: skip
"""`core_busy_s`, `disk_busy_s`: of each core and each disk, joined by ";". Pressure: seconds in which some process
waited (Linux PSI). `throttled_s`: for which a quota, of the control group of the process that writes the log or of one
above it, kept it from a CPU. `mhz`: of the slowest core, now."""
SYSTEM_DISKS = Path("/sys/block")
"""Linux's own list of disks. Partitions are not in it; what is no hardware has no `device` there."""
SYSTEM_NICS = Path("/sys/class/net")
"""The same of network interfaces: one that stands on another (a bridge, a bond, a VLAN) has a `lower_…` to it."""


@dataclass(frozen=True)
class MachineHeader(SampleHeader):
    """Which machine it is."""

    KIND = "machine log"
    NEWEST = 4
    """1 had no `throttled_s` and `mhz`; up to 2, `disk_busy_s` was the sum over all disks; up to 3, `throttled_s` was
    that of the group at the root of what is mounted, and the sum over all CPUs."""

    host: str
    anchor_ns: int
    cores: int
    memory_bytes: int
    boot: str = field(default_factory=boot_id)
    version: int = NEWEST
    disks: Sequence[str] = ()
    """Those that there were when the log began, in the order of `disk_busy_s`."""
    throttled_unknown: str = ""
    """Why there is no `throttled_s`."""

    @property
    def columns(self) -> tuple[str, ...]:
        return COLUMNS if self.version > 1 else COLUMNS[: COLUMNS.index("throttled_s")]


class MachineLog(SampleLog):
    """Samples this machine into a run's folder."""

    def __init__(self, folder: Path, host: str, clock: Clock) -> None:
        """`host` must be safe in file names. Raises OSError; FileExistsError: somebody on this host does it already."""
        if missing := available():
            raise RuntimeError(missing)
        self._now = clock.now
        self._spent_s = 0.0
        self.gone = False
        """A machine is not, as long as it has somebody to ask."""
        self._disks = physical(psutil.disk_io_counters(perdisk=True) or ())
        self._throttling: Throttling | None = None
        unknown = ""
        try:
            self._throttling = Throttling(self._now() / 1e9)
        except Unknown as why:
            unknown = str(why)
        header = MachineHeader(
            host,
            clock.anchor_ns,
            psutil.cpu_count() or 1,
            psutil.virtual_memory().total,
            disks=self._disks,
            throttled_unknown=unknown,
        )
        super().__init__(folder / f"machine-{host}.csv", header)

    def sample(self) -> None:
        """Append a line, whole or not at all. Raises OSError (a full disk)."""
        began_s, now = time.thread_time(), self._now()
        throttled_s = round(self._throttling.held_s(now / 1e9), 6) if self._throttling else None
        values = _values(self._disks)
        give_way()
        self.append((now, *values, round(self._spent_s, 6), throttled_s, _slowest_mhz()))
        self._spent_s += time.thread_time() - began_s


def physical(devices: Iterable[str], system: Path = SYSTEM_DISKS) -> tuple[str, ...]:
    """Of the block devices those that are disks.

    Partitions, dm, md, loop and bcache stand on these, and zram is memory. Where there is no such list, and so no
    Linux, all are disks.
    """
    if not system.is_dir():
        return tuple(devices)
    return tuple(device for device in devices if _is_hardware(system / device.replace("/", "!")))


def _is_hardware(device: Path) -> bool:
    """Hidden are the single ways of an NVMe disk that has several."""
    return (device / "device").exists() and _read(str(device / "hidden")).strip() != "1"


@lru_cache(maxsize=4)
def lowest(nics: tuple[str, ...], system: Path = SYSTEM_NICS) -> tuple[str, ...]:
    """Of the network interfaces those that stand on no other: what passes a bridge passes one of its ports, too."""
    return tuple(nic for nic in nics if not any((system / nic).glob("lower_*")))


def _values(names: Sequence[str]) -> tuple[object, ...]:
    """In the order of the columns, from the second to the pressures, of the disks of these names."""
    cores = psutil.cpu_times(percpu=True)
    give_way()
    told = psutil.disk_io_counters(perdisk=True) or {}
    disks = [told.get(name) for name in names]
    give_way()
    nics = psutil.net_io_counters(pernic=True)
    net = [nics[name] for name in lowest(tuple(nics))]
    give_way()
    tcp, sockets = _netstat(), _sockets()
    give_way()
    memory, swap = psutil.virtual_memory(), psutil.swap_memory()
    give_way()
    return (
        *(round(sum(getattr(core, name, 0.0) for core in cores), 3) for name in _CPU),
        ";".join(f"{_busy_s(core):.3f}" for core in cores),
        memory.available,
        swap.used,
        *(sum(getattr(disk, name, 0) for disk in disks) if disks else None for name in _DISK),
        ";".join(f"{getattr(disk, 'busy_time', nan) / 1e3:.3f}" for disk in disks),
        sum(nic.bytes_sent for nic in net) if net else None,
        sum(nic.bytes_recv for nic in net) if net else None,
        sum(nic.packets_sent + nic.packets_recv for nic in net) if net else None,
        sockets.get("inuse"),
        sockets.get("tw"),
        tcp.get("ListenOverflows"),
        tcp.get("RetransSegs"),
        *(pressure_s(kind) for kind in ("cpu", "io", "memory")),
    )


_CPU = ("user", "system", "idle", "iowait", "steal")
_DISK = ("read_bytes", "write_bytes", "read_count", "write_count")


def _busy_s(core: Any) -> float:
    idle = core.idle + getattr(core, "iowait", 0.0)
    return float(sum(core) - idle - getattr(core, "guest", 0.0) - getattr(core, "guest_nice", 0.0))


def _read(path: str) -> str:
    """A file of the kernel's; empty where there is none."""
    with contextlib.suppress(OSError):
        return Path(path).read_text()
    return ""


def _netstat() -> dict[str, int]:
    """Linux's TCP counters by name; empty elsewhere."""
    found: dict[str, int] = {}
    for path in ("/proc/net/netstat", "/proc/net/snmp"):
        lines = _read(path).splitlines()
        for names, values in zip(lines[::2], lines[1::2], strict=False):
            if not names.startswith(("TcpExt:", "Tcp:")):  # a sample is a millisecond that may be one of the sender's
                continue
            found |= dict(zip(names.split()[1:], map(int, values.split()[1:]), strict=False))
    return found


def _sockets() -> dict[str, int]:
    """Linux's counts of TCP sockets, IPv4's: in use, in TIME_WAIT. (The list of all of them takes milliseconds.)"""
    line = next((line for line in _read("/proc/net/sockstat").splitlines() if line.startswith("TCP:")), "")
    words = line.split()[1:]
    return dict(zip(words[::2], map(int, words[1::2]), strict=False))


def pressure_s(kind: str) -> float | None:
    """Seconds in which some process waited for it (`cpu`, `io`, `memory`); None where Linux does not tell."""
    text = _read(f"/proc/pressure/{kind}")
    return int(text.split("total=", 1)[1].split()[0]) / 1e6 if "total=" in text else None


def stolen_s() -> float:
    """Seconds of all cores that the host of a virtual machine gave to others."""
    return float(getattr(psutil.cpu_times(), "steal", 0.0))


@cache
def _frequency_files() -> tuple[str, ...]:
    return tuple(map(str, Path("/sys/devices/system/cpu").glob("cpu[0-9]*/cpufreq/scaling_cur_freq")))


def _slowest_mhz() -> float | None:
    """Machines that are virtual hardly ever tell."""
    told = map(_read, _frequency_files())
    return min((int(text) / 1e3 for text in told if text.strip().isdecimal()), default=None)
