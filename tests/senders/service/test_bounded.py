"""Answers that come too slowly to ever end, on plain sockets, as `check` has them: nothing of a run is patched in."""

import time

import httpx
import pytest

from _hookswarm.senders.service.bounded import bounded_client
from _hookswarm.senders.service.steps import StepError, Steps
from _hookswarm.senders.service.table import parse_service
from tests.support.servers import Peer, Script, ScriptedServer, answer_of, answering, client_tls, server_tls

HEAD = b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 40
BODY = b"HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n"


def dripping(begin: bytes) -> Script:
    """Answers with a begin at once, and then with a byte every 50 ms, for 2 s."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(begin)
        for _ in range(40):
            time.sleep(0.05)
            try:
                peer.send(b"x")
            except OSError:
                return

    return script


@pytest.mark.parametrize("begin", [HEAD, BODY], ids=["head", "body"])
def test_an_answer_that_drips_is_ended(begin: bytes) -> None:
    """Though each byte comes in time."""
    with ScriptedServer(dripping(begin)) as server:
        content = {
            "addresses": {"api": server.url},
            "setup": [{"request": "POST {api}"}],
            "publish": {"request": "POST {api}/e", "body": "{payload}"},
        }
        service = parse_service("mine", content)
        doing = Steps(service, patience_s=0.3)
        began = time.monotonic()
        with pytest.raises(StepError, match=r"the answer did not end within 0\.3 s: see whether"):
            doing.do(service.setup[0], {"api": server.url})
        assert time.monotonic() - began < 1.5
        doing.close()


@pytest.mark.parametrize("begin", [HEAD, BODY], ids=["head", "body"])
def test_one_that_drips_over_tls_is_ended_too(begin: bytes) -> None:
    """Its bytes come through another stream."""
    with (
        ScriptedServer(dripping(begin), server_tls("localhost")) as server,
        bounded_client(0.3, client_tls()) as client,
    ):
        began = time.monotonic()
        with pytest.raises(httpx.ReadTimeout, match=r"did not end within 0\.3 s"):
            client.get(server.url)
        assert time.monotonic() - began < 1.5


def test_each_answer_on_a_connection_has_its_own_time() -> None:
    """The second one is asked for when the time of the first is over."""
    with ScriptedServer(answering(answer_of(b"ab"))) as server, bounded_client(0.3) as client:
        assert client.get(server.url).content == b"ab"
        time.sleep(0.4)
        assert client.get(server.url).content == b"ab"
        assert server.connections == 1
