"""The httpx transport where it differs from the wire, and both as Locust runs them: in a patched process.

What they have in common stands in `test_wire.py` and `test_wire_nginx.py`.
"""

import logging
import subprocess
import sys

import pytest

from _hookswarm.senders.transport.httpx_wire import HttpxWire
from _hookswarm.senders.transport.wire import Timeouts
from tests.support.receivers import CHECKOUT
from tests.support.servers import Peer, ScriptedServer, answering, client_tls

BODY = b'{"id":"msg_1"}'


def test_a_proxy_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """What $HTTP_PROXY names is asked for the whole URL."""
    seen = []

    def proxy(peer: Peer) -> None:
        seen.append(peer.request())
        peer.send(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n")

    with ScriptedServer(proxy) as server:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{server.port}")
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        transport = HttpxWire("http://nobody.invalid/hooks", client_tls(), Timeouts(5, 5))
        assert transport.post(b"webhook-id: msg_1\r\n", BODY) == 202
        transport.close()
    assert seen[0].startswith(b"POST http://nobody.invalid/hooks HTTP/1.1\r\n")


def test_a_broken_encoding_does_not_matter() -> None:
    """An answer that says gzip and is none is still an answer: nobody reads its body."""
    answer = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello"
    with ScriptedServer(answering(answer)) as server:
        transport = HttpxWire(server.url, client_tls(), Timeouts(5, 5))
        assert [transport.post(b"", BODY) for _ in range(2)] == [200, 200]
        transport.close()


def test_requests_are_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Locust logs what others tell; an endpoint's URL may be secret, and there are thousands a second."""
    caplog.set_level(logging.DEBUG)
    with ScriptedServer(answering(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")) as server:
        transport = HttpxWire(f"{server.url}/hidden", client_tls(), Timeouts(5, 5))
        assert transport.post(b"", BODY) == 200
        transport.close()
    assert not [record for record in caplog.records if record.name.startswith(("httpx", "httpcore", "hpack"))]


PATCHED = """
from gevent import monkey
monkey.patch_all()
import time, gevent
from _hookswarm.records.rows import Outcome
from _hookswarm.senders.transport.httpx_wire import HttpxWire
from _hookswarm.senders.transport.failure import WireError
from _hookswarm.senders.transport.wire import Timeouts
from tests.support.servers import NO_CONTENT, ScriptedServer, answering, client_tls

def dribbling(peer):
    peer.request()
    for byte in b"HTTP/1.1 200 OK\\r\\nContent-Length: 500\\r\\n\\r\\n" + bytes(500):
        peer.send(bytes([byte]))
        time.sleep(0.02)

scripts = iter([dribbling, dribbling])
with ScriptedServer(lambda peer: next(scripts, answering(NO_CONTENT))(peer)) as server:
    transport = HttpxWire(server.url, client_tls(), Timeouts(0.2, 0.3))
    began = time.monotonic()
    try:
        transport.post(b"", b"{}")
    except WireError as error:
        assert error.outcome == Outcome.READ_TIMEOUT, error
    assert 0.4 < time.monotonic() - began < 0.8, time.monotonic() - began
    worker = gevent.spawn(transport.post, b"", b"{}")
    gevent.sleep(0.1)
    worker.kill(timeout=1)
    assert isinstance(worker.value, gevent.GreenletExit)
    assert transport.post(b"", b"{}") == 204
    transport.close()
print("all good")
"""


def run(program: str) -> str:
    done = subprocess.run([sys.executable, "-c", program], cwd=CHECKOUT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-5000:]
    return done.stdout


@pytest.mark.slow
def test_a_dribble_and_a_kill_under_gevent() -> None:
    """Under Locust an httpx answer that dribbles ends in time, and a killed worker's client works again."""
    assert "all good" in run(PATCHED)


@pytest.mark.slow
def test_the_wire_in_a_patched_process() -> None:
    """A part of the wire's tests, of all kinds, passes where gevent has patched the process as under Locust."""
    chosen = "tls or killed or failure or early or large or timeout or stall or httpx"
    run(
        "from gevent import monkey; monkey.patch_all(); import pytest, sys;"
        "sys.exit(pytest.main(['-q', '-p', 'no:cacheprovider', 'tests/senders/transport/test_wire.py',"
        f" '-m', 'not slow', '-k', '{chosen}']))"
    )
