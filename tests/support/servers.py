"""Servers that follow a script, byte for byte: what the tests of the wire send to.

They run in threads on plain sockets, bound to loopback on a free port, and end with their `with` block.
"""

import socket
import ssl
import struct
import threading
from collections.abc import Callable
from functools import cache
from types import TracebackType
from typing import Self

import trustme

NO_CONTENT = b"HTTP/1.1 204 No Content\r\n\r\n"
LIMIT_S = 10.0
"""No call of a script waits for longer."""


class Peer:
    """The server's end of one connection."""

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        self._unread = b""

    def request(self) -> bytes:
        """The next request, whole; b"" when the client closed."""
        while b"\r\n\r\n" not in self._unread:
            if not self._read():
                return b""
        head, _, _ = self._unread.partition(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        length = next((int(line[15:]) for line in lines if line.startswith(b"content-length:")), 0)
        size = len(head) + 4 + length
        while len(self._unread) < size:
            if not self._read():
                return b""
        request, self._unread = self._unread[:size], self._unread[size:]
        return request

    def _read(self) -> bool:
        data = self.connection.recv(1 << 16)
        self._unread += data
        return bool(data)

    def send(self, data: bytes) -> None:
        self.connection.sendall(data)

    def reset(self) -> None:
        """End the connection with a TCP reset."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()


Script = Callable[[Peer], None]
"""Plays the server on one connection, which is closed when it returns."""


def answer_of(body: bytes, status: str = "200 OK") -> bytes:
    """A whole answer with that body."""
    return f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def answering(*answers: bytes) -> Script:
    """For each request on a connection the next of `answers`, the last one again and again."""

    def script(peer: Peer) -> None:
        left = list(answers)
        while peer.request():
            peer.send(left[0])
            del left[: len(left) > 1]

    return script


def recording(requests: list[bytes], answer: bytes) -> Script:
    """Keeps each request, and answers it so."""

    def script(peer: Peer) -> None:
        while request := peer.request():
            requests.append(request)
            peer.send(answer)

    return script


class ScriptedServer:
    """Accepts connections and plays the script on each, in a thread of its own."""

    def __init__(self, script: Script, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> None:
        self._script = script
        self._tls = tls
        self._listener = socket.create_server((host, 0))
        self._open: list[socket.socket] = []
        self._threads: list[threading.Thread] = []
        self._failures: list[BaseException] = []
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http{'s' if tls else ''}://{'localhost' if tls else host}:{self.port}/hooks"
        self.connections = 0

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        for open_socket in (self._listener, *self._open):
            try:
                open_socket.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
        for thread in self._threads:
            thread.join(LIMIT_S)
        self._listener.close()
        if self._failures and kind is None:
            raise self._failures[0]

    def _start(self, target: Callable[..., None], *arguments: socket.socket) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            connection.settimeout(LIMIT_S)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._open.append(connection)
            self._start(self._play, connection)

    def _play(self, connection: socket.socket) -> None:
        try:
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
                self._open.append(connection)
            self._script(Peer(connection))
        except OSError:
            pass  # the client went away, or refused the certificate
        except BaseException as error:
            self._failures.append(error)
        finally:
            connection.close()


@cache
def authority() -> trustme.CA:
    """The certificate authority of this test run."""
    return trustme.CA()


def server_tls(*names: str, version: ssl.TLSVersion | None = None) -> ssl.SSLContext:
    """A server's side of TLS with a certificate for `names` (default: localhost)."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority().issue_cert(*(names or ("localhost", "127.0.0.1"))).configure_cert(context)
    if version:
        context.minimum_version = context.maximum_version = version
    return context


def client_tls() -> ssl.SSLContext:
    """A client's side of TLS that trusts `authority()` and nobody else."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority().configure_trust(context)
    return context


def closed_port() -> int:
    """A loopback port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


class Blackhole:
    """A port that drops every SYN: its queue of one is full and nobody accepts."""

    def __init__(self) -> None:
        self._listener = socket.socket()
        self._listener.bind(("127.0.0.1", 0))
        self._listener.listen(0)
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/hooks"
        self._fillers: list[socket.socket] = []

    def __enter__(self) -> Self:
        for _ in range(3):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", self.port))
            self._fillers.append(filler)
        return self

    def __exit__(self, *_: object) -> None:
        for filler in (*self._fillers, self._listener):
            filler.close()
