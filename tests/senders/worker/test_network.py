"""A worker's connections."""

from typing import cast

import pytest

from _hookswarm.senders.transport.httpx_wire import HttpxWire
from _hookswarm.senders.transport.wire import Endpoint, Timeouts, Transport, Wire
from _hookswarm.senders.worker.network import Network, Transports
from tests.support.servers import NO_CONTENT, ScriptedServer, answering, client_tls

PATIENT = Timeouts(5, 5)


class Ways:
    """A network that has one kind of transport, to one server."""

    def __init__(self, kind: str, url: str) -> None:
        self._kind, self._url = kind, url

    def transport(self, origin: int, target: int, timeouts: Timeouts) -> Transport:
        if self._kind == "httpx":
            return HttpxWire(self._url, client_tls(), timeouts)
        return Wire(Endpoint(self._url), timeouts)


@pytest.mark.parametrize("kind", ["wire", "httpx"])
def test_a_connection_of_its_own_for_every_attempt(kind: str) -> None:
    """After all were closed, as between attempts that share none, the next one gets another."""
    with ScriptedServer(answering(NO_CONTENT)) as server:
        transports = Transports(cast(Network, Ways(kind, server.url)), 0)
        for _ in range(3):
            assert transports.to(0, PATIENT).post(b"", b"{}") == 204
            transports.close()
        assert server.connections == 3
