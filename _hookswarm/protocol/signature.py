"""Standard Webhooks 1.0.0, scheme `v1`: HMAC-SHA256 over `id.timestamp.body`.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import binascii
import hmac
from functools import lru_cache
from hashlib import sha256
from typing import Any

from _hookswarm.common.errors import ConfigError

TOLERANCE_S = 300
"""How far a timestamp may lie from the receiver's clock, in seconds (the reference library's value)."""

MAX_SIGNATURES = 8
"""Signatures looked at in one header: rotation needs two, and a thousand would be an attack."""


def parse_secret(text: str) -> bytes:
    """The key of a `whsec_…` secret: 24 to 64 bytes. Raises ConfigError, never with the secret in it."""
    try:
        key = base64.b64decode(text.strip().removeprefix("whsec_"), validate=True)
    except ValueError:
        raise ConfigError(["the signing secret is not base64 after 'whsec_'"]) from None
    if not 24 <= len(key) <= 64:
        raise ConfigError([f"the signing secret has {len(key)} bytes; Standard Webhooks asks for 24 to 64"])
    return key


def sign(key: bytes, event_id: bytes, timestamp: bytes, body: bytes) -> bytes:
    """The `webhook-signature` of one attempt."""
    inner, outer = _keyed(key)
    inner, outer = inner.copy(), outer.copy()
    inner.update(b"%b.%b.%b" % (event_id, timestamp, body))
    outer.update(inner.digest())
    return b"v1," + binascii.b2a_base64(outer.digest(), newline=False)


@lru_cache(maxsize=16)
def _keyed(key: bytes) -> tuple[Any, Any]:
    """HMAC's two hashes (RFC 2104) fed with the key: `hmac.digest` starts both anew each time, at twice the cost."""
    block = (sha256(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
    return sha256(bytes(byte ^ 0x36 for byte in block)), sha256(bytes(byte ^ 0x5C for byte in block))


def verify(key: bytes, event_id: bytes, timestamp: bytes, body: bytes, signatures: bytes) -> bool:
    """Whether any of the space-separated signatures is right. Never raises, whatever the bytes."""
    expected = sign(key, event_id, timestamp, body)
    if hmac.compare_digest(expected, signatures):
        return True
    candidates = signatures.split(b" ", MAX_SIGNATURES)[:MAX_SIGNATURES]
    return True in [hmac.compare_digest(expected, candidate) for candidate in candidates]


def is_fresh(timestamp: str, now_s: float) -> bool:
    """Whether a `webhook-timestamp` is a plain integer within the tolerance of `now_s` (Unix seconds)."""
    plain = timestamp.isascii() and timestamp.isdecimal() and len(timestamp) <= 12
    return plain and abs(int(timestamp) - now_s) <= TOLERANCE_S
