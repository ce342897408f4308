"""Handshakes: what a provider asks of a receiver before it sends any event, and what a right receiver answers."""

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hmac import compare_digest
from typing import Any
from urllib.parse import quote, unquote

from _hookswarm.common.errors import ConfigError
from _hookswarm.protocol.providers import Handshake, Provider
from _hookswarm.protocol.signature import signing
from _hookswarm.protocol.signing import Signer
from _hookswarm.protocol.templates import PLACES, Template

VERIFY_TOKEN = "HOOKSWARM_VERIFY_TOKEN"
"""The variable that holds what a receiver was told to expect (Meta's `hub.verify_token`)."""
_CHALLENGE, _SIGNATURE = PLACES["challenge"], PLACES["signature"]


@dataclass(frozen=True)
class Greeting:
    """A handshake's request, and what its answer must be."""

    method: str
    query: str
    """What is added to the URL after `?`; empty: nothing."""
    headers: bytes
    """A block of header lines."""
    body: bytes
    status: int
    expect: tuple[bytes, ...]
    """What must stand in the answer, each somewhere."""


def greeting(
    signer: Signer,
    keys: Sequence[bytes],
    challenge: bytes,
    now_s: float,
    url: bytes = b"",
    env: Mapping[str, str] = os.environ,
) -> Greeting | None:
    """A provider's handshake with a challenge for this once; None: it has none. `keys` as the signer's.

    Raises ConfigError where it needs a token that nobody gave.
    """
    provider, handshake = signer.provider, signer.provider.handshake
    if not handshake:
        return None
    token = env.get(VERIFY_TOKEN, "")
    if "{verify_token}" in handshake.query + handshake.body and not token:
        wanted = f"the handshake of provider {provider.name} names the token that your receiver expects"
        raise ConfigError([f"{wanted}: set ${VERIFY_TOKEN} to it"])
    event_id = b"msg_verification_" + challenge
    values = _values(event_id, challenge, now_s)
    values[PLACES["verify_token"]] = quote(token, safe="").encode()
    body, headers = Template(handshake.body).fill(values), b""
    if handshake.method == "POST":
        headers, body = signer.dress(event_id, now_s, body, url=url)
        headers = b"".join(line for line in headers.splitlines(True) if not line.startswith(b"hookswarm-"))
    query = Template(handshake.query).fill(values).decode()
    expect = tuple(_filled(text, provider, keys, challenge) for text in _expected(handshake))
    return Greeting(handshake.method, query, headers, body, handshake.status, expect)


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


def _expected(handshake: Handshake) -> tuple[str, ...]:
    return handshake.expect or tuple(filter(None, (handshake.answer,)))


def _filled(text: str, provider: Provider, keys: Sequence[bytes], challenge: bytes) -> bytes:
    values = _values(b"", challenge, 0)
    template = Template(text)
    if "signature" in template.names:
        values[_SIGNATURE] = _sign_alone(provider, keys[0])(challenge)
    return template.fill(values)


def _sign_alone(provider: Provider, key: bytes) -> Callable[[bytes], bytes]:
    assert provider.signature
    return signing(provider.signature.algorithm, key, "hex")


def _values(event_id: bytes, challenge: bytes, now_s: float) -> list[Any]:
    values: list[Any] = [b""] * len(PLACES)
    values[PLACES["id"]], values[_CHALLENGE] = event_id, challenge
    values[PLACES["timestamp"]], values[PLACES["timestamp_ms"]] = b"%d" % now_s, b"%d" % (now_s * 1e3)
    return values
