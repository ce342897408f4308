"""Marks: how an event is known again after a delivery service has passed it on, in whatever envelope.

A published payload is a JSON object, and the mark is its first member:

    {"hookswarm":"<event id>.<length>.<checksum>.<checksum of the value>", …

Length and first checksum (CRC-32) are of what follows the mark's closing quote; the second is of the canonical form
of all other members. So a receiver sees by itself whether the bytes were kept, or the same value was written otherwise.
"""

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from enum import Enum
from typing import Any, NamedTuple
from zlib import crc32

from _hookswarm.protocol.identity import EventId

MEMBER = "hookswarm"
_OPENING = b'{"hookswarm":"'
_ID = rb"msg_([0-9a-f]{8})_([0-9a-f]{1,4})_([0-9a-f]{1,8})_([0-9a-f]{1,8})"
_find_id = re.compile(_ID + rb"(?![0-9a-f])").search
_find_mark = re.compile(_ID + rb"\.([0-9a-f]{1,8})\.([0-9a-f]{8})\.([0-9a-f]{8})").search
_TEXT_MARK = re.compile(r"msg_[0-9a-f_]+\.[0-9a-f]{1,8}\.[0-9a-f]{8}\.([0-9a-f]{8})")
_DEEPEST = 64
"""Envelopes in envelopes that are looked into."""


class Payload(Enum):
    """What became of a payload on its way."""

    KEPT = 0
    """The published bytes."""
    REWRITTEN = 1
    """The same value in other bytes: white space, escapes, the order of keys, forms of numbers."""
    CORRUPT = 2
    """Another value."""
    UNKNOWN = 3
    """Only the event's id arrived."""


class Marked(NamedTuple):
    """What a body says."""

    event: EventId
    payload: Payload


def mark_after_id(payload: bytes) -> bytes:
    """What follows the event's id in a published payload, whose own members are those of the JSON object `payload`.

    It is the same for every event of these members. Raises ValueError for what is no object.
    """
    value = _loads(payload)
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")
    text = payload.strip()
    if value.pop(MEMBER, None) is not None:  # of an event that was published before
        text = json.dumps(value).encode()
    rest = b'"' + (b"," if value else b"") + text[1:].lstrip()
    return b".%x.%08x.%08x%b" % (len(rest) - 1, crc32(rest[1:]), _value_crc(value), rest)


def mark(event_id: bytes, after_id: bytes) -> bytes:
    """The payload to publish for an event."""
    return b"%b%b%b" % (_OPENING, event_id, after_id)


def read_mark(body: bytes) -> Marked | None:
    """The event that a delivered body is of, and whether its payload was kept. None: nothing of ours is in it."""
    found = _find_mark(body)
    if not found:
        plain = _find_id(body)
        # A text that ends with the body was cut off, and its id with it, which may be another's then.
        whole = plain and not (plain.end() == len(body) and body[: plain.start()].endswith(b'"'))
        return Marked(_event(plain), Payload.UNKNOWN) if plain and whole else None
    event, length, crc = _event(found), int(found[5], 16), int(found[6], 16)
    begin = found.end() + 1
    if body[found.start() - len(_OPENING) : found.start()] == _OPENING and crc32(body[begin : begin + length]) == crc:
        return Marked(event, Payload.KEPT)
    return Marked(event, _compared(body))


def _event(found: "re.Match[bytes]") -> EventId:
    return EventId(*(int(part, 16) for part in found.groups()[:4]))


def _compared(body: bytes) -> Payload:
    """What is found when the body is read as JSON: the payload may be a text in it, or a part with other bytes."""
    try:
        return next(_found_in(_loads(body)), Payload.CORRUPT)
    except (ValueError, RecursionError):
        return Payload.CORRUPT


def _found_in(value: Any, depth: int = 0) -> Iterator[Payload]:
    """What became of each payload in a JSON value, the outermost first; texts may be JSON again."""
    if depth > _DEEPEST:
        return
    if isinstance(value, dict):
        if found := _TEXT_MARK.fullmatch(str(value.get(MEMBER))):
            own = {name: one for name, one in value.items() if name != MEMBER}
            yield Payload.REWRITTEN if int(found[1], 16) == _value_crc(own) else Payload.CORRUPT
            return
        value = list(value.values())
    if isinstance(value, list):
        for one in value:
            yield from _found_in(one, depth + 1)
    elif isinstance(value, str) and MEMBER in value:
        raw = value.encode("utf-8", "surrogatepass")
        if _is_whole(raw):
            yield Payload.KEPT
        else:
            yield from _found_in(_loads(raw), depth + 1)


def _is_whole(raw: bytes) -> bool:
    """Whether a text is the payload to the byte."""
    found = _find_mark(raw)
    if not found or not raw.startswith(_OPENING):
        return False
    rest = raw[found.end() + 1 :]
    return len(rest) == int(found[5], 16) and crc32(rest) == int(found[6], 16)


def _number(text: str) -> float | int:
    """`1e2`, `100.0` and `100` are one number, as JavaScript and JSON columns have it; no digit of it is lost."""
    value = float(text)
    if value.is_integer() and (exact := Decimal(text)) == exact.to_integral_value():
        return int(exact)
    return value


def _loads(text: bytes) -> Any:
    return json.loads(text, parse_float=_number)


def _value_crc(value: Any) -> int:
    return crc32(json.dumps(value, sort_keys=True, separators=(",", ":")).encode())
