"""Posts to many URLs of one worker: a connection a host, whichever of its URLs is asked."""

import ssl
from collections import OrderedDict
from collections.abc import Callable
from typing import NamedTuple

from _hookswarm.protocol.signing import Dress, Plainly
from _hookswarm.senders.transport.answer import Answer
from _hookswarm.senders.transport.wire import Endpoint, Transport

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
    """Dresses an attempt as `dress` does, and faster; None: it cannot."""
    dress: Dress | None
    """None: as all are dressed."""


class Host(Endpoint):
    """What all URLs of a host share. A request's first lines come with it."""

    def __init__(self, origin: str, tls: ssl.SSLContext | None = None, answer: Callable[[], Answer] = Answer) -> None:
        super().__init__(origin, tls, answer=answer)
        self.head = b""


class AimedWire:
    """One worker's transports, one a host: what posts is the one that it is aimed with."""

    def __init__(self, hosts: int, connect: Callable[[int], Transport]) -> None:
        """`connect` makes a transport to one of so many hosts."""
        self._hosts = hosts
        self._connect = connect
        self._wires: OrderedDict[int, Transport] = OrderedDict()

    def aim(self, place: Place) -> Transport:
        """The transport to a place; it is aimed there until the next time."""
        host = place.host
        wire = self._wires.get(host) or self._to(host)
        wire.url = place.url
        if self._hosts > MOST_OPEN:
            self._wires.move_to_end(host)
        return wire

    def _to(self, host: int) -> Transport:
        wire = self._wires[host] = self._connect(host)
        if len(self._wires) > MOST_OPEN:
            self._wires.popitem(last=False)[1].close()
        return wire

    def open(self) -> None:
        """Connect to the first hosts. Raises WireError."""
        for host in range(min(self._hosts, OPENED_AHEAD)):
            (self._wires.get(host) or self._to(host)).open()

    def close(self) -> None:
        """Close all; they open again when they are used."""
        for wire in self._wires.values():
            wire.close()
        self._wires.clear()  # an httpx client that was closed sends nothing more
