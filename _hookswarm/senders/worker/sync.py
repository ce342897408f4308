"""A sending process sets its clock by the master's before it is sent stages, which begin by that clock."""

from _hookswarm.protocol.version import PROTOCOL
from _hookswarm.records.clock import Clock, Exchange, Offset, boot_id, measure_offset
from _hookswarm.senders.exchange.messages import Heard, Ready
from _hookswarm.senders.exchange.usage import host_name

EXCHANGES = 16
"""How often the master's clock is read; the shortest round trip counts."""


class Sync:
    """What a process has learnt of the master's clock. Processes since one boot share theirs, and need no measuring."""

    def __init__(self, clock: Clock, boot: str | None = None) -> None:
        """`clock` is uncorrected; `boot`: None is this one."""
        self._clock = clock
        self._boot = boot_id() if boot is None else boot
        self._exchanges: list[Exchange] = []
        self._offset: Offset | None = None
        self.accepted = False
        """The master knows."""

    def ready(self, process: str) -> Ready:
        """What to say next."""
        offset = self._offset
        return Ready(
            protocol=PROTOCOL,
            process=process,
            host=host_name(),
            sent_ns=self._clock.now(),
            synced=offset is not None,
            offset_ns=offset.ns if offset else 0,
            uncertainty_ns=offset.uncertainty_ns if offset else 0,
        )

    def hear(self, heard: Heard) -> bool:
        """Learn from an answer; whether that completes the offset."""
        self.accepted = heard.accepted
        if self._offset is not None:
            return False
        if heard.boot == self._boot != "":
            self._offset = Offset(heard.anchor_ns - self._clock.anchor_ns, 0)
            return True
        self._exchanges.append(Exchange(heard.sent_ns, heard.now_ns, self._clock.now()))
        if len(self._exchanges) >= EXCHANGES:
            self._offset = measure_offset(self._exchanges)
        return self._offset is not None

    def corrected(self) -> Clock:
        """A clock that tells the master's time."""
        assert self._offset
        return Clock(self._clock.anchor_ns + self._offset.ns)
