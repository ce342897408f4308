"""What a service has of us is one process's at a time: two would take down each other's endpoints."""

import fcntl
import os
import time
from pathlib import Path

from _hookswarm.common.errors import ConfigError

PATIENCE_S = 1.0
"""For a process that was killed just now, and is about to be gone."""
AGAIN_S = 0.1


class Claim:
    """On a file of such endpoints. It ends with the process, however that ends."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = path.with_name(f".{path.name}.lock")  # the file itself is replaced by each that is written
        self._held: int | None = None

    def take(self, patience_s: float = PATIENCE_S) -> None:
        """Raises ConfigError where another process has it, OSError."""
        until = time.monotonic() + patience_s
        while not self._taken():
            if time.monotonic() >= until:
                told = f"{self._path} is in use by another run, or by `clean`: wait until that has ended"
                raise ConfigError([f"{told}, or choose another --results"])
            time.sleep(AGAIN_S)

    def _taken(self) -> bool:
        held = os.open(self._lock, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            there = self._lock.stat()
        except (BlockingIOError, FileNotFoundError):  # held by another one, who may just have removed it
            os.close(held)
            return False
        if there.st_ino != os.fstat(held).st_ino:
            os.close(held)
            return False
        self._held = held
        return True

    def end(self) -> None:
        """Let others have it; nothing is left of it."""
        if self._held is not None:
            self._lock.unlink(missing_ok=True)
            os.close(self._held)
            self._held = None
