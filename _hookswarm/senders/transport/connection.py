"""A TCP or TLS connection that waits in gevent's event loop.

It drives a plain non-blocking socket through watchers that live as long as the connection. gevent's own socket
makes a timer for every wait and tries to read before there can be an answer, at every request anew.
"""

import errno
import os
import select
import socket as stdlib_socket
import ssl as stdlib_ssl
from typing import Any

import gevent
from gevent import monkey

CHUNK_BYTES = 1 << 14
_READ, _WRITE = 1, 2

TLS_RECORDS = (b"\x15", b"\x16")
"""How an alert and a handshake begin."""
NO_TLS = "does this port speak TLS? If not, write http://"

Address = tuple[Any, ...]
"""An entry of `getaddrinfo`."""


class Connection:
    """One TCP connection. Calls that wait end with TimeoutError once the armed deadline passes."""

    def __init__(self, address: Address) -> None:
        family, kind, protocol = address[:3]
        # Under Locust the socket module is patched; the plain socket is what we drive.
        plain: type[stdlib_socket.socket] = monkey.get_original("socket", "socket")
        self._socket = plain(family, kind, protocol)
        self._socket.setblocking(False)
        # The plain one, too. It tells without raising, which a peek at a quiet socket cannot.
        poll = monkey.get_original("select", "poll")()
        poll.register(self._socket.fileno(), select.POLLIN)
        self._poll = poll.poll
        self._hub = gevent.get_hub()
        self._readable = self._hub.loop.io(self._socket.fileno(), _READ)
        self._watched = False
        self._waiting: Any = None
        """The greenlet that waits for bytes."""
        self._writable = self._hub.loop.io(self._socket.fileno(), _WRITE)
        self._timer: Any = None
        self._armed_s = 0.0

    def connect(self, address: Address) -> None:
        """Complete the TCP handshake; raises OSError."""
        code = self._socket.connect_ex(address[4])
        if code == errno.EINPROGRESS:
            self._hub.wait(self._writable)
            code = self._socket.getsockopt(stdlib_socket.SOL_SOCKET, stdlib_socket.SO_ERROR)
        if code:
            raise OSError(code, os.strerror(code))
        self._socket.setsockopt(stdlib_socket.IPPROTO_TCP, stdlib_socket.TCP_NODELAY, 1)

    def arm(self, seconds: float) -> None:
        """Let what this greenlet waits for on the connection fail `seconds` from now."""
        if self._timer is None or self._armed_s != seconds:  # a timer keeps the length it was made with
            if self._timer is not None:
                self._timer.close()
            self._timer, self._armed_s = self._hub.loop.timer(seconds, seconds), seconds
        # From now, not from when the loop last looked at its clock: else a stall of ours becomes a time-out.
        # `again`, because a timer that was stopped would `start` with what was left of it.
        self._timer.again(gevent.getcurrent().throw, TimeoutError, update=True)

    def disarm(self) -> None:
        """Let waits take as long as they like again."""
        if self._timer is not None:
            self._timer.stop()

    def send(self, data: bytes) -> None:
        """Hand all of `data` to the kernel; raises OSError."""
        view: bytes | memoryview = data
        while True:
            try:
                sent = self._socket.send(view)
            except BlockingIOError:
                sent = 0
            if sent == len(view):
                return
            view = memoryview(view)[sent:]
            self._hub.wait(self._writable)

    def receive(self) -> bytes:
        """Wait for bytes; b"" when the peer closed. Raises OSError."""
        while True:
            self._await_bytes()
            try:
                return self._socket.recv(CHUNK_BYTES)
            except BlockingIOError:
                pass

    def _await_bytes(self) -> None:
        """The watcher stays on between answers: with several connections the loop would else ask the kernel anew for
        each of them in turn.
        """
        self._waiting = gevent.getcurrent()
        try:
            if not self._watched:
                self._watched = True
                self._readable.start(self._on_bytes)
            self._hub.switch()
        finally:
            self._waiting = None

    def _on_bytes(self) -> None:
        if self._waiting is not None:
            self._waiting.switch()
        else:  # bytes that nobody asked for, or the end: the loop would go on and on about them
            self._readable.stop()
            self._watched = False

    def await_answer(self) -> bool:
        """Wait until there is something to read, and leave it there; False: the peer closed. Raises OSError."""
        self._await_bytes()
        return bool(self._socket.recv(1, stdlib_socket.MSG_PEEK))

    def is_quiet(self) -> bool:
        """Whether the peer has neither closed nor sent anything that nobody asked for."""
        return not self._poll(0)

    def close(self) -> None:
        for watcher in (self._readable, self._writable, self._timer):
            if watcher is not None:
                watcher.close()
        self._socket.close()


class TlsConnection(Connection):
    """The same over TLS: OpenSSL works on memory buffers, the bytes go over the plain connection."""

    def __init__(self, address: Address, context: stdlib_ssl.SSLContext, host: str) -> None:
        super().__init__(address)
        self._incoming, self._outgoing = stdlib_ssl.MemoryBIO(), stdlib_ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)

    def connect(self, address: Address) -> None:
        """Complete the TCP and TLS handshakes; raises ssl.SSLError, OSError."""
        super().connect(address)
        try:
            self._shake_hands()
        except ConnectionError as error:
            raise stdlib_ssl.SSLError(error.errno, f"{error.strerror} in the handshake: {NO_TLS}") from None

    def _shake_hands(self) -> None:
        first: bytes | None = None
        while True:
            try:
                self._tls.do_handshake()
            except stdlib_ssl.SSLWantReadError:
                self._flush()
                heard = self._fill()
                first = heard if first is None else first
            except stdlib_ssl.SSLError as error:
                self._flush()  # the alert that tells the server why
                if first is None or first[:1] in TLS_RECORDS:
                    raise
                said = f"it answers {first[:12]!r}" if first else "closed in the handshake"
                raise stdlib_ssl.SSLError(error.errno, f"{said}: {NO_TLS}") from None
            else:
                self._flush()
                return

    def send(self, data: bytes) -> None:
        self._tls.write(data)
        self._flush()

    def receive(self) -> bytes:
        while True:
            try:
                return self._tls.read(CHUNK_BYTES)
            except stdlib_ssl.SSLWantReadError:
                self._flush()
                self._fill()
            except stdlib_ssl.SSLZeroReturnError:
                return b""

    def await_answer(self) -> bool:
        return bool(self.receive())  # what lies there may be a ticket: only OpenSSL can tell

    def is_quiet(self) -> bool:
        # Tickets and key updates may lie there unasked: only what OpenSSL makes of them tells.
        while not super().is_quiet():
            try:
                data = self._socket.recv(CHUNK_BYTES)
            except OSError:
                return False
            if not data:
                return False
            self._incoming.write(data)
        try:
            self._tls.read(1)
        except stdlib_ssl.SSLWantReadError:
            return True
        except OSError:
            pass
        return False

    def _flush(self) -> None:
        if self._outgoing.pending:
            super().send(self._outgoing.read())

    def _fill(self) -> bytes:
        data = super().receive()
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()
        return data
