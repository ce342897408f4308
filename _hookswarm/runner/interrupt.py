"""Ctrl-C and SIGTERM, counted."""

import signal
import threading
from dataclasses import dataclass
from typing import Self


@dataclass
class Interrupt:
    """Ctrl-C or SIGTERM: the first asks Locust to end in order, the second ends it at once."""

    wanted: threading.Event
    count: int = 0

    @classmethod
    def listen(cls) -> Self:
        """Take both signals from now on. Only the main thread may call this."""
        interrupt = cls(threading.Event())
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, interrupt._note)
        return interrupt

    def _note(self, *_: object) -> None:
        self.count += 1
        self.wanted.set()


class Insisting(Interrupt):
    """The second raises KeyboardInterrupt, whatever is waited for."""

    def _note(self, *_: object) -> None:
        super()._note()
        if self.count > 1:
            raise KeyboardInterrupt
