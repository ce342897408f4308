"""What a WSGI request says: its headers as bytes, and its body within limits."""

from collections.abc import Sequence
from http import HTTPStatus
from typing import Any

Environ = dict[str, Any]


class Refused(Exception):
    """A request that is not taken; `status` and a plain sentence for the client. No fault of ours: it is our work."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        super().__init__(message)
        self.status = status


def environ_name(header: str) -> str:
    """What WSGI calls a header."""
    return "HTTP_" + header.upper().replace("-", "_")


def header_bytes(text: str) -> bytes:
    """A header's bytes: WSGI hands them over as latin-1 text. Raises Refused."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        raise Refused(HTTPStatus.BAD_REQUEST, "a webhook header holds characters that HTTP does not allow") from None


def header_of(environ: Environ, name: str) -> bytes:
    """A header's bytes; empty: it is not there. Raises Refused."""
    known = environ_name(name)
    return header_bytes(environ.get(known.removeprefix("HTTP_") if known in _BARE else known, ""))


_BARE = ("HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH")
"""Which WSGI gives no `HTTP_`."""


def headers_bytes(environ: Environ, names: Sequence[str], told: Sequence[str]) -> list[bytes]:
    """Of headers, by WSGI's `names`; all of them must be there. Raises Refused that names them as `told`."""
    texts = [header_bytes(environ.get(name, "")) for name in names]
    if not all(texts):
        either = " or ".join(filter(None, (", ".join(told[:-1]), told[-1])))
        raise Refused(HTTPStatus.BAD_REQUEST, f"{either} is missing")
    return texts


def read_body(environ: Environ, limit: int) -> bytes:
    """The whole body, of `limit` bytes at most. Raises Refused."""
    declared = environ.get("CONTENT_LENGTH") or ""
    if declared and not (declared.isascii() and declared.isdecimal()):
        raise Refused(HTTPStatus.BAD_REQUEST, "Content-Length is not a number")
    wanted = int(declared) if declared and len(declared) < 20 else None
    if declared and (wanted is None or wanted > limit):
        raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the body is larger than {limit} bytes")
    body = _read(environ["wsgi.input"], limit + 1 if wanted is None else wanted)
    if wanted is None and len(body) > limit:
        raise Refused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"the body is larger than {limit} bytes")
    if wanted is not None and len(body) < wanted:
        raise Refused(HTTPStatus.BAD_REQUEST, "the body is shorter than its Content-Length")
    return body


def _read(stream: Any, size: int) -> bytes:
    try:
        body: bytes = stream.read(size)
        while len(body) < size and (more := stream.read(size - len(body))):
            body += more
    except (OSError, ValueError):
        raise Refused(HTTPStatus.BAD_REQUEST, "the body could not be read") from None
    return body
