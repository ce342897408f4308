"""What Locust prints, read while it is written: some of its lines are for the user."""

import os
from collections.abc import Iterator
from typing import IO

from _hookswarm.senders.exchange.messages import SAYS

READ_BYTES = 1 << 16
_FOLDER = f"{SAYS}run "
"""How the line begins that names the run's folder; the report names it, too."""


class Said:
    """Of a file that somebody else writes to, from the same place in it: its position is not ours to move."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._read = bytearray()
        self._told = 0

    def to_user(self) -> Iterator[str]:
        """Whole lines for the user that were written since the last call."""
        while data := os.pread(self._file.fileno(), READ_BYTES, len(self._read)):
            self._read += data
        whole = self._read.rfind(b"\n") + 1
        lines = self._read[self._told : whole].decode(errors="replace").splitlines()
        self._told = max(whole, self._told)
        yield from (line for line in lines if line.startswith(SAYS) and not line.startswith(_FOLDER))

    @property
    def text(self) -> str:
        """All that was read."""
        return self._read.decode(errors="replace")
