"""The psutil log: what one process used of the machine, a line of CSV per sample.

`resources-<role>-<process>.csv` begins with a line of JSON behind "#" (whose it is, and its clock), then come the
names of the columns. A value that the platform does not tell is left empty.
"""

import ctypes
import errno
import gc
import json
import os
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from _hookswarm.records.clock import Clock, boot_id
from _hookswarm.records.run import RunError, append_whole

try:
    import psutil

    _missing = None
except ImportError as error:
    _missing = f"psutil cannot be imported: {error}"

VERSION = 2
"""1 had no columns behind `write_bytes`."""
LOGS = "resources-*.csv"
COLUMNS = (
    "at_ns", "cpu_user_s", "cpu_system_s", "rss", "uss", "threads", "fds",
    "switches_voluntary", "switches_involuntary", "read_bytes", "write_bytes",
    "read_ops", "write_ops", "fd_limit", "sampling_s",
)  # fmt: skip


def available() -> str | None:
    """Why no process can be sampled here; None where it can."""
    return _missing


@dataclass(frozen=True)
class LogHeader:
    """What a log says of itself: whose samples they are, and by which clock."""

    role: str
    process: str
    anchor_ns: int
    boot: str = field(default_factory=boot_id)
    version: int = VERSION

    def encode(self) -> bytes:
        return f"# {json.dumps(asdict(self))}\n{','.join(self.columns)}\n".encode()

    @property
    def columns(self) -> tuple[str, ...]:
        """Of the log behind this header."""
        return COLUMNS if self.version == VERSION else COLUMNS[: COLUMNS.index("read_ops")]

    @classmethod
    def decode(cls, line: bytes) -> "LogHeader":
        """Read a log's first line. Raises RunError."""
        if not line.startswith(b"# {"):
            raise RunError("not a resource log")
        try:
            header = cls(**json.loads(line[2:]))
        except (ValueError, TypeError, RecursionError) as error:
            raise RunError(f"damaged header: {error}") from None
        if header.version not in (1, VERSION):
            raise RunError(f"resource log version {header.version}; this hookswarm reads 1 and {VERSION}")
        return header


class ResourceLog:
    """Samples one process into a run's folder. Keeps nothing in memory; one thread at a time may use it."""

    def __init__(self, folder: Path, role: str, clock: Clock, process: str = "", pid: int | None = None) -> None:
        """Create the log; `process` tells those of a role apart (default: the process id). `pid`: None is this process.

        Both names must be safe in file names. Raises OSError: FileExistsError rather than mix two writers; a process
        that is gone is ProcessLookupError.
        """
        if _missing:
            raise RuntimeError(_missing)
        process = process or str(pid or os.getpid())
        self.path = folder / f"resources-{role}-{process}.csv"
        self._now = clock.now
        try:
            self._process = psutil.Process(pid)
        except psutil.NoSuchProcess:
            raise ProcessLookupError(errno.ESRCH, os.strerror(errno.ESRCH), str(pid)) from None
        self._own = pid in (None, os.getpid())
        self._spent_s = 0.0
        self.uss = True
        """Whether to ask for the USS: the kernel walks all pages of the process, a few milliseconds for 150 MB."""
        self._file = self.path.open("xb", buffering=0)
        try:
            append_whole(self._file, LogHeader(role, process, clock.anchor_ns).encode())
        except OSError:
            self.close()
            self.path.unlink()
            raise

    def sample(self) -> None:
        """Append a line, whole or not at all. Raises OSError (a full disk).

        Python does not hold its lock while the kernel tells the USS: an event loop that must not stall calls this from
        a thread.
        """
        began_s = time.thread_time()
        process = self._process
        at = self._now()
        with process.oneshot():
            cpu = _told(process.cpu_times)
            switches = _told(process.num_ctx_switches)
            disk = _told(lambda: process.io_counters())  # an attribute that macOS lacks
            values = (
                at,
                cpu and cpu.user,
                cpu and cpu.system,
                _told(lambda: process.memory_info().rss),
                _told(lambda: process.memory_full_info().uss) if self.uss else None,
                _told(process.num_threads),
                _open_fds(process),
                switches and switches.voluntary,
                switches and switches.involuntary,
                disk and disk.read_bytes,
                disk and disk.write_bytes,
                disk and disk.read_count,
                disk and disk.write_count,
                _told(lambda: process.rlimit(psutil.RLIMIT_NOFILE)[0]),
                round(self._spent_s, 6) if self._own else None,
            )
        append_whole(self._file, csv_line(values))
        self._spent_s += time.thread_time() - began_s

    @property
    def gone(self) -> bool:
        """Whether the process has ended."""
        try:
            return not self._process.is_running() or self._process.status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True

    def close(self) -> None:
        self._file.close()


def _open_fds(process: "psutil.Process") -> int | None:
    """To count its own, a process needs one more: where there is none, it has all that it may have."""
    try:
        return int(process.num_fds())
    except OSError as error:
        return int(process.rlimit(psutil.RLIMIT_NOFILE)[0]) if error.errno == errno.EMFILE else None
    except (psutil.Error, AttributeError, NotImplementedError):
        return None


def csv_line(values: Iterable[object]) -> bytes:
    """What is unknown is left empty."""
    return (",".join("" if value is None else str(value) for value in values) + "\n").encode()


def give_back() -> None:
    """Collect garbage and return free memory to the system: what is sampled next is in use.

    Without it a process keeps most of what it freed, and hides in it the growth of the next stage. Tens of
    milliseconds: for pauses only.
    """
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # the GNU C library alone has it
    if trim:
        trim(0)


def _told(ask: Callable[[], Any]) -> Any:
    """The answer, or None where this platform, or this user, gets none."""
    try:
        return ask()
    except (psutil.Error, OSError, AttributeError, NotImplementedError):
        return None
