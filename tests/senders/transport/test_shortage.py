"""What this machine lacks for an attempt is told apart from what the target does: real limits, both transports."""

import errno
import json
import os
import resource
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from _hookswarm.records.rows import Outcome
from _hookswarm.senders.transport.connection import Address, Connection
from _hookswarm.senders.transport.failure import WireError
from _hookswarm.senders.transport.httpx_wire import HttpxWire
from _hookswarm.senders.transport.shortage import lacking
from _hookswarm.senders.transport.wire import Endpoint, Timeouts, Transport, Wire
from tests.support.network import few_ports
from tests.support.receivers import CHECKOUT
from tests.support.servers import NO_CONTENT, ScriptedServer, answering, client_tls, closed_port

SHORT = Timeouts(2, 2)


@contextmanager
def no_descriptors() -> Iterator[None]:
    """A process that may open nothing more."""
    lowest = os.dup(0)
    os.close(lowest)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (lowest, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def opened(kind: str, url: str) -> Transport:
    return Wire(Endpoint(url), SHORT) if kind == "wire" else HttpxWire(url, client_tls(), SHORT)


def failure(transport: Transport) -> WireError:
    with pytest.raises(WireError) as caught:
        transport.post(b"", b"{}")
    return caught.value


@pytest.mark.parametrize("host", ["127.0.0.1", "somebody.invalid"])
@pytest.mark.parametrize("kind", ["wire", "httpx"])
def test_no_file_descriptor(kind: str, host: str) -> None:
    """Where no socket can be made, not even to ask for a name, the sender lacks descriptors, and says what to do."""
    failure(opened(kind, "http://nobody.invalid/"))  # the look-up's thread has its own by now
    transport = opened(kind, f"http://{host}:{closed_port()}/")
    with no_descriptors():
        error = failure(transport)
    assert (error.outcome, error.number) == (Outcome.LOCAL_SHORTAGE, errno.EMFILE)
    assert "Too many open files" in str(error)
    assert "ulimit -n" in str(error)
    transport.close()


INSIDE = """
import json, socket, sys
from tests.senders.transport.test_shortage import SHORT, opened
from _hookswarm.senders.transport.failure import WireError
from tests.support.servers import NO_CONTENT, ScriptedServer, answering

def told(kind, url):
    transport = opened(kind, url)
    try:
        return transport.post(b"", b"{}")
    except WireError as error:
        return error.outcome.name, error.number
    finally:
        transport.close()

found = {}
with ScriptedServer(answering(NO_CONTENT)) as server:
    for kind in ("wire", "httpx"):
        found[kind] = told(kind, server.url)
    held = []
    try:
        while True:
            held.append(socket.create_connection(("127.0.0.1", server.port)))
    except OSError:
        pass
    for kind in ("wire", "httpx"):
        found[kind + " without a port"] = told(kind, server.url)
    found["wire without IPv6"] = told("wire", f"http://[::1]:{server.port}/")
    for one in held:
        one.close()
print(json.dumps(found))
"""


@pytest.mark.slow
def test_no_local_port() -> None:
    """With every local port in use the sender lacks one; a host without IPv6 lacks none, and just cannot go there."""
    with few_ports(16) as inside:
        command = [*inside, sys.executable, "-c", INSIDE]
        done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    lacking_a_port = ["LOCAL_SHORTAGE", errno.EADDRNOTAVAIL]
    assert json.loads(done.stdout) == {
        "wire": 204,
        "httpx": 204,
        "wire without a port": lacking_a_port,
        "httpx without a port": lacking_a_port,
        "wire without IPv6": ["REFUSED", 0],
    }


class Failing(Endpoint):
    """Has an address for each of `errors`, at which it fails; None: nobody listens there."""

    errors: tuple[OSError | None, ...] = ()

    def addresses(self, limit_s: float) -> list[Address]:
        return [socket.getaddrinfo("127.0.0.1", self.port + n)[0] for n in range(len(self.errors))]

    def connection(self, address: Address) -> Connection:
        error = self.errors[address[4][1] - self.port]
        if error:
            raise error
        return super().connection(address)


CAUSES = {
    name: OSError(number, os.strerror(number))
    for name in ("EADDRNOTAVAIL", "EAGAIN", "EMFILE", "ENFILE", "ENOBUFS", "ENOMEM")
    for number in [getattr(errno, name)]
}


@pytest.mark.parametrize("cause", CAUSES.values(), ids=CAUSES)
def test_every_cause_has_its_number(cause: OSError) -> None:
    """Ports, descriptors, buffers, memory: one outcome, with the system's number."""
    endpoint = Failing("http://127.0.0.1:9/")
    endpoint.errors = (cause,)
    error = failure(Wire(endpoint, SHORT))
    assert (error.outcome, error.number) == (Outcome.LOCAL_SHORTAGE, cause.errno)


@pytest.mark.parametrize("errors", [(None, CAUSES["EMFILE"]), (CAUSES["EMFILE"], None)], ids=["last", "first"])
def test_a_shortage_at_one_of_two_addresses(errors: tuple[OSError | None, ...]) -> None:
    """That nobody listens at one address says nothing of the other, for which there was no socket."""
    endpoint = Failing(f"http://127.0.0.1:{closed_port()}/")
    endpoint.errors = errors
    assert failure(Wire(endpoint, SHORT)).outcome == Outcome.LOCAL_SHORTAGE


def test_another_address_may_do() -> None:
    """A shortage for one address is none where the next one is reached."""
    with ScriptedServer(answering(NO_CONTENT)) as server:
        endpoint = Failing(f"http://127.0.0.1:{server.port - 1}/")
        endpoint.errors = (CAUSES["EADDRNOTAVAIL"], None)
        wire = Wire(endpoint, SHORT)
        assert wire.post(b"", b"{}") == 204
        wire.close()


def test_what_is_none_of_ours() -> None:
    """Refusals, time-outs and TLS have numbers too, and name services have their own."""
    others = [ConnectionRefusedError(errno.ECONNREFUSED, ""), TimeoutError(), socket.gaierror(socket.EAI_AGAIN, "")]
    assert [lacking(error) for error in others] == [0, 0, 0]
    assert lacking(socket.gaierror(socket.EAI_MEMORY, "")) == errno.ENOMEM
