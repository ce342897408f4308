"""The psutil log: what one process used of the machine, a sample every half second or so."""

import ctypes
import errno
import gc
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from _hookswarm.records.cgroup import Unknown, memory_limit
from _hookswarm.records.clock import Clock, boot_id
from _hookswarm.records.samples import SampleHeader, SampleLog, give_way

try:
    import psutil

    _missing = None
except ImportError as error:
    _missing = f"psutil cannot be imported: {error}"

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
class ResourceHeader(SampleHeader):
    """Whose samples they are, and by which clock."""

    KIND = "resource log"
    NEWEST = 3
    """1 had no columns after `write_bytes`; up to 2, nothing was told of a limit of memory."""

    role: str
    process: str
    anchor_ns: int
    boot: str = field(default_factory=boot_id)
    version: int = NEWEST
    memory_limit: int | None = None
    """Bytes, of its control group and all above it; None: there is none, or it is not known."""
    memory_limit_unknown: str = ""
    """Why it is not."""

    @property
    def columns(self) -> tuple[str, ...]:
        return COLUMNS if self.version > 1 else COLUMNS[: COLUMNS.index("read_ops")]


class ResourceLog(SampleLog):
    """Samples one process into a run's folder."""

    def __init__(self, folder: Path, role: str, clock: Clock, process: str = "", pid: int | None = None) -> None:
        """Create the log; `process` tells those of a role apart (default: the process id). `pid`: None is this process.

        Both names must be safe in file names. Raises OSError: FileExistsError rather than mix two writers; a process
        that is gone is ProcessLookupError.
        """
        if _missing:
            raise RuntimeError(_missing)
        process = process or str(pid or os.getpid())
        self._now = clock.now
        try:
            self._process = psutil.Process(pid)
        except psutil.NoSuchProcess:
            raise ProcessLookupError(errno.ESRCH, os.strerror(errno.ESRCH), str(pid)) from None
        self._own = pid in (None, os.getpid())
        self._spent_s = 0.0
        self.uss = True
        """Whether to ask for the USS: the kernel walks all pages of the process, a few milliseconds for 150 MB."""
        path = folder / f"resources-{role}-{process}.csv"
        limit, unknown = _memory_limit(pid)
        header = ResourceHeader(role, process, clock.anchor_ns, memory_limit=limit, memory_limit_unknown=unknown)
        super().__init__(path, header)

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
            give_way()
            switches = _told(process.num_ctx_switches)
            disk = _told(lambda: process.io_counters())  # an attribute that macOS lacks
            give_way()
            rss = _told(lambda: process.memory_info().rss)
            uss = _told(lambda: process.memory_full_info().uss) if self.uss else None
            give_way()
            threads, fds = _told(process.num_threads), _open_fds(process)
            give_way()
            values = (
                at,
                cpu and cpu.user,
                cpu and cpu.system,
                rss,
                uss,
                threads,
                fds,
                switches and switches.voluntary,
                switches and switches.involuntary,
                disk and disk.read_bytes,
                disk and disk.write_bytes,
                disk and disk.read_count,
                disk and disk.write_count,
                _told(lambda: process.rlimit(psutil.RLIMIT_NOFILE)[0]),
                round(self._spent_s, 6) if self._own else None,
            )
        self.append(values)
        self._spent_s += time.thread_time() - began_s

    @property
    def gone(self) -> bool:
        """Whether the process has ended."""
        try:
            return not self._process.is_running() or self._process.status() == psutil.STATUS_ZOMBIE
        except psutil.NoSuchProcess:
            return True


def _memory_limit(pid: int | None) -> tuple[int | None, str]:
    """A limit, or why it is not known."""
    try:
        return memory_limit(Path(f"/proc/{pid or 'self'}")), ""
    except Unknown as why:
        return None, str(why)


def _open_fds(process: "psutil.Process") -> int | None:
    """To count its own, a process needs one more: where there is none, it has all that it may have."""
    try:
        return int(process.num_fds())
    except OSError as error:
        return int(process.rlimit(psutil.RLIMIT_NOFILE)[0]) if error.errno == errno.EMFILE else None
    except (psutil.Error, AttributeError, NotImplementedError):
        return None


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
