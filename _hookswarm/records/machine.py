"""The machine's log: what all processes of one host together used, a line of CSV about once a second.

`machine-<host>.csv` begins, as every resource log, with a line of JSON behind "#". All but what is told
"now" counts since the machine's start. What the platform does not tell is left empty.
"""

import contextlib
import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from _hookswarm.records.clock import Clock, boot_id
from _hookswarm.records.resources import available, csv_line
from _hookswarm.records.run import RunError, append_whole

if available() is None:
    import psutil

VERSION = 2
"""1 had no `throttled_s` and `mhz`."""
LOGS = "machine-*.csv"
COLUMNS = (
    "at_ns", "user_s", "system_s", "idle_s", "iowait_s", "steal_s", "core_busy_s",
    "memory_available", "swap_used", "disk_read_bytes", "disk_write_bytes", "disk_reads", "disk_writes", "disk_busy_s",
    "net_sent_bytes", "net_received_bytes", "net_packets",
    "sockets_in_use", "sockets_time_wait", "listen_overflows", "retransmits",
    "pressure_cpu_s", "pressure_io_s", "pressure_memory_s", "sampling_s", "throttled_s", "mhz",
)  # fmt: skip
"""`core_busy_s`: of each core, joined by ";". Pressure: seconds in which some process waited (Linux PSI).
`throttled_s`: for which a control group's quota kept our processes from a CPU. `mhz`: of the slowest core, now."""


@dataclass(frozen=True)
class MachineHeader:
    """What a machine's log says of itself."""

    host: str
    anchor_ns: int
    cores: int
    memory_bytes: int
    boot: str = field(default_factory=boot_id)
    version: int = VERSION

    def encode(self) -> bytes:
        return f"# {json.dumps(asdict(self))}\n{','.join(self.columns)}\n".encode()

    @property
    def columns(self) -> tuple[str, ...]:
        """Of the log behind this header."""
        return COLUMNS if self.version == VERSION else COLUMNS[: COLUMNS.index("throttled_s")]

    @classmethod
    def decode(cls, line: bytes) -> "MachineHeader":
        """Read a log's first line. Raises RunError."""
        try:
            header = cls(**json.loads(line.removeprefix(b"# ")))
        except (ValueError, TypeError, RecursionError) as error:
            raise RunError(f"damaged header: {error}") from None
        if header.version not in (1, VERSION):
            raise RunError(f"machine log version {header.version}; this hookswarm reads 1 and {VERSION}")
        return header


class MachineLog:
    """Samples this machine into a run's folder; one thread at a time may use it."""

    def __init__(self, folder: Path, host: str, clock: Clock) -> None:
        """`host` must be safe in file names. Raises OSError; FileExistsError: somebody on this host does it already."""
        if missing := available():
            raise RuntimeError(missing)
        self.path = folder / f"machine-{host}.csv"
        self._now = clock.now
        self._spent_s = 0.0
        self.gone = False
        """A machine is not, as long as it has somebody to ask."""
        self._file = self.path.open("xb", buffering=0)
        header = MachineHeader(host, clock.anchor_ns, psutil.cpu_count() or 1, psutil.virtual_memory().total)
        append_whole(self._file, header.encode())

    def sample(self) -> None:
        """Append a line, whole or not at all. Raises OSError (a full disk)."""
        began_s = time.thread_time()
        append_whole(
            self._file, csv_line((self._now(), *_values(), round(self._spent_s, 6), _throttled_s(), _slowest_mhz()))
        )
        self._spent_s += time.thread_time() - began_s

    def close(self) -> None:
        self._file.close()


def _values() -> tuple[object, ...]:
    """In the order of the columns, from the second to the pressures."""
    cores = psutil.cpu_times(percpu=True)
    disks = _whole_disks(psutil.disk_io_counters(perdisk=True) or {})
    net = psutil.net_io_counters()
    tcp, sockets = _netstat(), _sockets()
    return (
        *(round(sum(getattr(core, name, 0.0) for core in cores), 3) for name in _CPU),
        ";".join(f"{_busy_s(core):.3f}" for core in cores),
        psutil.virtual_memory().available,
        psutil.swap_memory().used,
        *(sum(getattr(disk, name, 0) for disk in disks) for name in _DISK),
        round(sum(getattr(disk, "busy_time", 0) for disk in disks) / 1e3, 3),
        net.bytes_sent if net else None,
        net.bytes_recv if net else None,
        net.packets_sent + net.packets_recv if net else None,
        sockets.get("inuse"),
        sockets.get("tw"),
        tcp.get("ListenOverflows"),
        tcp.get("RetransSegs"),
        *(_pressure_s(kind) for kind in ("cpu", "io", "memory")),
    )


_CPU = ("user", "system", "idle", "iowait", "steal")
_DISK = ("read_bytes", "write_bytes", "read_count", "write_count")


def _busy_s(core: Any) -> float:
    idle = core.idle + getattr(core, "iowait", 0.0)
    return float(sum(core) - idle - getattr(core, "guest", 0.0) - getattr(core, "guest_nice", 0.0))


def _whole_disks(disks: Mapping[str, Any]) -> list[Any]:
    """Those that are no part of another one, and no loop."""
    known = set(disks)
    return [
        counters
        for name, counters in disks.items()
        if not name.startswith(("loop", "ram")) and name.rstrip("0123456789") not in known - {name}
    ]


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
            found |= dict(zip(names.split()[1:], map(int, values.split()[1:]), strict=False))
    return found


def _sockets() -> dict[str, int]:
    """Linux's counts of TCP sockets, IPv4's: in use, in TIME_WAIT. (The list of all of them takes milliseconds.)"""
    line = next((line for line in _read("/proc/net/sockstat").splitlines() if line.startswith("TCP:")), "")
    words = line.split()[1:]
    return dict(zip(words[::2], map(int, words[1::2]), strict=False))


def _pressure_s(kind: str) -> float | None:
    """Seconds in which some process waited for it."""
    text = _read(f"/proc/pressure/{kind}")
    return int(text.split("total=", 1)[1].split()[0]) / 1e6 if "total=" in text else None


def _throttled_s() -> float | None:
    """By the control group that a container sees as its own: version 2's, or 1's."""
    for path, name, unit in (
        ("/sys/fs/cgroup/cpu.stat", "throttled_usec", 1e6),
        ("/sys/fs/cgroup/cpu/cpu.stat", "throttled_time", 1e9),
    ):
        for line in _read(path).splitlines():
            if line.startswith(f"{name} "):
                return int(line.split()[1]) / unit
    return None


def _slowest_mhz() -> float | None:
    """Machines that are virtual hardly ever tell."""
    told = [_read(str(path)) for path in Path("/sys/devices/system/cpu").glob("cpu[0-9]*/cpufreq/scaling_cur_freq")]
    return min((int(text) / 1e3 for text in told if text.strip().isdecimal()), default=None)
