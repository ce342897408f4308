"""Posts to many URLs of one worker: a connection a host, whichever of its URLs is asked."""

import ssl
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple, NoReturn

from _hookswarm.protocol.signing import Dress, Plainly
from _hookswarm.senders.transport.answer import Answer
from _hookswarm.senders.transport.wire import Endpoint, Transport, Wire

MOST_OPEN = 64
"""Hosts that one worker stays connected to; of more, the one that was used longest ago is closed."""
OPENED_AHEAD = 8
"""Hosts that are connected to before a stage begins."""


class Place(NamedTuple):
    """Where a webhook's deliveries go, and as whose they are signed."""

    url: bytes
    host: int
    lines: bytes
    """What stands before the attempt's own header lines; of the wire, with the request's first line."""
    plainly: Plainly | None
    """Dresses an attempt; else `dress` does."""
    dress: Dress


class Host(Endpoint):
    """What all URLs of a host share. A request's first lines come with it."""

    def __init__(self, origin: str, tls: ssl.SSLContext | None = None, answer: Callable[[], Answer] = Answer) -> None:
        super().__init__(origin, tls, answer=answer)
        self.head = b""


class AimedWire:
    """A Transport that is aimed before each post."""

    def __init__(self, hosts: int, connect: Callable[[int], Transport]) -> None:
        """`connect` makes a transport to one of so many hosts."""
        self._hosts = hosts
        self._connect = connect
        self._wires: OrderedDict[int, Transport] = OrderedDict()
        self._wire = self._open(0)
        self._lines = b""
        self.url = b""
        self.reused = False
        self.retry_after = b""
        self.connecting_s: float | None = 0.0

    @property
    def body(self) -> bytes:
        return self._wire.body

    def aim(self, place: Place) -> None:
        """Where the next post goes."""
        self.url, host, self._lines = place[:3]
        self._wire = wire = self._wires.get(host) or self._open(host)
        wire.url = self.url
        if self._hosts > MOST_OPEN:
            self._wires.move_to_end(host)

    def _open(self, host: int) -> Transport:
        wire = self._wires[host] = self._connect(host)
        if len(self._wires) > MOST_OPEN:
            self._wires.popitem(last=False)[1].close()
        return wire

    def open(self) -> None:
        for host in range(min(self._hosts, OPENED_AHEAD)):
            (self._wires.get(host) or self._open(host)).open()

    def post(self, headers: bytes, body: bytes) -> int:
        wire = self._wire
        try:
            return wire.post(self._lines + headers, body)
        finally:
            self.reused, self.retry_after, self.connecting_s = wire.reused, wire.retry_after, wire.connecting_s

    def break_off(self, headers: bytes, body: bytes) -> NoReturn:
        """As a wire does."""
        wire = self._wire
        assert isinstance(wire, Wire)  # a plan for httpx has no such stage
        try:
            wire.break_off(self._lines + headers, body)
        finally:
            self.reused, self.connecting_s = wire.reused, wire.connecting_s

    def close(self) -> None:
        for wire in self._wires.values():
            wire.close()
