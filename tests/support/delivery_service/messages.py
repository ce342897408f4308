"""The bytes that are delivered: the payload as it was published, or what the options make of it, and its signature."""

import base64
import binascii
import hmac
import json
import re
from datetime import UTC, datetime
from typing import Any

_decode = json.JSONDecoder().raw_decode
_space = re.compile(r"[ \t\r\n]*").match


def members(body: bytes) -> dict[str, tuple[Any, bytes]]:
    """The members of a JSON object: each value, and the bytes it is written as. Raises ValueError."""
    text = body.decode()
    found: dict[str, tuple[Any, bytes]] = {}
    at = _expect(text, 0, "{")
    while text[at : at + 1] != "}":
        if found:
            at = _expect(text, at, ",")
        name, end = _decode(text, at)
        if not isinstance(name, str):
            raise ValueError(f"a name was expected at character {at}")
        at = _expect(text, end, ":")
        value, end = _decode(text, at)
        found[name] = value, text[at:end].encode()
        at = _after_space(text, end)
    if _after_space(text, at + 1) != len(text):
        raise ValueError(f"nothing was expected after character {at}")
    return found


def _expect(text: str, at: int, character: str) -> int:
    """Where what follows `character` begins, white space around it skipped."""
    at = _after_space(text, at)
    if text[at : at + 1] != character:
        raise ValueError(f"{character} was expected at character {at}")
    return _after_space(text, at + 1)


def _after_space(text: str, at: int) -> int:
    match = _space(text, at)
    assert match
    return match.end()


def rewritten(payload: bytes) -> bytes:
    """The same value as Python writes it, its names sorted."""
    return json.dumps(json.loads(payload), sort_keys=True).encode()


def enveloped(payload: bytes, kind: str, accepted_at: float) -> bytes:
    """The payload as `data`, beside the event's type and when it was accepted."""
    written = datetime.fromtimestamp(accepted_at, UTC).isoformat(timespec="milliseconds")
    return b'{"type":%b,"timestamp":"%b","data":%b}' % (json.dumps(kind).encode(), written.encode(), payload)


def corrupted(body: bytes, event_id: bytes) -> bytes:
    """Another body of the same length: its last letter or digit is another one, those of the event's id left alone."""
    kept = body.replace(event_id, b" " * len(event_id)) if event_id else body
    last = next((at for at in reversed(range(len(kept))) if kept[at : at + 1].isalnum()), None)
    if last is None:
        return body[:-1] + b"?"
    character = body[last : last + 1]
    return body[:last] + (b"7" if character != b"7" else b"3") + body[last + 1 :]


def key_of(secret: str) -> bytes:
    """What is signed with: base64 behind `whsec_`, or else the text itself. Raises ValueError."""
    if not secret.startswith("whsec_"):
        return secret.encode()
    try:
        return base64.b64decode(secret.removeprefix("whsec_"), validate=True)
    except binascii.Error:
        raise ValueError("the secret is not base64 after whsec_") from None


def signed(key: bytes, event_id: bytes, timestamp: int, body: bytes) -> bytes:
    """The header lines of one attempt, as Standard Webhooks has them."""
    digest = hmac.digest(key, b"%b.%d.%b" % (event_id, timestamp, body), "sha256")
    return b"webhook-id: %b\r\nwebhook-timestamp: %d\r\nwebhook-signature: v1,%b\r\n" % (
        event_id,
        timestamp,
        binascii.b2a_base64(digest, newline=False),
    )
