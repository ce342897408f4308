"""Posts to many URLs: a connection a host, whichever of its URLs is asked, and no more hosts than are let be open."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from _hookswarm.senders.transport.aimed import MOST_OPEN, OPENED_AHEAD, AimedWire, Host, Place
from _hookswarm.senders.transport.httpx_wire import HttpxWire
from _hookswarm.senders.transport.wire import Transport, Wire
from tests.support.servers import NO_CONTENT, Peer, ScriptedServer


class Hosts:
    """Servers that keep the first lines of what they are asked."""

    def __init__(self, count: int, stack: ExitStack) -> None:
        self.asked: list[tuple[int, bytes]] = []
        self.servers = [stack.enter_context(ScriptedServer(self._script(host))) for host in range(count)]

    def _script(self, host: int) -> Callable[[Peer], None]:
        def script(peer: Peer) -> None:
            while request := peer.request():
                self.asked.append((host, request.partition(b"\r\n")[0]))
                peer.send(NO_CONTENT)

        return script


@pytest.fixture
def hosts() -> Iterator[Hosts]:
    with ExitStack() as stack:
        yield Hosts(2, stack)


@pytest.mark.parametrize("kind", ["wire", "httpx"])
def test_a_host_has_one_connection_whichever_url_is_asked(kind: str, hosts: Hosts) -> None:
    """By both transports; each post goes where it was aimed."""
    origins = [f"http://127.0.0.1:{server.port}" for server in hosts.servers]

    def connect(host: int) -> Transport:
        return HttpxWire(origins[host]) if kind == "httpx" else Wire(Host(origins[host]))

    aimed = AimedWire(2, connect)
    try:
        for host, path in ((0, b"/a"), (1, b"/b"), (0, b"/c"), (1, b"/d?e=f")):
            lines = b"" if kind == "httpx" else b"POST %b HTTP/1.1\r\nHost: x\r\n" % path
            url = origins[host].encode() + path
            wire = aimed.aim(Place(url, host, lines, None, None))
            assert wire.url == url
            assert wire.post(lines, b"{}") == 204
    finally:
        aimed.close()
    assert hosts.asked == [
        (host, b"POST %b HTTP/1.1" % path) for host, path in ((0, b"/a"), (1, b"/b"), (0, b"/c"), (1, b"/d?e=f"))
    ]
    assert [server.connections for server in hosts.servers] == [1, 1]


class Counted:
    """A transport that nobody answers."""

    url = b""

    def __init__(self, log: list[str], host: int) -> None:
        self._log, self._host = log, host

    def open(self) -> None:
        self._log.append(f"open {self._host}")

    def close(self) -> None:
        self._log.append(f"close {self._host}")


def aimed_at(hosts: int, log: list[str]) -> AimedWire:
    return AimedWire(hosts, lambda host: Counted(log, host))  # type: ignore[arg-type, return-value]  # posts nothing


def place(host: int) -> Place:
    return Place(b"", host, b"", None, None)


def test_of_very_many_hosts_the_one_that_rested_longest_is_closed() -> None:
    """File descriptors are few: a host that was asked meanwhile stays."""
    log: list[str] = []
    aimed = aimed_at(MOST_OPEN + 1, log)
    for host in range(MOST_OPEN):
        aimed.aim(place(host))
    aimed.aim(place(0))
    assert log == []
    aimed.aim(place(MOST_OPEN))
    assert log == ["close 1"]


def test_the_first_hosts_are_connected_to_ahead() -> None:
    """As many as can be expected to be needed at once."""
    log: list[str] = []
    aimed_at(1_000, log).open()
    assert log == [f"open {host}" for host in range(OPENED_AHEAD)]
