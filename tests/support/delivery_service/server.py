"""HTTP/1.1 for the API: bytes to requests, answers to bytes. An answer is made at once, or not at all."""

import asyncio
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, unquote

import httptools

REASONS = {status.value: status.phrase for status in HTTPStatus}


@dataclass(frozen=True, slots=True)
class Request:
    method: str
    parts: tuple[str, ...]
    """Of the path: `/tenants/a` is `("tenants", "a")`."""
    query: Mapping[str, list[str]]
    authorization: str
    body: bytes


@dataclass(frozen=True, slots=True)
class Response:
    """`body` becomes JSON; None is no body."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    after_s: float = 0.0
    """So much later it is written."""

    def written(self) -> bytes:
        body = b"" if self.body is None else json.dumps(self.body).encode()
        lines = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
        kind = "Content-Type: application/json\r\n" if body else ""
        length = "" if self.status == HTTPStatus.NO_CONTENT else f"Content-Length: {len(body)}\r\n"
        return f"HTTP/1.1 {self.status} {REASONS[self.status]}\r\n{kind}{length}{lines}\r\n".encode() + body


Answering = Callable[[Request], Response]


class ApiConnection(asyncio.Protocol):
    """One publisher's connection; `open` holds all that are."""

    def __init__(self, answer: Answering, open: "set[ApiConnection]") -> None:
        self._answer = answer
        self._open = open
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpRequestParser(self)

    def close(self) -> None:
        """After what was written is sent."""
        if self._transport:
            self._transport.close()

    # What asyncio calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._open.add(self)

    def connection_lost(self, exc: Exception | None) -> None:
        self._open.discard(self)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self._write(Response(400, {"error": "this is not HTTP/1.1"}))
            self.close()

    # What httptools calls.

    def on_message_begin(self) -> None:
        self._url = b""
        self._authorization = b""
        self._body: list[bytes] = []

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"authorization":
            self._authorization = value

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        path, _, query = self._url.decode("latin-1").partition("?")
        parts = tuple(unquote(part) for part in path.split("/") if part)
        method, authorization = self._parser.get_method().decode(), self._authorization.decode("latin-1")
        response = self._answer(Request(method, parts, parse_qs(query), authorization, b"".join(self._body)))
        if response.after_s:
            asyncio.get_running_loop().call_later(response.after_s, self._write, response)
            return
        self._write(response)
        if not self._parser.should_keep_alive():
            self.close()

    def _write(self, response: Response) -> None:
        assert self._transport
        if not self._transport.is_closing():
            self._transport.write(response.written())
