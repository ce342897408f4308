"""WSGI answers that are whole: one that takes a webhook, and a plain sentence."""

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

StartResponse = Callable[..., Any]

_NO_CONTENT = int(HTTPStatus.NO_CONTENT)
_STATUS_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}


def answered(start_response: StartResponse, status: int, body: bytes) -> Iterable[bytes]:
    """With this body, as JSON where it looks like it; a 204 has none."""
    if status == _NO_CONTENT:
        start_response(_STATUS_LINES[status], [])
        return ()
    kind = "application/json" if body.startswith(b"{") else "text/plain; charset=utf-8"
    start_response(_STATUS_LINES[status], [("Content-Type", kind), ("Content-Length", str(len(body)))])
    return (body,)


def plain(
    start_response: StartResponse, status: HTTPStatus, text: str, headers: list[tuple[str, str]] | None = None
) -> Iterable[bytes]:
    """A line for people."""
    body = text.encode() + b"\n"
    described = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]
    start_response(_STATUS_LINES[status.value], [*described, *(headers or [])])
    return (body,)
