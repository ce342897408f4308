"""Bodies as they arrived, a line each: what `--payloads` reads, so that captured webhooks can be sent again."""

import threading
from pathlib import Path

from _hookswarm.records.writing import append_whole


class BodyFile:
    """One process's. The operating system has each body before it is acknowledged, whatever the durability."""

    def __init__(self, path: Path) -> None:
        """Raises OSError; FileExistsError rather than mix two writers."""
        self._lock = threading.Lock()
        self._file = path.open("xb", buffering=0)

    def append(self, body: bytes) -> None:
        """Raises OSError (a full disk), and then nothing is kept of it. Line ends, which JSON does not need, go."""
        line = body.replace(b"\n", b" ") + b"\n"
        with self._lock:
            append_whole(self._file, line)

    def close(self) -> None:
        self._file.close()

    def __del__(self) -> None:
        if hasattr(self, "_file"):
            self.close()
