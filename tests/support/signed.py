"""Standard Webhooks' signature alone, of bytes: by the provider's table, as senders sign and receivers verify."""

from collections.abc import Sequence
from functools import lru_cache

from _hookswarm.protocol.providers import load_provider
from _hookswarm.protocol.signing import Signer
from _hookswarm.protocol.verifying import Verifier

STANDARD = load_provider()


@lru_cache(maxsize=16)
def signer(*keys: bytes) -> Signer:
    """What signs as Standard Webhooks has it."""
    return Signer(STANDARD, keys)


@lru_cache(maxsize=16)
def verifier(*keys: bytes) -> Verifier:
    """What verifies by any of the keys."""
    return Verifier(STANDARD, keys)


def sign(key: bytes, event_id: bytes, timestamp: bytes, body: bytes) -> bytes:
    """The `webhook-signature` of one attempt."""
    headers, _ = signer(key).dress(event_id, int(timestamp), body)
    return fields(headers)["webhook-signature"].encode()


def verify(key: bytes, event_id: bytes, timestamp: bytes, body: bytes, signatures: bytes) -> bool:
    """Whether any of the space-separated signatures is right."""
    checked = verifier(key)
    texts: Sequence[bytes] = (event_id, timestamp, signatures)
    return checked.is_right(checked.seen(texts), body)


def fields(headers: bytes) -> dict[str, str]:
    """A block of header lines by their names, in lower case."""
    lines = (line.partition(": ") for line in headers.decode("latin-1").splitlines())
    return {name.lower(): value for name, _, value in lines}
