"""The psutil log of a receiver's process: one for each run that it takes part in."""

import os
import time
from collections.abc import Callable

from _hookswarm.protocol.identity import NO_RUN
from _hookswarm.receiver.config import ReceiverConfig
from _hookswarm.records.clock import Clock
from _hookswarm.records.resources import ResourceLog, available, give_back

SAMPLE_S = 0.5
"""How often a data-plane process writes a line."""


class Sampler:
    """Follows the receiver from its housekeeping. Without psutil it does nothing."""

    def __init__(
        self,
        config: ReceiverConfig,
        clock: Clock,
        role: str = "receiver",
        every_s: float = SAMPLE_S,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._config = config
        self._role = role
        self._every_s = every_s
        self._clock = clock
        self._monotonic = monotonic
        self._run = NO_RUN
        self._rests = 0
        self._log: ResourceLog | None = None
        self._next = 0.0

    def follow(self, run: str, rests: int) -> None:
        """Write a sample if it is time for one; first give memory back in a new pause. Raises OSError."""
        if run != self._run:
            self._run = run
            self._open()
        if rests != self._rests:
            self._rests = rests
            give_back()
        if self._log and self._monotonic() >= self._next:
            self._next = self._monotonic() + self._every_s
            self._log.sample()

    def _open(self) -> None:
        if self._log:
            self._log.close()
            self._log = None
        if self._run == NO_RUN or available():
            return
        folder = self._config.results / self._run
        folder.mkdir(parents=True, exist_ok=True)
        role, number = f"{self._role}-{self._config.region}", 0
        while self._log is None:
            process = f"{os.getpid()}.{number}" if number else str(os.getpid())
            try:
                self._log = ResourceLog(folder, role, self._clock, process)
            except FileExistsError:  # a run may be set twice
                number = number + 1 if number else 2
