"""Signatures: how a message and a key make one, and how it is spelt.

HMAC keeps its two hashes ready, fed with the key: `hmac.digest` starts both anew each time, at twice the cost.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable
from typing import Any, Literal

Algorithm = Literal["hmac-sha256", "hmac-sha1", "ed25519", "ecdsa-p256", "token"]
"""`token`: the secret itself stands where a signature would."""
ASYMMETRIC = ("ed25519", "ecdsa-p256")
Spelling = Literal["hex", "base64"]

Sign = Callable[[bytes], bytes]
"""A message to its signature, spelt."""
Check = Callable[[bytes, bytes], bool]
"""Whether a signature, spelt, is a message's; it never raises."""

_HASHES: dict[str, Callable[[bytes], Any]] = {"hmac-sha256": hashlib.sha256, "hmac-sha1": hashlib.sha1}


def signing(algorithm: Algorithm, key: bytes, spelling: Spelling) -> Sign:
    """What signs with a key; of an asymmetric algorithm, its private half (PKCS #8 in DER)."""
    if algorithm == "token":
        return lambda _message: key
    if algorithm in ASYMMETRIC:
        from _hookswarm.protocol import key_pairs

        raw, spell = key_pairs.signing(key), _spell(spelling)
        return lambda message: spell(raw(message))
    return _hmac(_HASHES[algorithm], key, spelling)


def signing_by(algorithm: Algorithm, spelling: Spelling) -> Callable[[bytes, bytes], bytes]:
    """What makes a signature of a key and a message: for many keys that sign little each."""
    if algorithm not in _HASHES:
        return lambda key, message: signing(algorithm, key, spelling)(message)
    new, spell = _HASHES[algorithm], _spell(spelling)

    def sign(key: bytes, message: bytes) -> bytes:
        block = (new(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
        return spell(new(block.translate(_OUTER) + new(block.translate(_INNER) + message).digest()).digest())

    return sign


_INNER, _OUTER = (bytes(byte ^ pad for byte in range(256)) for pad in (0x36, 0x5C))


def checking(algorithm: Algorithm, key: bytes, spelling: Spelling) -> Check:
    """What checks signatures under a key; it takes the time of a right one for a wrong one."""
    if algorithm not in ASYMMETRIC:
        sign, same = signing(algorithm, key, spelling), hmac.compare_digest
        return lambda signature, message: same(sign(message), signature)
    from _hookswarm.protocol import key_pairs

    verify = key_pairs.verifying(key)

    def check(signature: bytes, message: bytes) -> bool:
        try:
            raw = bytes.fromhex(signature.decode()) if spelling == "hex" else base64.b64decode(signature, validate=True)
        except ValueError:
            return False
        return verify(raw, message)

    return check


def _spell(spelling: Spelling) -> Callable[[bytes], bytes]:
    return binascii.hexlify if spelling == "hex" else lambda raw: binascii.b2a_base64(raw, newline=False)


def _hmac(new: Callable[[bytes], Any], key: bytes, spelling: Spelling) -> Sign:
    """RFC 2104."""
    block = (new(key).digest() if len(key) > 64 else key).ljust(64, b"\0")
    inner_start, outer_start = new(block.translate(_INNER)), new(block.translate(_OUTER))
    fresh_inner, fresh_outer = inner_start.copy, outer_start.copy

    def hexadecimal(message: bytes) -> bytes:
        inner, outer = fresh_inner(), fresh_outer()
        inner.update(message)
        outer.update(inner.digest())
        return outer.hexdigest().encode()  # type: ignore[no-any-return]  # hashlib's objects are Any here

    def base_64(message: bytes, spell: Callable[..., bytes] = binascii.b2a_base64) -> bytes:
        inner, outer = fresh_inner(), fresh_outer()
        inner.update(message)
        outer.update(inner.digest())
        return spell(outer.digest(), newline=False)

    return hexadecimal if spelling == "hex" else base_64
