"""Handshakes: how our own receivers answer what a provider asks before it sends any event."""

import os
import re
from collections.abc import Mapping, Sequence
from hmac import compare_digest
from typing import Any
from urllib.parse import unquote

from _hookswarm.protocol.providers import Provider
from _hookswarm.protocol.signature import signing
from _hookswarm.protocol.templates import PLACES, Template

VERIFY_TOKEN = "HOOKSWARM_VERIFY_TOKEN"
"""The variable that holds what a receiver was told to expect (Meta's `hub.verify_token`)."""
_CHALLENGE, _SIGNATURE = PLACES["challenge"], PLACES["signature"]


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
