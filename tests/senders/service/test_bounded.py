"""Answers that come too slowly to ever end."""

import time
from collections.abc import Iterator

import gevent
import httpx
import pytest

from _hookswarm.senders.service.bounded import Bounded
from _hookswarm.senders.service.steps import StepError, Steps
from _hookswarm.senders.service.table import parse_service
from tests.support.servers import Peer, ScriptedServer


def test_an_answer_that_drips_is_ended() -> None:
    """Though each byte comes in time."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 40\r\n\r\n")
        for _ in range(40):
            time.sleep(0.05)
            peer.send(b"x")

    with ScriptedServer(script) as server:
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


def test_an_answer_whose_head_drips_is_ended() -> None:
    """Where others go on meanwhile, as in a run."""

    class Dripping(httpx.BaseTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            for _ in range(100):
                gevent.sleep(0.02)
            return httpx.Response(200, request=request)

    with httpx.Client(transport=Bounded(Dripping(), 0.1)) as client:
        with pytest.raises(httpx.ReadTimeout, match=r"did not end within 0\.1 s"):
            client.get("http://127.0.0.1:1/")


def test_an_answer_in_time_is_whole() -> None:
    """Part by part."""

    class Parts(httpx.SyncByteStream):
        def __iter__(self) -> Iterator[bytes]:
            yield from (b"a", b"b")

    inner = httpx.MockTransport(lambda _request: httpx.Response(200, stream=Parts()))
    with httpx.Client(transport=Bounded(inner, 5)) as client:
        assert client.get("http://127.0.0.1:1/").content == b"ab"
