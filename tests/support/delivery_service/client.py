"""Sends to endpoints over HTTP/1.1: connections are kept and pooled by host and port."""

import asyncio
from dataclasses import dataclass
from typing import Self
from urllib.parse import urljoin, urlsplit

import httptools

REDIRECTS = {301, 302, 303, 307, 308}
WITH_BODY = {307, 308}
MOST_REDIRECTS = 5


@dataclass(frozen=True, slots=True)
class Target:
    """Where a URL leads."""

    url: str
    address: tuple[str, int]
    line: bytes
    """The rest of a request line after its method, and the host's header line."""

    @classmethod
    def of(cls, url: str) -> Self:
        """Raises ValueError for what is not http://."""
        parts = urlsplit(url)
        if parts.scheme != "http" or not parts.hostname:
            raise ValueError(f"not an http:// URL: {url}")
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        if not (path + parts.netloc).isascii() or any(character.isspace() for character in url):
            raise ValueError(f"a URL has no such characters: {url}")
        line = f"{path} HTTP/1.1\r\nHost: {parts.netloc.rpartition('@')[2]}\r\n"
        return cls(url, (parts.hostname, parts.port or 80), line.encode())


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. The status is 0 when nothing did: refused, reset, timed out, or not HTTP."""

    status: int
    retry_after: str = ""
    location: str = ""
    to_bodiless: bool = False
    """It answers a GET without body, which a redirect made of the POST."""


NO_ANSWER = Answer(0)


class Connection(asyncio.Protocol):
    """One request at a time."""

    def __init__(self) -> None:
        self.usable = True
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._waiting: asyncio.Future[Answer] | None = None
        self._headers: dict[bytes, bytes] = {}

    def exchange(self, request: bytes) -> "asyncio.Future[Answer]":
        """Send it; the future's result comes in any case when the connection ends."""
        assert self._transport
        self._waiting = asyncio.get_running_loop().create_future()
        self._headers = {}
        self._transport.write(request)
        return self._waiting

    def abort(self) -> None:
        """End it; who waits gets no answer."""
        self._end(NO_ANSWER)
        if self._transport:
            self._transport.abort()

    def _end(self, answer: Answer) -> None:
        self.usable = self.usable and answer is not NO_ANSWER
        if self._waiting and not self._waiting.done():
            self._waiting.set_result(answer)

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.abort()

    def eof_received(self) -> None:
        self.usable = False  # at once: it is closed a little later

    def connection_lost(self, exc: Exception | None) -> None:
        self.usable = False
        self._end(NO_ANSWER)

    # What httptools calls.

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.lower()] = value

    def on_message_complete(self) -> None:
        status = self._parser.get_status_code()
        if status < 200:  # before the answer itself
            return
        told = self._headers.get
        self.usable = self._parser.should_keep_alive()
        self._end(Answer(status, told(b"retry-after", b"").decode("latin-1"), told(b"location", b"").decode("latin-1")))
        if not self.usable:
            self.abort()


class Client:
    """Sends requests that may take `timeout_s` each, connecting included."""

    def __init__(self, timeout_s: float, follows_redirects: bool) -> None:
        self._timeout_s = timeout_s
        self._follows_redirects = follows_redirects
        self._idle: dict[tuple[str, int], list[Connection]] = {}

    async def deliver(self, target: Target, headers: bytes, body: bytes) -> Answer:
        """POST the body; the last answer, where redirects are followed. It never raises."""
        method, left, answer = b"POST", body, NO_ANSWER
        for _ in range(MOST_REDIRECTS):
            answer = await self._send(method, target, headers, left)
            if not (self._follows_redirects and answer.status in REDIRECTS and answer.location):
                break
            if answer.status not in WITH_BODY:
                method, left = b"GET", b""
            try:
                target = Target.of(urljoin(target.url, answer.location))
            except ValueError:
                break
        return Answer(answer.status, answer.retry_after, to_bodiless=method == b"GET")

    async def _send(self, method: bytes, target: Target, headers: bytes, body: bytes) -> Answer:
        framing = b"Content-Type: application/json\r\nContent-Length: %d\r\n" % len(body) if method == b"POST" else b""
        request = b"%b %b%b%b\r\n%b" % (method, target.line, framing, headers, body)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._timeout_s
        connection = self._kept(target.address)
        if not connection:
            try:
                async with asyncio.timeout_at(deadline):
                    _, connection = await loop.create_connection(Connection, *target.address)
            except (OSError, TimeoutError):
                return NO_ANSWER
        timer = loop.call_at(deadline, connection.abort)
        answer = await connection.exchange(request)
        timer.cancel()
        if connection.usable:
            self._idle.setdefault(target.address, []).append(connection)
        return answer

    def _kept(self, address: tuple[str, int]) -> Connection | None:
        kept = self._idle.get(address)
        while kept:
            connection = kept.pop()
            if connection.usable:
                return connection
        return None
