"""The file that accepted events survive a restart in: a JSON array a line, only ever appended to.

Each line is handed to the kernel before the publisher is answered, so it outlives the process, not the machine.
"""

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any


class Store:
    """Writes records; without a path, nothing."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._file = -1

    def records(self) -> Iterator[list[Any]]:
        """What an earlier life wrote. A torn last line, of a process that was killed, is cut off."""
        if not self._path or not self._path.exists():
            return
        with self._path.open("r+b") as file:
            whole = 0
            for line in file:
                if not line.endswith(b"\n"):
                    break
                whole += len(line)
                yield json.loads(line)
            file.truncate(whole)

    def append(self, *record: Any) -> None:
        if not self._path:
            return
        if self._file < 0:
            self._file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.write(self._file, json.dumps(record).encode() + b"\n")
