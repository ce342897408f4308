"""Handshakes: what a provider asks a receiver before it sends any event, and how our own receivers answer."""

import os
import re
from collections.abc import Mapping, Sequence
from hmac import compare_digest
from typing import Any, NamedTuple
from urllib.parse import quote, unquote

from _hookswarm.protocol.providers import Provider
from _hookswarm.protocol.signature import signing
from _hookswarm.protocol.signing import Signer
from _hookswarm.protocol.templates import PLACES, Template

VERIFY_TOKEN = "HOOKSWARM_VERIFY_TOKEN"
"""The variable that holds what a receiver was told to expect (Meta's `hub.verify_token`)."""
NO_TOKEN = "none"
"""What is sent in its place: some token there always is."""
_ID, _CHALLENGE, _SIGNATURE = PLACES["id"], PLACES["challenge"], PLACES["signature"]


class Asked(NamedTuple):
    """A handshake's request, and what must be in its answer."""

    method: str
    query: str
    """Of a GET: what is added to the URL after `?`."""
    headers: bytes
    body: bytes
    status: int
    expect: tuple[bytes, ...]

    def lacks(self, status: int, body: bytes) -> str:
        """What is wrong with an answer, and what was wanted; empty: it is right."""
        if status == self.status and all(one in body for one in self.expect):
            return ""
        wanted = " and ".join(one.decode() for one in self.expect)
        return f"it wants status {self.status}" + f", and {wanted} in the body" * bool(wanted)


def ask(
    signer: Signer,
    keys: Sequence[bytes],
    challenge: bytes,
    now_s: float,
    url: bytes = b"",
    env: Mapping[str, str] = os.environ,
) -> Asked:
    """The handshake of the signer's provider, which has one; `challenge` is new each time, and in hexadecimal."""
    handshake = signer.provider.handshake
    assert handshake
    values: list[Any] = [b""] * len(PLACES)
    values[_ID], values[_CHALLENGE] = b"msg_" + challenge, challenge
    values[PLACES["timestamp"]], values[PLACES["timestamp_ms"]] = b"%d" % now_s, b"%d" % (now_s * 1e3)
    values[PLACES["verify_token"]] = quote(env.get(VERIFY_TOKEN) or NO_TOKEN, safe="").encode()
    query, body = (Template(text).fill(values) for text in (handshake.query, handshake.body))
    headers = b""
    if handshake.method == "POST":
        headers, body = signer.dress(values[_ID], now_s, body, url=url)
    names = Template(handshake.answer).names
    expect = [_filled(f"{{{name}}}", signer.provider, keys, challenge) for name in names]
    return Asked(handshake.method, query.decode(), headers, body, handshake.status, tuple(expect))


class Answerer:
    """How our own receivers answer a provider's handshake."""

    def __init__(self, provider: Provider, keys: Sequence[bytes], env: Mapping[str, str] = os.environ) -> None:
        self._provider, self._keys = provider, keys
        self._token = env.get(VERIFY_TOKEN, "")
        handshake = provider.handshake
        self.method = handshake.method if handshake else ""
        self.status = handshake.status if handshake else 0
        text = (handshake.query or handshake.body) if handshake else ""
        self._pattern = re.compile(Template(text).pattern().pattern.encode(), re.DOTALL)

    def answer(self, said: bytes) -> bytes | None:
        """The answer to a query (GET) or a body (POST); None: that is no handshake, or not with our token."""
        match = self._pattern.fullmatch(said) if self.method else None
        if not match:
            return None
        found = match.groupdict()
        token = unquote(found.get("verify_token", b"").decode("latin-1"))
        if self._token and "verify_token" in found and not compare_digest(token.encode(), self._token.encode()):
            return None
        handshake = self._provider.handshake
        assert handshake
        return _filled(handshake.answer, self._provider, self._keys, found.get("challenge", b""))


def _filled(text: str, provider: Provider, keys: Sequence[bytes], challenge: bytes) -> bytes:
    values: list[Any] = [b""] * len(PLACES)
    values[_CHALLENGE] = challenge
    template = Template(text)
    if "signature" in template.names:
        assert provider.signature
        values[_SIGNATURE] = signing(provider.signature.algorithm, keys[0], "hex")(challenge)
    return template.fill(values)
