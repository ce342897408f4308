"""Writing files so that a full disk or a kill leaves the old or the new, never a part."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path


def append_whole(file: FileIO, line: bytes) -> None:
    """Write a line at the end of a file, whole or not at all. Raises OSError (a full disk)."""
    before = file.tell()
    try:
        if file.write(line) != len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    except OSError as error:
        file.truncate(before)
        file.seek(before)
        raise OSError(error.errno, error.strerror, str(file.name)) from None  # a write names no file


def write_atomically(path: Path, text: str, mode: int = 0o666) -> None:
    """Replace `path` so that a reader sees the old text or the new, never a part. Raises OSError.

    `mode`: who may read it at most, from its first byte on.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with naming(path):
        try:
            with open(draft, "w", opener=lambda name, flags: os.open(name, flags, mode)) as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Have an OSError name the file that is meant: not its draft; nor none, as one that is raised by a write."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), str(path)) from None
