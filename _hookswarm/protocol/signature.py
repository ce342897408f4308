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


def signing_once(algorithm: Algorithm, key: bytes, spelling: Spelling) -> Sign:
    """The same, sooner made and slower: for a key that signs little."""
    if algorithm not in _HASHES or len(key) > 64:
        return signing(algorithm, key, spelling)
    new, block = _HASHES[algorithm], key.ljust(64, b"\0")
    inner, outer = block.translate(_INNER), block.translate(_OUTER)
    if spelling == "hex":
        return lambda message: new(outer + new(inner + message).digest()).hexdigest().encode()
    return lambda message: binascii.b2a_base64(new(outer + new(inner + message).digest()).digest(), newline=False)


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
