"""What a provider asks of a receiver before it sends any event, made of the table as the provider would make it."""

import hashlib
import hmac
import time
from collections.abc import Sequence
from typing import Any, NamedTuple
from urllib.parse import quote

from _hookswarm.protocol.signing import Signer
from _hookswarm.protocol.templates import PLACES, Template

CHALLENGE = b"c4a11e"
TOKEN = "a token & more"


class Asked(NamedTuple):
    """A handshake's request, and what must stand in its answer."""

    method: str
    query: str
    headers: bytes
    body: bytes
    status: int
    expect: Sequence[bytes]


def asked(signer: Signer, key: bytes, url: bytes = b"") -> Asked:
    """With a challenge, and the token where one is named."""
    handshake = signer.provider.handshake
    assert handshake
    values: list[Any] = [b""] * len(PLACES)
    values[PLACES["challenge"]], values[PLACES["timestamp_ms"]] = CHALLENGE, b"%d" % (time.time() * 1e3)
    values[PLACES["verify_token"]] = quote(TOKEN, safe="").encode()
    query, body = (Template(text).fill(values) for text in (handshake.query, handshake.body))
    headers = b""
    if handshake.method == "POST":
        headers, body = signer.dress(b"msg_verification", time.time(), body, url=url)
    made = hmac.new(key, CHALLENGE, hashlib.sha256).hexdigest().encode()
    wanted = {"{challenge}": CHALLENGE, "{signature}": made}
    expect = [text for name, text in wanted.items() if name in handshake.answer]
    return Asked(handshake.method, query.decode(), headers, body, handshake.status, expect)
