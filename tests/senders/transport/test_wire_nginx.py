"""Both transports against a real nginx, plain and over TLS."""

import ssl
from collections.abc import Callable, Iterator
from pathlib import Path

import gevent
import httpx
import pytest

from _hookswarm.records.rows import Outcome
from _hookswarm.senders.transport.failure import WireError
from _hookswarm.senders.transport.httpx_wire import HttpxWire
from _hookswarm.senders.transport.wire import Endpoint, Timeouts, Transport, Wire
from tests.support.nginx import LARGE, Nginx, running
from tests.support.servers import client_tls

pytestmark = pytest.mark.slow

HEADERS = b"webhook-id: msg_1\r\n"
BODY = b'{"id":"msg_1"}'
PATIENT = Timeouts(5, 10)


@pytest.fixture(scope="module")
def nginx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    """One nginx for all tests here."""
    with running(tmp_path_factory.mktemp("nginx"), "TLSv1.2 TLSv1.3") as server:
        yield server


Open = Callable[[str], Transport]


@pytest.fixture(params=["plain", "tls"])
def base(request: pytest.FixtureRequest, nginx: Nginx) -> str:
    """The server's URL, plain and over TLS."""
    return nginx.plain if request.param == "plain" else nginx.secure


@pytest.fixture
def wire() -> Iterator[Open]:
    """Opens wires."""
    wires: list[Wire] = []

    def open_wire(url: str) -> Transport:
        wires.append(Wire(Endpoint(url, client_tls()), PATIENT))
        return wires[-1]

    yield open_wire
    for each in wires:
        each.close()


@pytest.fixture(params=["wire", "httpx"])
def either(request: pytest.FixtureRequest, wire: Open) -> Iterator[Open]:
    """Opens transports of both kinds."""
    clients: list[HttpxWire] = []

    def open_httpx(url: str) -> Transport:
        clients.append(HttpxWire(url, client_tls(), PATIENT))
        return clients[-1]

    yield wire if request.param == "wire" else open_httpx
    for each in clients:
        each.close()


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/hooks", 204),
        ("/text", 200),
        ("/moved", 307),
        ("/gone", 410),
        ("/nothing", 404),
        ("/large", 200),
        ("/chunked", 200),
        ("/old", 200),
        ("/refused", 502),
    ],
)
def test_answers_are_understood(either: Open, base: str, path: str, status: int) -> None:
    """Each kind of answer gives its status, again and again."""
    transport = either(base + path)
    assert [transport.post(HEADERS, BODY) for _ in range(3)] == [status] * 3


@pytest.mark.parametrize(("path", "kept"), [("/hooks", True), ("/large", True), ("/chunked", True), ("/old", False)])
def test_the_connection_is_kept_where_the_answer_allows(wire: Open, base: str, path: str, kept: bool) -> None:
    """Length and chunks keep the connection, an answer until close ends it."""
    transport = wire(base + path)
    reused = []
    for _ in range(3):
        transport.post(HEADERS, BODY)
        reused.append(transport.reused)
    assert reused == [False, kept, kept]


def test_the_answers_are_framed_as_the_tests_say(nginx: Nginx) -> None:
    """The large answer comes by length, in chunks, and until close."""
    for path, length, coding in (("/large", str(LARGE), None), ("/chunked", None, "chunked"), ("/old", None, None)):
        headers = httpx.post(nginx.plain + path, content=BODY, trust_env=False).headers
        assert (headers.get("content-length"), headers.get("transfer-encoding")) == (length, coding)


def test_a_server_that_closes_regularly_costs_no_failure(wire: Open, base: str) -> None:
    """With three requests a connection, every third answer says goodbye, and nothing is lost."""
    transport = wire(base + "/regular")
    reused = []
    for _ in range(9):
        assert transport.post(HEADERS, BODY) == 204
        reused.append(transport.reused)
    assert reused == [False, True, True] * 3


def test_too_large_a_body_is_refused_by_status(wire: Open, base: str) -> None:
    """nginx answers 413 before it reads the body: the answer counts, and the next request works."""
    transport = wire(base + "/hooks")
    assert transport.post(HEADERS, bytes(4 << 20)) == 413
    assert transport.post(HEADERS, BODY) == 204


def test_a_large_body_is_taken(either: Open, base: str) -> None:
    """Four mebibytes go through nginx to nginx, twice."""
    transport = either(base + "/upload")
    assert [transport.post(HEADERS, bytes(4 << 20)) for _ in range(2)] == [204, 204]


def test_a_dropped_request_is_a_reset(wire: Open, base: str) -> None:
    """A server that closes without a word is a reset, and the next request has a connection of its own."""
    transport = wire(base + "/drop")
    for _ in range(2):
        with pytest.raises(WireError) as caught:
            transport.post(HEADERS, BODY)
        assert caught.value.outcome == Outcome.RESET
        assert not transport.reused


def test_an_idle_connection_that_nginx_closed_is_not_used(wire: Open, base: str) -> None:
    """Past nginx's keepalive_timeout of 1 s a request takes a new connection and succeeds."""
    transport = wire(base + "/hooks")
    assert transport.post(HEADERS, BODY) == 204
    gevent.sleep(1.3)  # longer than nginx keeps a connection
    assert (transport.post(HEADERS, BODY), transport.reused) == (204, False)


def test_plain_http_to_the_tls_port(nginx: Nginx, wire: Open) -> None:
    """nginx answers plain HTTP on its TLS port with a 400, which is what we report."""
    assert wire(nginx.secure.replace("https", "http")).post(HEADERS, BODY) == 400


def test_tls_to_the_plain_port(nginx: Nginx, wire: Open) -> None:
    """A handshake with a server that speaks no TLS is a TLS failure."""
    with pytest.raises(WireError) as caught:
        wire(nginx.plain.replace("http", "https")).post(HEADERS, BODY)
    assert caught.value.outcome == Outcome.TLS


def test_a_stranger_is_not_trusted(nginx: Nginx) -> None:
    """Without our authority the certificate is refused."""
    with pytest.raises(WireError) as caught:
        Wire(Endpoint(nginx.secure, ssl.create_default_context()), PATIENT).post(HEADERS, BODY)
    assert caught.value.outcome == Outcome.TLS


def test_many_workers_at_once(wire: Open, base: str) -> None:
    """Sixteen workers post two hundred times each without a failure."""

    def work() -> list[int]:
        transport = wire(base + "/hooks")
        return [transport.post(HEADERS, BODY) for _ in range(200)]

    workers = [gevent.spawn(work) for _ in range(16)]
    gevent.joinall(workers, timeout=30, raise_error=True)
    assert [worker.value for worker in workers] == [[204] * 200] * 16


def test_httpx_speaks_http_2(nginx: Nginx, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Over TLS httpx agrees on HTTP/2: nginx's log says so."""
    transport = HttpxWire(f"{nginx.secure}/hooks?two", client_tls(), PATIENT)
    assert transport.post(HEADERS, BODY) == 204
    transport.close()
    logs = tmp_path_factory.getbasetemp().glob("nginx*/access.log")
    assert any('"POST /hooks?two HTTP/2.0" 204' in log.read_text() for log in logs)


def test_tls_1_2_alone(tmp_path: Path, wire: Open) -> None:
    """A server with nothing newer than TLS 1.2 is spoken to the same way."""
    with running(tmp_path, "TLSv1.2") as server:
        transport = wire(server.secure + "/chunked")
        assert [transport.post(HEADERS, BODY) for _ in range(2)] == [200, 200]
        assert transport.reused
