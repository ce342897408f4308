"""What is made of an event for the templates that use it: times, ids, and the body in other spellings."""

import hashlib
import json
import re
import time
from collections.abc import Callable
from urllib.parse import parse_qsl

from _hookswarm.protocol.templates import PLACES, Values

_BODY, _NOW = PLACES["body"], PLACES["timestamp_ms"]


def _uuid(values: Values) -> bytes:
    text = hashlib.md5(values[0], usedforsecurity=False).hexdigest()
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}".encode()


def _token(values: Values) -> bytes:
    return hashlib.sha256(b"%b %r" % (values[0], values[_NOW])).hexdigest()[:50].encode()


def _timestamp_ms(values: Values) -> bytes:
    return b"%d" % (values[_NOW] * 1e3)


_SPACE = re.compile(rb'("(?:[^"\\]|\\.)*")|[ \t\n\r]+', re.DOTALL)


def _compact(values: Values) -> bytes:
    """What is no white space stays as it is spelt, 1.10 and \u00e9, as Go's and JavaScript's senders leave it."""
    body: bytes = values[_BODY]
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return body
    return _SPACE.sub(rb"\1", body)


def _form(values: Values) -> bytes:
    fields = parse_qsl(values[_BODY].decode("latin-1"), keep_blank_values=True, encoding="latin-1")
    return "".join(name + value for name, value in sorted(set(fields))).encode("latin-1")


def _timestamp_iso(values: Values) -> bytes:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(int(values[1]))).encode()


def _members(values: Values) -> bytes:
    text: bytes = values[_BODY].strip()
    inner = text[1:-1].strip() if text[:1] == b"{" and text[-1:] == b"}" else b""
    return inner or b'"data":' + text


Maker = Callable[[Values], bytes]
# `_timestamp_ms` is the last: until then its place holds the time itself.
EVENTS_OWN: dict[str, Maker] = {
    "uuid": _uuid,
    "token": _token,
    "timestamp_iso": _timestamp_iso,
    "timestamp_ms": _timestamp_ms,
}
PAYLOADS_OWN: dict[str, Maker] = {"compact_body": _compact, "members": _members}
BODYS_OWN: dict[str, Maker] = {"compact_body": _compact, "form": _form}


def spellings(event_id: bytes) -> tuple[str, str]:
    """How a header may tell an event's id: as it is, or as the UUID that is made of it."""
    told: list[bytes] = [b""] * len(PLACES)
    told[PLACES["id"]] = event_id
    return event_id.decode(), EVENTS_OWN["uuid"](told).decode()
