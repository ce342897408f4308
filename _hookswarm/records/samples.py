"""Append-only logs of samples: what a process, or a machine, used over time.

A log begins with a line of JSON after "#", which says whose it is, and by which clock. Then come the columns' names,
and a line of CSV for each sample. A value that the platform does not tell is left empty.
"""

import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import ClassVar, TypeVar

from _hookswarm.records.manifest import RunError
from _hookswarm.records.writing import append_whole

_H = TypeVar("_H", bound="SampleHeader")

GIVE_WAY_S = 1e-4


def give_way() -> None:
    """Between the parts of a sample, which takes 2 ms: an event loop that shares the interpreter, or the core, waits
    for one part at most.
    """
    time.sleep(GIVE_WAY_S)


class SampleHeader:
    """What a log says of itself; a kind of log adds its fields as a frozen dataclass."""

    KIND: ClassVar[str]
    """As messages name it."""
    NEWEST: ClassVar[int]
    """The version that is written; it and all before it are read."""

    version: int

    @property
    def columns(self) -> tuple[str, ...]:
        """Of the log that this header begins, whose version may be an older one."""
        raise NotImplementedError

    def encode(self) -> bytes:
        """The log's first two lines."""
        return f"# {json.dumps(vars(self))}\n{','.join(self.columns)}\n".encode()

    @classmethod
    def decode(cls: type[_H], line: bytes) -> _H:
        """Read a log's first line. Raises RunError."""
        if not line.startswith(b"# {"):
            raise RunError(f"not a {cls.KIND}")
        try:
            header = cls(**json.loads(line[2:]))
        except (ValueError, TypeError, RecursionError):
            raise RunError("damaged header") from None
        if header.version not in range(1, cls.NEWEST + 1):
            raise RunError(f"{cls.KIND} version {header.version}; this hookswarm reads 1 to {cls.NEWEST}")
        return header


class SampleLog:
    """Writes one log. Keeps nothing in memory; one thread at a time may use it."""

    def __init__(self, path: Path, header: SampleHeader) -> None:
        """Create `path`, header and all or not at all. Raises OSError: FileExistsError rather than mix two writers."""
        self.path = path
        self._file = path.open("xb", buffering=0)
        try:
            append_whole(self._file, header.encode())
        except OSError:
            self.close()
            path.unlink()
            raise

    def append(self, values: Iterable[object]) -> None:
        """Append a line, whole or not at all; None is unknown. Raises OSError (a full disk)."""
        line = ",".join("" if value is None else str(value) for value in values) + "\n"
        append_whole(self._file, line.encode())

    def close(self) -> None:
        self._file.close()
