"""The data plane as it is served: hostile clients, stalled clients, killed processes."""

import contextlib
import http.client
import os
import re
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.load import Load, journalled
from tests.support.receivers import EVENT, RunningReceiver, running_receiver, signed_headers, wait_until

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=["granian", "gevent"])
def receiver(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningReceiver]:
    with running_receiver(tmp_path_factory.mktemp("receiver"), "--server", request.param) as running:
        yield running


def test_both_servers_serve_the_same_app(receiver: RunningReceiver) -> None:
    """A signed webhook is 204 and in the journal; an unsigned one is refused; other methods are 405."""
    assert receiver.deliver(event=EVENT._replace(sequence=4711)) == 204
    assert (EVENT.webhook, 4711) in journalled(receiver)
    host, port = receiver.address
    for method, status in (("POST", 400), ("GET", 405)):
        # A server closes a connection with a body in it that nobody read.
        connection = http.client.HTTPConnection(host, port, timeout=5)
        connection.request(method, "/hooks", body=b"{}")
        answer = connection.getresponse()
        assert (answer.status, bool(answer.read())) == (status, True)


def raw_request(body: bytes, length: int | None = None, extra: bytes = b"") -> bytes:
    """A good webhook as bytes, its length perhaps a lie."""
    fields = {
        "Host": "receiver",
        "Content-Length": str(len(body) if length is None else length),
        **signed_headers(body),
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items()).encode()
    return b"POST /hooks HTTP/1.1\r\n" + head + extra + b"\r\n" + body


def statuses(receiver: RunningReceiver, sent: bytes, patience_s: float = 0.05) -> list[int]:
    """Every status answered to these bytes before the connection closes or falls silent."""
    answer = b""
    with socket.create_connection(receiver.address, timeout=5) as connection:
        with contextlib.suppress(OSError):
            connection.sendall(sent)
            connection.settimeout(patience_s)
            while data := connection.recv(65536):
                answer += data
    return [int(status) for status in re.findall(rb"HTTP/1\.[01] (\d{3})", answer)]


GOOD = raw_request(b"{}")
HEAD = GOOD.replace(b"Content-Length: 2\r\n", b"").removesuffix(b"\r\n{}")
HOSTILE = [
    b"\x00" * 100,
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\njunk",
    b"POST\r\n\r\n",
    b"POST /hooks\r\n\r\n",
    b"POST /hooks HTTP/9.9\r\n\r\n",
    b"POST /\xff HTTP/1.1\r\nHost: x\r\n\r\n",
    b"POST /%ff%00 HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n",
    b"POST http://[::1/ HTTP/1.1\r\nHost: x\r\n\r\n",
    b"POST " + b"/x" * 100_000 + b" HTTP/1.1\r\n\r\n",
    b"\xf0\x9f\x92\xa9 / HTTP/1.1\r\nHost: x\r\n\r\n",
    HEAD + b"Content-Length: -1\r\n\r\n{}",
    HEAD + b"Content-Length: two\r\n\r\n{}",
    HEAD + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    HEAD + b"Content-Length: 2, 2\r\n\r\n{}",
    HEAD + b"Content-Length: " + b"9" * 19 + b"\r\n\r\n{}",
    HEAD + b"Content-Length: " + b"9" * 400 + b"\r\n\r\n{}",
    HEAD + b"Content-Length: 10\r\n\r\n{}",
    HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}\r\n0\r\n\r\n",
    HEAD + b"Transfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n",
    HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"f" * 40 + b"\r\n{}\r\n0\r\n\r\n",
    HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}garbage",
    HEAD + b"Transfer-Encoding: gzip, chunked, what\r\n\r\n{}",
    HEAD + b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    HEAD + b"X: \xff\xfe\x00\r\nContent-Length: 2\r\n\r\n{}",
    HEAD + b"webhook-id: \xff\r\nContent-Length: 2\r\n\r\n{}",
    HEAD + b"webhook_id: other\r\nContent-Length: 2\r\n\r\n{}",
    HEAD + b": no name\r\nContent-Length: 2\r\n\r\n{}",
    HEAD + b" folded\r\nContent-Length: 2\r\n\r\n{}",
    HEAD + b"".join(b"x-%d: y\r\n" % n for n in range(5000)) + b"Content-Length: 2\r\n\r\n{}",
    HEAD + b"X: " + b"y" * 1_000_000 + b"\r\nContent-Length: 2\r\n\r\n{}",
    HEAD + b"Expect: 100-continue\r\nContent-Length: 2000000\r\n\r\n",
    HEAD + b"Expect: miracles\r\nContent-Length: 2\r\n\r\n{}",
    HEAD + b"Upgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 2\r\n\r\n{}",
    GOOD + b"\r\n\r\nPOST",
    GOOD * 20,
    raw_request(b"x" * ((1 << 20) + 1)),
]


@pytest.mark.parametrize("sent", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_bytes_are_never_a_server_error(sent: bytes, receiver: RunningReceiver) -> None:
    """Malformed requests of every kind get a 4xx, or a closed connection, and the next client is served."""
    assert all(status < 500 for status in statuses(receiver, sent))
    assert receiver.deliver() == 204


LINES = st.sampled_from([b"POST /hooks HTTP/1.1", b"POST /hooks HTTP/1.0", b"GET / HTTP/1.1"]) | st.binary(max_size=30)
NAMES = st.sampled_from([b"Content-Length", b"Transfer-Encoding", b"Host", b"webhook-id", b"Connection", b"Expect"])
VALUES = st.sampled_from([b"2", b"0", b"chunked", b"close", b"keep-alive", b""]) | st.binary(max_size=20)
FIELDS = st.tuples(NAMES | st.binary(max_size=10), VALUES).map(b": ".join)
REQUESTS = st.builds(
    lambda line, fields, signed, body: b"\r\n".join([line, *fields, *signed, b"", body]),
    LINES,
    st.lists(FIELDS, max_size=5),
    st.sampled_from([[], HEAD.split(b"\r\n")[1:-1]]),
    st.sampled_from([b"{}", b"2\r\n{}\r\n0\r\n\r\n"]) | st.binary(max_size=50),
)


@given(REQUESTS)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_fuzzed_bytes_are_never_a_server_error(receiver: RunningReceiver, sent: bytes) -> None:
    """Whatever arrives on the socket, no answer is a 5xx."""
    assert all(status < 500 for status in statuses(receiver, sent, 0.02))


def test_after_all_that_it_still_serves(receiver: RunningReceiver) -> None:
    """The process that took all the junk is the one that was started, serves, and complained of nothing."""
    assert receiver.deliver() == 204
    log = receiver.log.read_text()
    assert "Traceback" not in log
    assert "panicked" not in log


def test_a_refused_body_does_not_poison_its_connection(receiver: RunningReceiver) -> None:
    """After a refusal that left the body unread, the next request on the connection is read from its start."""
    unsigned = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 510\r\n\r\n" + b"POST / HTTP/1.1\r\n" * 30
    answered = statuses(receiver, unsigned + raw_request(b"{}"), 0.3)  # signed now: its time has to be recent
    assert answered in ([400, 204], [400])


def stall(receiver: RunningReceiver, count: int, stack: contextlib.ExitStack) -> None:
    """`count` clients that announce a body, send half of it, and wait."""
    for _ in range(count):
        connection = stack.enter_context(socket.create_connection(receiver.address, timeout=5))
        connection.sendall(raw_request(b"x" * 100)[:-50])


def test_stalled_clients_do_not_stop_others(receiver: RunningReceiver) -> None:
    """Clients that stop in the middle of their body leave room for others, and when they go their threads return."""
    with contextlib.ExitStack() as stack:
        stall(receiver, 7, stack)
        time.sleep(0.2)
        assert [receiver.deliver() for _ in range(5)] == [204] * 5
        assert receiver.ready()
    with contextlib.ExitStack() as stack:
        stall(receiver, 7, stack)
        time.sleep(0.2)
        assert receiver.deliver() == 204


def test_a_stalled_client_does_not_hold_up_the_end(tmp_path: Path) -> None:
    """SIGTERM ends a receiver in time though clients are in the middle of their bodies."""
    with running_receiver(tmp_path) as receiver, contextlib.ExitStack() as stack:
        stall(receiver, 3, stack)
        began = time.monotonic()
        assert receiver.stop() == 0
        assert time.monotonic() - began < 8
        assert receiver.processes() == []


@pytest.mark.parametrize(
    ("durability", "workers", "kills"), [("os", 1, 7), ("fsync", 1, 7), ("os", 2, 3), ("fsync", 2, 3)]
)
def test_killed_processes_lose_nothing_acknowledged(durability: str, workers: int, kills: int, tmp_path: Path) -> None:
    """kill -9 of a data-plane process under load, 20 times in all: what was answered 204 is in the journals."""
    with running_receiver(tmp_path, "--durability", durability, "--workers", str(workers)) as receiver:
        wait_until(lambda: len(receiver.workers()) == workers)
        with Load(receiver) as load:
            for _ in range(kills):
                before = len(load.acknowledged)
                wait_until(lambda before=before: len(load.acknowledged) > before + 30)  # type: ignore[misc]  # the default is this turn's number
                victim = receiver.workers()[0]
                os.kill(victim, signal.SIGKILL)
                wait_until(lambda gone=victim: gone not in (now := receiver.workers()) and len(now) == workers)  # type: ignore[misc]  # the same
        receiver.stop()
    assert len(load.acknowledged) > 30 * kills
    assert load.refused == []
    assert load.acknowledged <= journalled(receiver)


@pytest.mark.parametrize("server", ["granian", "gevent"])
def test_memory_is_written_at_a_clean_stop(server: str, tmp_path: Path) -> None:
    """`--durability memory` may lose rows with a killed process, but a stop writes down every acknowledged one."""
    with running_receiver(tmp_path, "--durability", "memory", "--server", server) as receiver:
        sent = {(EVENT.webhook, sequence) for sequence in range(20)}
        assert {receiver.deliver(event=EVENT._replace(sequence=sequence)) for _, sequence in sorted(sent)} == {204}
        receiver.stop()
    assert journalled(receiver) == sent


def test_the_secret_is_written_nowhere(receiver: RunningReceiver) -> None:
    """Neither secret nor token is in a journal or in what the receiver printed."""
    receiver.deliver()
    for path in [receiver.log, *receiver.results.rglob("*.journal")]:
        content = path.read_bytes()
        assert b"MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" not in content
        assert b"a-token-that-only-tests-know" not in content
