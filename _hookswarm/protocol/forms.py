"""The forms in which providers hand out secrets: the bytes of each, and how one is made up.

No message holds a secret.
"""

import base64
import binascii
import secrets
from collections.abc import Callable
from typing import Literal

from _hookswarm.common.errors import ConfigError

Form = Literal["whsec", "text", "hex", "base64", "base64url", "ed25519", "ecdsa-p256"]

WHSEC_BYTES = (24, 64)
"""Fewest and most that Standard Webhooks allows."""

TOLD = {
    "whsec": "base64 after 'whsec_'",
    "text": "one line of text",
    "hex": "hexadecimal",
    "base64": "base64",
    "base64url": "base64url",
    "ed25519": "a private Ed25519 key (PEM, or PKCS #8 in base64)",
    "ecdsa-p256": "a private key of the curve P-256 (PEM, or PKCS #8 in base64)",
}
"""What a form is called in messages."""


def parse_secret(text: str, form: Form = "whsec") -> bytes:
    """The key of a secret; of an asymmetric one its private half, PKCS #8 in DER. Raises ConfigError."""
    text = text.strip()
    try:
        key = _PARSERS[form](text)
    except (ValueError, binascii.Error):
        raise ConfigError([f"the signing secret is not {TOLD[form]}"]) from None
    least, most = WHSEC_BYTES
    if form == "whsec" and not least <= len(key) <= most:
        raise ConfigError([f"the signing secret has {len(key)} bytes; Standard Webhooks asks for {least} to {most}"])
    if not key:
        raise ConfigError(["the signing secret is empty"])
    return key


def make_secret(form: Form) -> str:
    """A new secret, in that form."""
    if form in ("ed25519", "ecdsa-p256"):
        from _hookswarm.protocol.key_pairs import make_private

        return base64.b64encode(make_private(form)).decode()
    raw = secrets.token_bytes(32)
    made: dict[str, str] = {
        "whsec": "whsec_" + base64.b64encode(raw).decode(),
        "text": raw.hex(),
        "hex": raw.hex(),
        "base64": base64.b64encode(raw).decode(),
        "base64url": base64.urlsafe_b64encode(raw).decode().rstrip("="),
    }
    return made[form]


def _text(text: str) -> bytes:
    if not text.isprintable():
        raise ValueError
    return text.encode()


def _base64(text: str) -> bytes:
    return base64.b64decode(_padded(text), validate=True)


def _base64url(text: str) -> bytes:
    if set("+/") & set(text):
        raise ValueError
    return base64.b64decode(_padded(text), b"-_", validate=True)


def _padded(text: str) -> str:
    """With the padding that some providers leave out."""
    return text if "=" in text else text + "=" * (-len(text) % 4)


def _private(form: Form) -> Callable[[str], bytes]:
    def parse(text: str) -> bytes:
        from _hookswarm.protocol.key_pairs import private_der

        return private_der(text.encode() if text.startswith("-----") else _base64(text), form)

    return parse


_PARSERS: dict[str, Callable[[str], bytes]] = {
    "whsec": lambda text: base64.b64decode(text.removeprefix("whsec_"), validate=True),
    "text": _text,
    "hex": bytes.fromhex,
    "base64": _base64,
    "base64url": _base64url,
    "ed25519": _private("ed25519"),
    "ecdsa-p256": _private("ecdsa-p256"),
}
