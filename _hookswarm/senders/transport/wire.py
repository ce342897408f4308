"""HTTP/1.1 over one keep-alive connection: POST in, status out, every failure by its kind.

Redirects are never followed (Standard Webhooks), and nothing is sent twice: repeating is the retry law's
business. One `Wire` belongs to one worker, which has at most one request under way.
"""

import os
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import NoReturn, Protocol
from urllib.parse import urlsplit

import gevent
from gevent import socket

from _hookswarm import __version__
from _hookswarm.records.rows import Outcome
from _hookswarm.senders.transport.answer import Answer
from _hookswarm.senders.transport.certificates import default_tls
from _hookswarm.senders.transport.connection import Address, Connection, TlsConnection
from _hookswarm.senders.transport.failure import WireError, local_shortage
from _hookswarm.senders.transport.shortage import lacking, lacking_for, lacking_now

MAX_HEAD = 1 << 17
"""Bytes of an answer, interim ones included, by which its head must have ended."""


DEFAULT_HEAD = f"User-Agent: hookswarm/{__version__}\r\nContent-Type: application/json\r\n".encode()

_REACHED = {Outcome.UNRESOLVED: 0, Outcome.REFUSED: 1, Outcome.LOCAL_SHORTAGE: 2}
"""How far a connect came that failed so; other kinds came further."""


@dataclass(frozen=True, slots=True)
class Timeouts:
    """Seconds for connecting (TCP and TLS), and from the request's first byte to the answer's last."""

    connect_s: float = 5.0
    response_s: float = 15.0


class Transport(Protocol):
    """What a worker sends with. `headers` is a block of `name: value\\r\\n` lines."""

    url: bytes
    """Where it posts to."""
    reused: bool
    """Whether the last post went out on a connection that was open already."""
    retry_after: bytes
    """`Retry-After` of the last answer; empty without one."""
    connecting_s: float | None
    """Seconds that the last post which opened a connection spent on that; None: it does not tell."""

    @property
    def body(self) -> bytes:
        """The first bytes of the last answer's body, as far as it came; empty without an answer."""

    def open(self) -> None:
        """Connect, unless a connection is open: no request goes out. Raises WireError."""

    def post(self, headers: bytes, body: bytes) -> int:
        """Deliver one request and return the answer's status; raises WireError."""

    def close(self) -> None: ...


class Endpoint:
    """A target's URL, resolved once for all workers: addresses, TLS context, the request's fixed lines."""

    def __init__(
        self,
        url: str,
        tls: ssl.SSLContext | None = None,
        method: str = "POST",
        head: bytes = DEFAULT_HEAD,
        answer: Callable[[], Answer] = Answer,
    ) -> None:
        """`head`: header lines that are the same for all requests; `answer` makes what reads a connection's answers."""
        parts = urlsplit(url)
        assert parts.hostname
        self.url = url
        self.host = parts.hostname
        self.port = parts.port or (443 if parts.scheme == "https" else 80)
        self.tls = (tls or default_tls()) if parts.scheme == "https" else None
        if self.tls:  # Python before 3.11.4 sets it: an answer that was cut short would pass for a whole one
            self.tls.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self.answer = answer
        self.head = f"{method} {path} HTTP/1.1\r\nHost: {parts.netloc}\r\n".encode("ascii", "strict") + head
        self._addresses: list[Address] = []
        self._lookup: gevent.Greenlet[..., list[Address] | WireError] | None = None

    def addresses(self, limit_s: float) -> list[Address]:
        """`getaddrinfo` entries, asked for once: later attempts go where the first one went.

        Raises WireError, also after `limit_s` without an answer. Who asks meanwhile waits for the same one: a name
        service that is silent would else hold a thread for each worker.
        """
        if not self._addresses:
            lookup = self._lookup  # who asks as it ends may begin another before we are woken
            if lookup is None or lookup.ready():
                lookup = self._lookup = gevent.spawn(_look_up, self.host, self.port)
            lookup.join(limit_s)
            found = lookup.get() if lookup.ready() else _unresolved(self.host, f"no answer in {limit_s:g} s")
            if isinstance(found, WireError):
                raise WireError(found.outcome, str(found), found.number)  # its own: many may wait for this one
            self._addresses = found
        return self._addresses

    def request(self, headers: bytes, body: bytes) -> bytes:
        """What goes over the wire."""
        return b"%b%bContent-Length: %d\r\n\r\n%b" % (self.head, headers, len(body), body)

    def connection(self, address: Address) -> Connection:
        """A connection of the endpoint's kind, not connected yet."""
        return TlsConnection(address, self.tls, self.host) if self.tls else Connection(address)


class Wire:
    """A Transport: one worker's connection to one endpoint."""

    def __init__(self, endpoint: Endpoint, timeouts: Timeouts | None = None) -> None:
        self._endpoint = endpoint
        self.url = endpoint.url.encode()
        self.timeouts = timeouts or Timeouts()
        self._connection: Connection | None = None
        self._answer = endpoint.answer()
        self.reused = False
        self.retry_after = b""
        self.connecting_s: float | None = 0.0

    @property
    def body(self) -> bytes:
        return self._answer.body

    @property
    def location(self) -> bytes:
        """`Location` of the last answer; empty without one, or where the endpoint's answers keep none."""
        return self._answer.location

    def open(self) -> None:
        if not self._usable():
            self._connect()

    def post(self, headers: bytes, body: bytes) -> int:
        connection = self._ready()
        try:
            connection.arm(self.timeouts.response_s)
            status = self._exchange(connection, self._endpoint.request(headers, body))
            connection.disarm()
        except BaseException:
            self.close()  # also when the worker is killed: half an answer must not meet the next request
            raise
        self.retry_after = self._answer.retry_after
        if not self._answer.keep_alive:
            self.close()
        return status

    def break_off(self, headers: bytes, body: bytes) -> NoReturn:
        """Send one request, and hang up as soon as its answer is there, without having read it. Raises WireError.

        A link's distance is not in it.
        """
        connection = self._ready()
        try:
            connection.arm(self.timeouts.response_s)
            connection.send(self._endpoint.request(headers, body))
            answered = connection.await_answer()
        except TimeoutError:
            raise WireError(Outcome.READ_TIMEOUT, f"no answer in {self.timeouts.response_s:g} s") from None
        except OSError as error:
            raise WireError(Outcome.RESET, _reason(error)) from None
        finally:
            self.close()
        if not answered:
            raise WireError(Outcome.RESET, "closed before the answer")
        raise WireError(Outcome.BROKEN_OFF, "broken off on purpose before its answer was read")

    def close(self) -> None:
        if self._connection:
            self._connection.close()
            self._connection = None

    def _ready(self) -> Connection:
        """A connection for the next request, and whether it was open already."""
        self.retry_after = b""
        connection = self._usable()
        self.reused = connection is not None
        return connection or self._timed_connect()

    def _timed_connect(self) -> Connection:
        began_s = time.monotonic()
        try:
            return self._connect()
        finally:
            self.connecting_s = time.monotonic() - began_s

    def _usable(self) -> Connection | None:
        """The connection that is open. To look costs a microsecond, and a server may close at any time."""
        if self._connection and not self._connection.is_quiet():
            self.close()
        return self._connection

    def _connect(self) -> Connection:
        endpoint = self._endpoint
        self._answer.body = b""
        deadline = time.monotonic() + self.timeouts.connect_s
        failure = WireError(Outcome.UNRESOLVED, f"{endpoint.host} has no address")
        for address in endpoint.addresses(self.timeouts.connect_s):
            connection = None
            try:
                connection = endpoint.connection(address)
                connection.arm(max(deadline - time.monotonic(), 0.001))
                connection.connect(address)
                connection.disarm()
            except BaseException as error:
                if connection:
                    connection.close()
                if not isinstance(error, OSError):
                    raise
                failure = _further(failure, _connect_failure(error, address, self.timeouts.connect_s))
            else:
                self._connection, self._answer = connection, endpoint.answer()
                return connection
        try:
            raise failure
        finally:
            # Or it and this frame would hold each other, and with them the body, until garbage is collected.
            del failure

    def _exchange(self, connection: Connection, request: bytes) -> int:
        answer = self._answer
        answer.restart()
        sent, received = False, 0
        try:
            try:
                connection.send(request)
                sent = True
            except ConnectionError:
                pass  # a server may turn down a request that it has not read: its answer may lie there
            while data := connection.receive():
                answer.feed(data)
                if answer.complete:
                    answer.keep_alive &= sent
                    return answer.status
                received += len(data)
                if not answer.status and received > MAX_HEAD:
                    raise WireError(Outcome.PROTOCOL, f"no end of the answer's head in {MAX_HEAD >> 10} KiB")
            return answer.end_of_stream()
        except TimeoutError:
            what = "no whole answer" if sent else "the request could not be sent"
            raise WireError(Outcome.READ_TIMEOUT, f"{what} in {self.timeouts.response_s:g} s") from None
        except OSError as error:
            if not sent and (number := lacking(error)):
                raise local_shortage(number) from None
            if answer.begun:
                raise WireError(Outcome.TRUNCATED, f"inside the answer: {_reason(error)}") from None
            if answer.first and isinstance(error, ssl.SSLError) and "ALERT" in str(error):
                # TLS 1.3: a server that wants a certificate says so after the client's last word.
                raise WireError(Outcome.TLS, _reason(error)) from None
            raise WireError(Outcome.RESET, _reason(error)) from None


def _look_up(host: str, port: int) -> list[Address] | WireError:
    """What the name service knows, or why that is nothing."""
    try:
        found: list[Address] = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        if number := lacking(error) or lacking_now():
            return local_shortage(number)
        return _unresolved(host, getattr(error, "strerror", None) or "not a host name")
    return found


def _unresolved(host: str, reason: str) -> WireError:
    return WireError(Outcome.UNRESOLVED, f"{host}: {reason}")


def _connect_failure(error: OSError, address: Address, limit_s: float) -> WireError:
    if number := lacking_for(error, address):
        return local_shortage(number)
    if isinstance(error, TimeoutError):
        return WireError(Outcome.CONNECT_TIMEOUT, f"no connection in {limit_s:g} s")
    return WireError(Outcome.TLS if isinstance(error, ssl.SSLError) else Outcome.REFUSED, _reason(error))


def _further(one: WireError, other: WireError) -> WireError:
    """What tells the failure of a host with several addresses: that which came furthest; of equals the later."""
    reached = _REACHED.get(one.outcome)
    return one if reached is None or _REACHED.get(other.outcome, len(_REACHED)) < reached else other


def _reason(error: OSError) -> str:
    if isinstance(error, ssl.SSLError):  # its errno is not the system's
        reason: str = getattr(error, "reason", None) or ""  # Python's own raising sets none
        return getattr(error, "verify_message", "") or reason.replace("_", " ").lower() or str(error.strerror)
    return os.strerror(error.errno) if error.errno else str(error)
