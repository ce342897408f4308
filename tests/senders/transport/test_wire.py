"""The wire against servers that follow a script: what it sends, every way to answer, every way to fail."""

import gc
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import gevent
import pytest

from _hookswarm import __version__
from _hookswarm.records.rows import Outcome
from _hookswarm.senders.transport.answer import WholeAnswer
from _hookswarm.senders.transport.connection import Address
from _hookswarm.senders.transport.failure import WireError
from _hookswarm.senders.transport.httpx_wire import HttpxWire
from _hookswarm.senders.transport.wire import Endpoint, Timeouts, Transport, Wire
from tests.support.network import silent_name_service
from tests.support.receivers import CHECKOUT
from tests.support.servers import (
    NO_CONTENT,
    Blackhole,
    Peer,
    Script,
    ScriptedServer,
    answer_of,
    answering,
    authority,
    client_tls,
    closed_port,
    server_tls,
)

HEADERS = b"webhook-id: msg_1\r\n"
BODY = b'{"id":"msg_1"}'
LIMIT_S = 0.15
SHORT = Timeouts(connect_s=LIMIT_S, response_s=LIMIT_S)
PATIENT = Timeouts(connect_s=5, response_s=5)
SLACK_S = 0.1
IDLE_S = 0.15
MEBIBYTE = 1 << 20

Open = Callable[..., Transport]
"""Opens a transport to a URL: `(url, timeouts, tls)`."""


@pytest.fixture
def opened() -> Iterator[list[Transport]]:
    """Transports that are closed when the test ends."""
    transports: list[Transport] = []
    yield transports
    for transport in transports:
        transport.close()


@pytest.fixture
def wire(opened: list[Transport]) -> Open:
    """Opens wires."""

    def open_wire(url: str, timeouts: Timeouts = PATIENT, tls: ssl.SSLContext | None = None) -> Transport:
        opened.append(Wire(Endpoint(url, tls), timeouts))
        return opened[-1]

    return open_wire


@pytest.fixture(params=["wire", "httpx"])
def either(request: pytest.FixtureRequest, opened: list[Transport]) -> Open:
    """Opens transports of both kinds."""

    def open_either(url: str, timeouts: Timeouts = PATIENT, tls: ssl.SSLContext | None = None) -> Transport:
        tls = tls or client_tls()
        opened.append(Wire(Endpoint(url, tls), timeouts) if request.param == "wire" else HttpxWire(url, tls, timeouts))
        return opened[-1]

    return open_either


def failure(transport: Transport, body: bytes = BODY) -> WireError:
    with pytest.raises(WireError) as caught:
        transport.post(HEADERS, body)
    return caught.value


# What is sent.


def test_the_request_is_what_it_should_be(wire: Open) -> None:
    """The request on the wire, byte for byte."""
    seen = []

    def script(peer: Peer) -> None:
        seen.append(peer.request())
        peer.send(NO_CONTENT)

    with ScriptedServer(script) as server:
        assert wire(server.url + "/a%20b?c=d&e#part").post(HEADERS, BODY) == 204
    assert seen == [
        b"POST /hooks/a%%20b?c=d&e HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUser-Agent: hookswarm/%b\r\n"
        b"Content-Type: application/json\r\nwebhook-id: msg_1\r\nContent-Length: 14\r\n\r\n%b"
        % (server.port, __version__.encode(), BODY)
    ]


def test_httpx_sends_the_same_headers(opened: list[Transport]) -> None:
    """The httpx transport sends each of ours once, with the same values."""
    seen = []

    def script(peer: Peer) -> None:
        seen.append(peer.request())
        peer.send(NO_CONTENT)

    with ScriptedServer(script) as server:
        opened.append(HttpxWire(server.url, client_tls(), PATIENT))
        assert opened[0].post(HEADERS, BODY) == 204
    head, _, body = seen[0].partition(b"\r\n\r\n")
    lines = [line.lower() for line in head.split(b"\r\n")]
    assert lines[0] == b"post /hooks http/1.1"
    assert body == BODY
    for line in (
        b"host: 127.0.0.1:%d" % server.port,
        b"user-agent: hookswarm/%b" % __version__.encode(),
        b"content-type: application/json",
        b"webhook-id: msg_1",
        b"content-length: 14",
    ):
        assert lines.count(line) == 1


def test_the_beginning_of_an_answers_body_is_kept(either: Open) -> None:
    """Of the last answer, in the pieces that it came in; an answer without one, or a failure, has none."""
    head = b"HTTP/1.1 400 Bad\r\nTransfer-Encoding: chunked\r\n\r\n"
    long = b"HTTP/1.1 500 Bad\r\nContent-Length: 1000\r\n\r\n" + b"x" * 1000
    with ScriptedServer(answering(head + b"4\r\nno s\r\n6\r\necret!\r\n0\r\n\r\n", long, NO_CONTENT, b"")) as server:
        transport = either(server.url, SHORT)
        found = []
        for _ in range(3):
            transport.post(HEADERS, BODY)
            found.append(transport.body)
        failure(transport)
        found.append(transport.body)
    assert found == [b"no secret!", b"x" * 200, b"", b""]
    assert failure(transport).outcome == Outcome.REFUSED
    assert transport.body == b""


@pytest.mark.parametrize("kind", ["wire", "httpx"])
def test_as_much_of_a_body_is_kept_as_is_wanted(kind: str) -> None:
    """However it comes in, and no more; the place that a redirect names where somebody wants to know it."""

    def script(peer: Peer) -> None:
        for head in ("200 OK", "302 Found\r\nLoCation: /there"):
            peer.request()
            whole = answer_of(b"0123456789" * 9_000, head)
            for begin in range(0, len(whole), 7_777):
                peer.send(whole[begin : begin + 7_777])

    with ScriptedServer(script) as server:
        endpoint = Endpoint(server.url, answer=partial(WholeAnswer, 50_001))
        transport = Wire(endpoint, PATIENT) if kind == "wire" else HttpxWire(server.url, None, PATIENT, keep=50_001)
        assert (transport.post(HEADERS, BODY), transport.location) == (200, b"")
        assert transport.body == (b"0123456789" * 9_000)[:50_001]
        assert (transport.post(HEADERS, BODY), transport.location) == (302, b"/there")
        transport.close()


def test_ipv6_works(wire: Open) -> None:
    """An address in brackets is spoken to, and named in Host as it was written."""
    seen = []

    def script(peer: Peer) -> None:
        seen.append(peer.request())
        peer.send(NO_CONTENT)

    try:
        listener = socket.create_server(("::1", 0), family=socket.AF_INET6)
    except OSError:
        pytest.skip("no IPv6 on this machine")
    with listener:
        thread = threading.Thread(target=lambda: script(Peer(listener.accept()[0])), daemon=True)
        thread.start()
        port = listener.getsockname()[1]
        assert wire(f"http://[::1]:{port}").post(HEADERS, BODY) == 204
        thread.join(5)
    assert seen[0].startswith(b"POST / HTTP/1.1\r\nHost: [::1]:%d\r\n" % port)


def test_the_second_address_is_tried(wire: Open) -> None:
    """`localhost` leads to ::1 and 127.0.0.1; a server on one of them is found."""
    with ScriptedServer(answering(NO_CONTENT)) as server:
        assert wire(f"http://localhost:{server.port}/").post(HEADERS, BODY) == 204


def large_body() -> bytes:
    return b"".join(b"%08d" % n for n in range(MEBIBYTE // 8))


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
def test_a_large_body_goes_whole_to_a_slow_reader(wire: Open, secure: bool) -> None:
    """A mebibyte arrives byte for byte at a server that reads a little at a time."""
    seen = []

    def script(peer: Peer) -> None:
        data = head = b""
        while not head or len(data) < len(head) + 4 + MEBIBYTE:
            time.sleep(0.001)
            data += peer.connection.recv(1 << 14)
            head = data.partition(b"\r\n\r\n")[0]
        seen.append(data[len(head) + 4 :])
        peer.send(NO_CONTENT)
        assert peer.request() == b""

    with ScriptedServer(script, server_tls() if secure else None) as server:
        transport = wire(server.url, Timeouts(2, 8), client_tls())
        assert transport.post(HEADERS, large_body()) == 204
        transport.close()
    assert seen == [large_body()]


# Breaking off.


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
def test_an_answer_that_is_there_is_not_read(wire: Open, secure: bool) -> None:
    """The server has taken the request and answered; what it gets back is the end of the connection."""
    seen, ended = [], threading.Event()

    def script(peer: Peer) -> None:
        seen.append(peer.request())
        peer.connection.settimeout(LIMIT_S)
        with pytest.raises(TimeoutError):  # it waits, whatever else a server of TLS may say unasked
            peer.request()
        peer.send(OK)
        with suppress(ConnectionError):
            assert not peer.request()
        ended.set()

    with ScriptedServer(script, server_tls() if secure else None) as server:
        transport = wire(server.url, PATIENT, client_tls())
        assert isinstance(transport, Wire)
        for _ in range(2):
            with pytest.raises(WireError) as caught:
                transport.break_off(HEADERS, BODY)
            assert caught.value.outcome is Outcome.BROKEN_OFF
            assert ended.wait(2)
            ended.clear()
    assert len(seen) == 2
    assert seen[0].endswith(BODY)


def test_what_is_broken_off_may_have_no_answer(wire: Open) -> None:
    """A server that closes, or is silent, lost no acknowledgement: that is told as it is of any attempt."""

    def close(peer: Peer) -> None:
        peer.request()

    def keep_silent(peer: Peer) -> None:
        peer.request()
        time.sleep(2 * LIMIT_S)

    for outcome, script in ((Outcome.RESET, close), (Outcome.READ_TIMEOUT, keep_silent)):
        with ScriptedServer(script) as server:
            transport = wire(server.url, SHORT)
            assert isinstance(transport, Wire)
            with pytest.raises(WireError) as caught:
                transport.break_off(HEADERS, BODY)
        assert caught.value.outcome is outcome


# Answers.

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
KEPT = {
    "204": (NO_CONTENT, 204),
    "204 with a length": (b"HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", 204),
    "304": (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n", 304),
    "length": (OK, 200),
    "length in odd letters": (b"HTTP/1.1 200 OK\r\ncONTENT-lENGTH:   5\r\n\r\nhello", 200),
    "no body": (b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n", 202),
    "chunked": (CHUNKED + b"5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\n", 200),
    "chunked, empty": (CHUNKED + b"0\r\n\r\n", 200),
    "chunked with trailers": (CHUNKED + b"5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n", 200),
    "100 first": (b"HTTP/1.1 100 Continue\r\n\r\n" + OK, 200),
    "103 first": (b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" + NO_CONTENT, 204),
    "three interim ones": (b"HTTP/1.1 102 Processing\r\n\r\n" * 3 + OK, 200),
    "redirect": (b"HTTP/1.1 307 Temporary Redirect\r\nLocation: /\r\nContent-Length: 0\r\n\r\n", 307),
    "410": (b"HTTP/1.1 410 Gone\r\nContent-Length: 4\r\n\r\ngone", 410),
    "503": (b"HTTP/1.1 503 Busy\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n", 503),
    "no reason": (b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", 200),
    "HTTP/1.0, kept": (b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello", 200),
}
CLOSED = {
    "asked for": (b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n", 204),
    "with a length": (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello", 200),
    "chunked": (b"HTTP/1.1 200 OK\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n", 200),
    "until close": (b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nhello", 200),
    "until close, not announced": (b"HTTP/1.1 200 OK\r\n\r\nhello", 200),
    "until close, empty": (b"HTTP/1.1 500 Oops\r\n\r\n", 500),
    "until close, after an interim one": (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Made\r\n\r\nhello", 201),
    "until close, after one with a length": (
        b"HTTP/1.1 103 Early Hints\r\nContent-Length: 0\r\n\r\nHTTP/1.1 201 Made\r\n\r\nhello",
        201,
    ),
    "HTTP/1.0": (b"HTTP/1.0 200 OK\r\n\r\nhello", 200),
    "HTTP/1.0 with a length": (b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", 200),
}


def in_single_bytes(answer: bytes) -> Script:
    def script(peer: Peer) -> None:
        while peer.request():
            for n in range(len(answer)):
                peer.send(answer[n : n + 1])
                time.sleep(0.0001)

    return script


def then_closing(script: Script) -> Script:
    """The same for one request."""

    def once(peer: Peer) -> None:
        asked = peer.request

        def request() -> bytes:
            peer.request = lambda: b""  # type: ignore[method-assign]  # this peer's next request is the last
            return asked()

        peer.request = request  # type: ignore[method-assign]  # for this peer alone
        script(peer)

    return once


@pytest.mark.parametrize("pieces", [answering, in_single_bytes], ids=["whole", "bytes"])
@pytest.mark.parametrize(("answer", "status"), KEPT.values(), ids=KEPT)
def test_the_connection_is_kept(wire: Open, answer: bytes, status: int, pieces: Callable[[bytes], Script]) -> None:
    """An answer with an end of its own leaves the connection to the next request."""
    with ScriptedServer(pieces(answer)) as server:
        transport = wire(server.url, PATIENT)
        assert [(transport.post(HEADERS, BODY), transport.reused) for _ in range(3)] == [
            (status, False),
            (status, True),
            (status, True),
        ]
        assert server.connections == 1


@pytest.mark.parametrize("pieces", [answering, in_single_bytes], ids=["whole", "bytes"])
@pytest.mark.parametrize(("answer", "status"), CLOSED.values(), ids=CLOSED)
def test_the_connection_is_closed(wire: Open, answer: bytes, status: int, pieces: Callable[[bytes], Script]) -> None:
    """An answer that ends with the connection is whole, and the next request gets a connection of its own."""
    with ScriptedServer(then_closing(pieces(answer))) as server:
        transport = wire(server.url, PATIENT)
        assert [(transport.post(HEADERS, BODY), transport.reused) for _ in range(2)] == [(status, False)] * 2
        assert server.connections == 2


@pytest.mark.parametrize(("answer", "status"), [*KEPT.values(), *CLOSED.values()], ids=[*KEPT, *CLOSED])
def test_httpx_reads_the_same_status(opened: list[Transport], answer: bytes, status: int) -> None:
    """Both transports agree on every way to answer."""
    with ScriptedServer(then_closing(answering(answer))) as server:
        opened.append(HttpxWire(server.url, client_tls(), PATIENT))
        assert opened[0].post(HEADERS, BODY) == status


def test_connection_close_is_honoured_at_once(wire: Open) -> None:
    """Told that the connection ends, the wire neither waits for its end nor uses it again."""
    with ScriptedServer(answering(CLOSED["with a length"][0])) as server:
        transport = wire(server.url)
        began = time.monotonic()
        assert [transport.post(HEADERS, BODY) for _ in range(2)] == [200, 200]
        assert time.monotonic() - began < 1
        assert server.connections == 2


def test_a_large_answer_is_read_to_its_end(either: Open) -> None:
    """Three mebibytes of answer, chunked and by length, don't disturb the next one."""
    data = b"x" * MEBIBYTE
    chunk = b"%x\r\n%b\r\n" % (len(data), data)
    large = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (3 * len(data), 3 * data)
    with ScriptedServer(answering(CHUNKED + 3 * chunk + b"0\r\n\r\n", large, NO_CONTENT)) as server:
        transport = either(server.url, PATIENT)
        assert [transport.post(HEADERS, BODY) for _ in range(3)] == [200, 200, 204]
        assert server.connections == 1


BODILESS = b"HTTP/1.1 204 No Content\r\n%b\r\n"
OVERSTEPPING = {
    "the body of a 204": (NO_CONTENT + b"hello", 204),
    "of one with a length": (BODILESS % b"Content-Length: 5\r\n" + b"hello", 204),
    "of one in chunks": (BODILESS % b"Transfer-Encoding: chunked\r\n" + b"5\r\nhello\r\n0\r\n\r\n", 204),
    "of one that ends the connection": (BODILESS % b"Connection: close\r\n" + b"hello", 204),
    "more than the length": (OK + b" and rubbish", 200),
    "two answers to one request": (NO_CONTENT + NO_CONTENT, 204),
    "half a second one": (OK + b"HTTP/1.1 500 Oo", 200),
}


@pytest.mark.parametrize(("answer", "status"), OVERSTEPPING.values(), ids=OVERSTEPPING)
def test_bytes_beyond_an_answer_do_not_undo_it(either: Open, answer: bytes, status: int) -> None:
    """A whole answer stands, whatever comes behind it; its connection is not used again."""
    with ScriptedServer(answering(answer)) as server:
        transport = either(server.url)
        assert [(transport.post(HEADERS, BODY), transport.reused) for _ in range(3)] == [(status, False)] * 3
        assert server.connections == 3


@pytest.mark.parametrize("pieces", [1, 5, 1000])
@pytest.mark.parametrize("rest", [b"hello", b"<p>HTTP/1.1 is spoken here</p>"])
def test_bytes_beyond_an_answer_may_come_late(wire: Open, rest: bytes, pieces: int) -> None:
    """Those that arrive when the next request is out already are not its answer, which comes behind them."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(NO_CONTENT)
        peer.request()
        for n in range(0, len(rest + OK), pieces):
            peer.send((rest + OK)[n : n + pieces])
            time.sleep(0.0001)
        peer.request()

    scripts = iter([script])
    with ScriptedServer(lambda peer: next(scripts, answering(NO_CONTENT))(peer)) as server:
        transport = wire(server.url)
        told = [(transport.post(HEADERS, BODY), transport.reused) for _ in range(3)]
    assert told == [(204, False), (200, True), (204, False)]


def test_no_answer_behind_them_is_a_failure(wire: Open) -> None:
    """Where a connection ends after bytes that are no answer, it is told what they are not."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(NO_CONTENT)
        peer.request()
        peer.send(b"hello")

    with ScriptedServer(script) as server:
        transport = wire(server.url)
        assert transport.post(HEADERS, BODY) == 204
        assert failure(transport).outcome == Outcome.PROTOCOL


REASONS = {
    b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab": "Duplicate Content-Length",
    b"HTTP/1.1 200 OK\nContent-Length: 1\n\na": "Missing expected CR",
    b"SSH-2.0-OpenSSH_9.2\r\n": "Expected HTTP/",
    b"HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n": "another protocol (101)",
    b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\n\r\n": "another protocol (101)",
}


@pytest.mark.parametrize(("answer", "reason"), REASONS.items(), ids=REASONS.values())
def test_the_parsers_reason_is_told(wire: Open, answer: bytes, reason: str) -> None:
    """What is no answer is told by what is wrong with it, in the parser's words."""
    with ScriptedServer(answering(answer)) as server:
        error = failure(wire(server.url))
    assert error.outcome == Outcome.PROTOCOL
    assert str(error).startswith("not an HTTP/1.1 answer: ")
    assert reason in str(error)


def test_redirects_are_not_followed(either: Open) -> None:
    """A 3xx is the answer; nobody goes where it points."""
    answer = b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:%d/\r\nContent-Length: 0\r\n\r\n"
    with ScriptedServer(answering(NO_CONTENT)) as elsewhere:
        with ScriptedServer(answering(answer % elsewhere.port)) as server:
            assert either(server.url).post(HEADERS, BODY) == 302
        assert elsewhere.connections == 0


# Failures, each by its kind.


def test_an_end_that_nobody_waits_for_keeps_nobody_busy(wire: Open) -> None:
    """The server closes after its answer: until the next post there is nothing to be done."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(NO_CONTENT)

    with ScriptedServer(script) as server:
        sender = wire(server.url)
        assert sender.post(b"", BODY) == 204
        began_s = time.thread_time()
        gevent.sleep(0.4)
        assert time.thread_time() - began_s < 0.04
        assert sender.post(b"", BODY) == 204


def silent(peer: Peer) -> None:
    peer.request()
    peer.request()  # until the client leaves


def patience(script: Script) -> Timeouts:
    return SHORT if script is silent else PATIENT


def reset_at_once(peer: Peer) -> None:
    peer.request()
    peer.reset()


def close_at_once(peer: Peer) -> None:
    peer.request()


def sending(answer: bytes, reset: bool = False) -> Script:
    """One answer, then the end of the connection."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(answer)
        if reset:
            time.sleep(0.05)  # a reset overtakes what the client has not read yet
            peer.reset()

    return script


PART = b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\nhello"


@dataclass(frozen=True)
class Failing:
    script: Script
    outcome: Outcome
    both: bool = True
    """Whether httpx tells it apart too."""


FAILING = {
    "reset before the answer": Failing(reset_at_once, Outcome.RESET),
    "closed before the answer": Failing(close_at_once, Outcome.RESET),
    "reset inside the body": Failing(sending(PART, reset=True), Outcome.TRUNCATED),
    "closed inside the body": Failing(sending(PART), Outcome.TRUNCATED),
    "closed inside a chunk": Failing(sending(CHUNKED + b"ff\r\nhello"), Outcome.TRUNCATED),
    "closed before the last chunk": Failing(sending(CHUNKED + b"5\r\nhello\r\n"), Outcome.TRUNCATED),
    "closed inside the head": Failing(sending(b"HTTP/1.1 200 OK\r\nContent-Le"), Outcome.TRUNCATED, both=False),
    "closed inside the first line": Failing(sending(b"HTTP"), Outcome.TRUNCATED, both=False),
    "closed after an interim answer": Failing(sending(b"HTTP/1.1 100 Continue\r\n\r\n"), Outcome.TRUNCATED, both=False),
    "reset inside a body until close": Failing(sending(b"HTTP/1.1 200 OK\r\n\r\nx", reset=True), Outcome.TRUNCATED),
    "no answer": Failing(silent, Outcome.READ_TIMEOUT),
    "another protocol": Failing(sending(b"SSH-2.0-OpenSSH_9.2\r\n"), Outcome.PROTOCOL, both=False),
    "binary": Failing(sending(bytes(range(256))), Outcome.PROTOCOL),
    "HTTP/2 frames": Failing(sending(b"\0\0\x12\x04\0\0\0\0\0" + bytes(18)), Outcome.PROTOCOL),
    "a request": Failing(sending(b"POST / HTTP/1.1\r\nHost: x\r\n\r\n"), Outcome.PROTOCOL),
    "no status": Failing(sending(b"HTTP/1.1 OK\r\n\r\n"), Outcome.PROTOCOL),
    "a length that is none": Failing(sending(b"HTTP/1.1 200 OK\r\nContent-Length: ten\r\n\r\n"), Outcome.PROTOCOL),
    "two lengths": Failing(
        sending(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"), Outcome.PROTOCOL
    ),
    "a bad chunk": Failing(sending(CHUNKED + b"what?\r\n"), Outcome.PROTOCOL),
    "an upgrade": Failing(
        sending(b"HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"), Outcome.PROTOCOL, both=False
    ),
    "headers without end": Failing(
        sending(b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 50_000), Outcome.PROTOCOL, both=False
    ),
    "one header without end": Failing(sending(b"HTTP/1.1 200 OK\r\nX: " + b"y" * 300_000), Outcome.PROTOCOL),
    "interim answers without end": Failing(
        sending(b"HTTP/1.1 100 Continue\r\n\r\n" * 20_000), Outcome.PROTOCOL, both=False
    ),
}


@pytest.mark.parametrize("case", FAILING.values(), ids=FAILING)
def test_a_failure_has_its_kind_and_leaves_the_wire_usable(wire: Open, case: Failing) -> None:
    """Each failure is told by its kind, with a text, and the next request starts afresh and succeeds."""
    scripts = iter([case.script])
    with ScriptedServer(lambda peer: next(scripts, answering(NO_CONTENT))(peer)) as server:
        transport = wire(server.url, patience(case.script))
        error = failure(transport)
        assert (error.outcome, bool(str(error))) == (case.outcome, True)
        assert transport.post(HEADERS, BODY) == 204
        assert not transport.reused
        assert server.connections == 2


BOTH = {name: case for name, case in FAILING.items() if case.both}


@pytest.mark.parametrize("case", BOTH.values(), ids=BOTH)
def test_httpx_tells_the_same_kinds(opened: list[Transport], case: Failing) -> None:
    """With httpx the main kinds have the same names, and the next request succeeds too."""
    scripts = iter([case.script])
    with ScriptedServer(lambda peer: next(scripts, answering(NO_CONTENT))(peer)) as server:
        opened.append(HttpxWire(server.url, client_tls(), patience(case.script)))
        assert failure(opened[0]).outcome == case.outcome
        assert opened[0].post(HEADERS, BODY) == 204


def test_nobody_listens(either: Open) -> None:
    """A closed port is a refusal, at once."""
    assert failure(either(f"http://127.0.0.1:{closed_port()}/")).outcome == Outcome.REFUSED


def test_a_refused_attempt_lets_its_body_go(wire: Open) -> None:
    """Nothing holds it once the failure was told: a target that is away costs no memory until garbage is collected."""
    body, refused = bytes(1000), wire(f"http://127.0.0.1:{closed_port()}/")
    before = sys.getrefcount(body)
    gc.disable()
    try:
        for _ in range(3):
            with suppress(WireError):
                refused.post(HEADERS, body)
        assert sys.getrefcount(body) == before
    finally:
        gc.enable()


@pytest.mark.parametrize("host", ["nobody.invalid", "a..b.invalid", f"{'x' * 70}.invalid"])
def test_a_name_without_an_address(either: Open, host: str) -> None:
    """A host that does not resolve, or whose name cannot be one, has a kind of its own."""
    error = failure(either(f"http://{host}/", PATIENT))
    assert error.outcome == Outcome.UNRESOLVED


def test_who_asks_as_the_answer_comes_in_spoils_it_for_nobody() -> None:
    """Of many who ask for the same address, at any moment of its look-up, each is told it."""

    def ask(endpoint: Endpoint, turns: int) -> list[Address]:
        for _ in range(turns):
            gevent.sleep(0)
        return endpoint.addresses(5)

    for _ in range(20):
        endpoint = Endpoint("http://127.0.0.1:9/")
        asking = [gevent.spawn(ask, endpoint, turns) for turns in range(100)]
        gevent.joinall(asking, timeout=10, raise_error=True)


UNANSWERED = """
import time
import gevent
from _hookswarm.senders.transport.failure import WireError
from _hookswarm.senders.transport.wire import Endpoint, Timeouts, Wire

def told(wire):
    began = time.monotonic()
    try:
        wire.post(b"", b"")
    except WireError as error:
        return error.outcome.name, str(error), round(time.monotonic() - began)

endpoint = Endpoint("http://somebody.example/")
wires = [Wire(endpoint, Timeouts(3, 5)) for _ in range(50)]
print({greenlet.get() for greenlet in [gevent.spawn(told, wire) for wire in wires]})
"""


@pytest.mark.slow
def test_a_name_service_that_is_silent(tmp_path: Path) -> None:
    """To find the address is a part of connecting, and has no more time than that; for all workers alike."""
    with silent_name_service(tmp_path) as inside:
        command = [*inside, sys.executable, "-c", UNANSWERED]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=CHECKOUT)
    assert done.stdout == "{('UNRESOLVED', 'somebody.example: no answer in 3 s', 3)}\n", done.stderr


def timed(transport: Transport, body: bytes = BODY) -> tuple[Outcome, float]:
    began = time.monotonic()
    outcome = failure(transport, body).outcome
    return outcome, time.monotonic() - began


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_connect_timeout_is_kept(either: Open, scheme: str) -> None:
    """A host that swallows the handshake costs the connect timeout and no more."""
    with Blackhole() as hole:
        transport = either(f"{scheme}://127.0.0.1:{hole.port}/", Timeouts(LIMIT_S, 5))
        outcome, took = timed(transport)
    assert outcome == Outcome.CONNECT_TIMEOUT
    assert took + 0.005 >= LIMIT_S
    assert took < LIMIT_S + SLACK_S


def test_the_tls_handshake_counts_as_connecting(either: Open) -> None:
    """A server that accepts and never shakes hands is a connect timeout."""
    with ScriptedServer(silent) as server:
        outcome, took = timed(either(f"https://localhost:{server.port}/", Timeouts(LIMIT_S, 5)))
    assert outcome == Outcome.CONNECT_TIMEOUT
    assert took < LIMIT_S + SLACK_S


def test_the_response_timeout_is_kept(either: Open) -> None:
    """A server that accepts and never answers costs the response timeout and no more."""
    with ScriptedServer(silent) as server:
        outcome, took = timed(either(server.url, Timeouts(5, LIMIT_S)))
    assert outcome == Outcome.READ_TIMEOUT
    assert took + 0.005 >= LIMIT_S
    assert took < LIMIT_S + SLACK_S


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize("head", [b"", CHUNKED], ids=["head", "body"])
def test_a_dribble_does_not_stretch_the_timeout(wire: Open, head: bytes, secure: bool) -> None:
    """The response timeout is for the whole answer: a byte each 50 ms does not move it."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(head)
        for n in range(20):
            peer.send(b"1\r\nx\r\n" if head else PART[n : n + 1])
            time.sleep(0.05)

    with ScriptedServer(script, server_tls() if secure else None) as server:
        outcome, took = timed(wire(server.url, Timeouts(5, LIMIT_S), client_tls()))
    assert outcome == Outcome.READ_TIMEOUT
    assert took < LIMIT_S + SLACK_S


def test_a_server_that_does_not_read_is_a_timeout(wire: Open) -> None:
    """A request that does not fit into the buffers between is given up in time."""
    with ScriptedServer(lambda peer: time.sleep(4 * LIMIT_S)) as server:
        outcome, took = timed(wire(server.url, SHORT), bytes(12 * MEBIBYTE))
    assert outcome == Outcome.READ_TIMEOUT
    assert took < 1  # most of it copies the body


def test_a_stall_of_ours_is_not_a_timeout(wire: Open) -> None:
    """Timers count from now, not from when the event loop last looked at the clock."""

    def script(peer: Peer) -> None:
        while peer.request():
            time.sleep(LIMIT_S / 6)
            peer.send(NO_CONTENT)

    with ScriptedServer(script) as server:
        transport = wire(server.url, SHORT)

        def stall_and_post() -> int:
            time.sleep(LIMIT_S + SLACK_S)  # the loop does not run meanwhile
            return transport.post(HEADERS, BODY)

        assert [gevent.spawn(stall_and_post).get(timeout=5) for _ in range(2)] == [204, 204]


@pytest.mark.parametrize("reset", [False, True], ids=["closed", "reset"])
def test_an_early_answer_counts(wire: Open, reset: bool) -> None:
    """A server that refuses a large body before reading it has answered, though sending fails."""

    def script(peer: Peer) -> None:
        peer.connection.recv(1000)
        peer.send(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n")
        time.sleep(0.05)
        if reset:
            peer.reset()

    with ScriptedServer(script) as server:
        transport = wire(server.url, PATIENT)
        assert transport.post(HEADERS, bytes(16 * MEBIBYTE)) == 413
        assert transport.post(HEADERS, bytes(16 * MEBIBYTE)) == 413
        assert server.connections == 2  # half a request was sent on the first


# Connections that are opened ahead.


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
def test_a_connection_is_opened_ahead(wire: Open, secure: bool) -> None:
    """TCP and TLS without a request, once; the first post goes out on it, and a closed one is opened anew."""
    asked: list[bytes] = []

    def script(peer: Peer) -> None:
        while request := peer.request():
            asked.append(request)
            peer.send(NO_CONTENT)

    with ScriptedServer(script, server_tls() if secure else None) as server:
        transport = wire(server.url, PATIENT, client_tls())
        transport.open()
        transport.open()
        gevent.sleep(0.02)
        assert (server.connections, asked) == (1, [])
        assert (transport.post(HEADERS, BODY), transport.reused, server.connections) == (204, True, 1)
        transport.close()
        transport.open()
        assert (transport.post(HEADERS, BODY), transport.reused, server.connections) == (204, True, 2)


def test_what_cannot_be_opened_is_told_by_the_first_post(wire: Open) -> None:
    """Opening fails as posting does, and the post says it again."""
    transport = wire(f"http://127.0.0.1:{closed_port()}/")
    with pytest.raises(WireError):
        transport.open()
    assert failure(transport).outcome == Outcome.REFUSED


# Idle connections and killed workers.


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize("closes_after_s", [0, 0.1])
def test_a_connection_closed_while_idle_is_not_used(either: Open, secure: bool, closes_after_s: float) -> None:
    """A server that closes after each answer, at once or soon, unannounced, costs new connections, and no failure."""
    closed = threading.Semaphore(0)

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(NO_CONTENT)
        time.sleep(closes_after_s)
        peer.connection.close()
        closed.release()

    with ScriptedServer(script, server_tls() if secure else None) as server:
        transport = either(server.url, PATIENT, client_tls())
        for _ in range(3):
            assert (transport.post(HEADERS, BODY), transport.reused) == (204, False)
            assert closed.acquire(timeout=5)
            gevent.sleep(0.01)
        assert server.connections == 3


@pytest.mark.slow
@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
def test_an_idle_connection_that_lives_is_used(wire: Open, secure: bool) -> None:
    """Idleness alone is no reason to leave a connection, nor are the tickets that TLS 1.3 leaves unread."""
    with ScriptedServer(answering(NO_CONTENT), server_tls() if secure else None) as server:
        transport = wire(server.url, PATIENT, client_tls())
        assert transport.post(HEADERS, BODY) == 204
        gevent.sleep(IDLE_S)
        assert (transport.post(HEADERS, BODY), transport.reused) == (204, True)


@pytest.mark.slow
def test_what_tls_says_of_itself_is_no_goodbye(wire: Open) -> None:
    """TLS's own messages that wait unread on an idle connection (here: asking for a certificate) don't end it."""

    def script(peer: Peer) -> None:
        tls = peer.connection
        assert isinstance(tls, ssl.SSLSocket)
        peer.request()
        peer.send(NO_CONTENT)
        tls.verify_client_post_handshake()
        tls.do_handshake()
        answering(NO_CONTENT)(peer)

    server_side, client_side = server_tls(version=ssl.TLSVersion.TLSv1_3), client_tls()
    server_side.verify_mode = ssl.CERT_OPTIONAL
    authority().configure_trust(server_side)
    client_side.post_handshake_auth = True
    with ScriptedServer(script, server_side) as server:
        transport = wire(server.url, PATIENT, client_side)
        assert transport.post(HEADERS, BODY) == 204
        gevent.sleep(IDLE_S)
        assert (transport.post(HEADERS, BODY), transport.reused) == (204, True)


@pytest.mark.slow
@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
def test_an_answer_that_nobody_asked_for_is_not_taken(wire: Open, secure: bool) -> None:
    """Bytes that came over an idle connection (a 408, say) are not the next request's answer."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(NO_CONTENT)
        time.sleep(0.1)
        peer.send(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n")
        peer.request()

    with ScriptedServer(script, server_tls() if secure else None) as server:
        transport = wire(server.url, PATIENT, client_tls())
        assert transport.post(HEADERS, BODY) == 204
        gevent.sleep(IDLE_S)
        assert (transport.post(HEADERS, BODY), transport.reused) == (204, False)


@pytest.mark.parametrize("moment", ["connecting", "shaking hands", "waiting", "sending"])
def test_a_killed_worker_leaves_the_wire_usable(wire: Open, moment: str) -> None:
    """Whatever a killed worker was waiting for, the next request has a connection of its own and its own answer."""
    scripts = iter([silent if moment != "sending" else lambda peer: time.sleep(0.2)])
    tls = server_tls() if moment == "shaking hands" else None

    def script(peer: Peer) -> None:
        next(scripts, answering(NO_CONTENT))(peer)

    with Blackhole() as hole, ScriptedServer(script, tls) as server, ScriptedServer(silent) as mute:
        url = {"connecting": hole.url, "shaking hands": f"https://localhost:{mute.port}/"}.get(moment, server.url)
        transport = wire(url, Timeouts(5, 5), client_tls())
        body = BODY if moment != "sending" else bytes(12 * MEBIBYTE)
        worker = gevent.spawn(transport.post, HEADERS, body)
        gevent.sleep(0.05)
        assert not worker.ready()
        worker.kill(timeout=1)
        assert worker.ready()
        if url == server.url:
            assert (transport.post(HEADERS, BODY), transport.reused) == (204, False)


def test_no_socket_stays_open(wire: Open) -> None:
    """Failures, kills and closes give every descriptor back."""
    from pathlib import Path

    def count() -> int:
        return len(list(Path("/proc/self/fd").iterdir()))

    gevent.sleep(0.01)
    with Blackhole() as hole, ScriptedServer(reset_at_once) as server:
        wire(server.url).post  # noqa: B018  # asking for it opens the first sockets
        before = count()
        for _ in range(20):
            refused = wire(f"http://127.0.0.1:{closed_port()}/")
            assert failure(refused).outcome == Outcome.REFUSED
            worker = gevent.spawn(wire(hole.url).post, HEADERS, BODY)
            gevent.sleep(0.001)
            worker.kill()
        assert failure(wire(server.url)).outcome == Outcome.RESET
        assert count() <= before + 2  # the server's end of one connection may not be closed yet


def test_wires_of_one_endpoint_work_side_by_side(wire: Open) -> None:
    """Fifty workers wait for slow answers at the same time, and each gets its own."""

    def script(peer: Peer) -> None:
        while request := peer.request():
            time.sleep(0.1)
            peer.send(b"HTTP/1.1 %b X\r\nContent-Length: 0\r\n\r\n" % request[-3:])

    with ScriptedServer(script) as server:
        endpoint = Endpoint(server.url)
        wires = [Wire(endpoint, PATIENT) for _ in range(50)]
        began = time.monotonic()
        workers = [gevent.spawn(wire.post, HEADERS, b"%d" % (200 + n)) for n, wire in enumerate(wires)]
        gevent.joinall(workers, timeout=5)
        assert [worker.value for worker in workers] == list(range(200, 250))
        assert time.monotonic() - began < 1.5
        for each in wires:
            each.close()


# TLS.


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_tls_keeps_its_connection(either: Open, version: ssl.TLSVersion) -> None:
    """Several requests with large answers go over one TLS connection."""
    large = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (MEBIBYTE, bytes(MEBIBYTE))
    with ScriptedServer(answering(NO_CONTENT, large, OK), server_tls(version=version)) as server:
        transport = either(server.url, PATIENT)
        assert [transport.post(HEADERS, bytes(100_000)) for _ in range(4)] == [204, 200, 200, 200]
        assert server.connections == 1


def test_close_notify_ends_an_answer(wire: Open) -> None:
    """Over TLS an answer until close is whole when the server said goodbye, and cut short when it did not."""
    farewell = iter([True, False])

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\n\r\nhello")
        if next(farewell):
            assert isinstance(peer.connection, ssl.SSLSocket)
            peer.connection.unwrap()
        else:
            peer.connection.shutdown(socket.SHUT_WR)

    with ScriptedServer(script, server_tls()) as server:
        transport = wire(server.url, PATIENT, client_tls())
        assert transport.post(HEADERS, BODY) == 200
        assert failure(transport).outcome == Outcome.TRUNCATED


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize(
    ("script", "outcome"),
    [
        (close_at_once, Outcome.RESET),
        (reset_at_once, Outcome.RESET),
        (sending(PART), Outcome.TRUNCATED),
        (sending(PART, reset=True), Outcome.TRUNCATED),
        (sending(b"rubbish\r\n\r\n"), Outcome.PROTOCOL),
        (silent, Outcome.READ_TIMEOUT),
    ],
    ids=["closed", "reset", "cut short", "reset inside", "rubbish", "silent"],
)
def test_failures_over_tls_have_the_same_kinds(
    either: Open, script: Script, outcome: Outcome, version: ssl.TLSVersion
) -> None:
    """Once hands are shaken, TLS changes nothing about how failures are told."""
    with ScriptedServer(script, server_tls(version=version)) as server:
        assert failure(either(server.url, patience(script))).outcome == outcome


def test_a_certificate_of_nobody_known(either: Open) -> None:
    """A certificate that no known authority signed is a TLS failure, and the text says so."""
    with ScriptedServer(answering(NO_CONTENT), server_tls()) as server:
        error = failure(either(server.url, tls=ssl.create_default_context()))
    assert error.outcome == Outcome.TLS
    assert "certificate" in str(error)


def test_a_certificate_for_another_host(either: Open) -> None:
    """A certificate for another name is a TLS failure."""
    with ScriptedServer(answering(NO_CONTENT), server_tls("example.invalid")) as server:
        error = failure(either(server.url))
    assert error.outcome == Outcome.TLS
    assert "localhost" in str(error)


@pytest.mark.parametrize(
    "script",
    [sending(b"HTTP/1.1 400 Bad Request\r\n\r\n"), close_at_once, reset_at_once],
    ids=["plain HTTP", "closed", "reset"],
)
def test_a_port_without_tls(either: Open, script: Script) -> None:
    """A TLS handshake that the server ends is a TLS failure: nothing was sent, nothing is in doubt."""

    def plain(peer: Peer) -> None:
        peer.connection.recv(1)
        peer.request = lambda: b""  # type: ignore[method-assign]  # this peer's next request is the last
        script(peer)

    with ScriptedServer(plain) as server:
        error = failure(either(f"https://localhost:{server.port}/"))
    assert error.outcome == Outcome.TLS
    assert str(error).endswith("does this port speak TLS? If not, write http://")


def test_the_address_that_came_furthest_tells_the_failure(opened: list[Transport]) -> None:
    """Of a host with two addresses, where one speaks no TLS and nobody listens at the other."""

    class TwoAddresses(Endpoint):
        def addresses(self, limit_s: float) -> list[Address]:
            hosts = ("127.0.0.1", "127.0.0.2")
            return [socket.getaddrinfo(host, self.port, type=socket.SOCK_STREAM)[0] for host in hosts]

    def plain(peer: Peer) -> None:
        peer.connection.recv(1)

    with ScriptedServer(plain) as server:
        opened.append(Wire(TwoAddresses(f"https://localhost:{server.port}/", client_tls()), PATIENT))
        assert failure(opened[0]).outcome == Outcome.TLS


def test_plain_http_to_a_tls_port(either: Open) -> None:
    """A server that speaks only TLS gives no HTTP answer: the text says what to write."""

    def alert(peer: Peer) -> None:
        peer.request()
        peer.send(b"\x15\x03\x01\x00\x02\x02\x32")

    with ScriptedServer(alert) as server:
        error = failure(either(server.url))
    assert error.outcome == Outcome.PROTOCOL
    assert str(error).endswith("the port speaks TLS: write https://")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_a_server_that_wants_a_certificate_of_ours(either: Open, version: ssl.TLSVersion) -> None:
    """Being turned away for lack of a client certificate is a TLS failure; in TLS 1.3 it comes after the handshake."""
    tls = server_tls(version=version)
    tls.verify_mode = ssl.CERT_REQUIRED
    authority().configure_trust(tls)

    with ScriptedServer(answering(NO_CONTENT), tls) as server:
        error = failure(either(server.url))
    assert error.outcome == Outcome.TLS


def test_its_alert_is_told_of_a_connection_that_was_opened_ahead(wire: Open) -> None:
    """To the client the handshake is over before the server has its last word: the first post is told of it, as TLS."""
    tls = server_tls(version=ssl.TLSVersion.TLSv1_3)
    tls.verify_mode = ssl.CERT_REQUIRED
    authority().configure_trust(tls)

    def far(peer: Peer) -> None:
        """Hands on what comes, all but the client's first words late."""
        with socket.create_connection(("127.0.0.1", server.port), timeout=5) as beyond:

            def back() -> None:
                with suppress(OSError):
                    while data := beyond.recv(1 << 16):
                        peer.send(data)

            thread = threading.Thread(target=back)
            thread.start()
            beyond.sendall(peer.connection.recv(1 << 16))
            with suppress(OSError):
                while data := peer.connection.recv(1 << 16):
                    time.sleep(0.1)
                    beyond.sendall(data)
            beyond.shutdown(socket.SHUT_RDWR)
            thread.join(5)

    with ScriptedServer(answering(NO_CONTENT), tls) as server, ScriptedServer(far) as way:
        transport = wire(f"https://localhost:{way.port}/", PATIENT, client_tls())
        transport.open()
        error = failure(transport)
    assert (error.outcome, transport.reused) == (Outcome.TLS, True)


def test_each_answer_has_the_whole_time() -> None:
    """What earlier answers on a connection took is not taken off: five that need 0.2 s each pass a limit of 0.5 s."""

    def unhurried(peer: Peer) -> None:
        while peer.request():
            time.sleep(0.2)
            peer.send(NO_CONTENT)

    with ScriptedServer(unhurried) as server:
        wire = Wire(Endpoint(server.url), Timeouts(1, 0.5))
        assert [wire.post(b"", b"{}") for _ in range(5)] == [204] * 5
        wire.close()
