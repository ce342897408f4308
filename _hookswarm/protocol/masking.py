"""Secrets, hidden in what is shown or kept."""

from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Iterator

HIDDEN = b"********"
LEAST = 8
"""Bytes of a secret at the end of what was cut off by which it is known."""


def masked(data: bytes, keys: Iterable[bytes]) -> bytes:
    """The same without the secrets, in whatever form they stand there: whole, or as its end, cut off."""
    for key in keys:
        for secret in _forms(key):
            data = data.replace(secret, HIDDEN)
            for length in range(min(len(secret), len(data)), LEAST - 1, -1):
                if data.endswith(secret[:length]):
                    data = data[:-length] + HIDDEN
                    break
    return data


def _forms(key: bytes) -> Iterator[bytes]:
    if key:
        yield from (key, key.hex().encode())
        for spelt in (b64encode(key), urlsafe_b64encode(key)):
            yield from (spelt, spelt.rstrip(b"="))
