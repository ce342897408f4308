"""Key pairs, for providers that sign with a private key: Ed25519, and ECDSA over P-256 with SHA-256."""

import base64
from collections.abc import Callable

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.hashes import SHA256

_DER = serialization.Encoding.DER
_ECDSA = ec.ECDSA(SHA256())


def make_private(algorithm: str) -> bytes:
    """A new private key, PKCS #8 in DER."""
    key = ed25519.Ed25519PrivateKey.generate() if algorithm == "ed25519" else ec.generate_private_key(ec.SECP256R1())
    return _dump(key)


def private_der(text: bytes, algorithm: str) -> bytes:
    """A private key, of PEM or DER, as PKCS #8 in DER. Raises ValueError if it is none of that algorithm."""
    try:
        load = serialization.load_pem_private_key if text.startswith(b"-----") else serialization.load_der_private_key
        key = load(text, None)
    except TypeError:
        raise ValueError("locked by a password") from None
    if algorithm == "ed25519" and isinstance(key, ed25519.Ed25519PrivateKey):
        return _dump(key)
    on_curve = isinstance(key, ec.EllipticCurvePrivateKey) and isinstance(key.curve, ec.SECP256R1)
    if algorithm == "ecdsa-p256" and isinstance(key, ec.EllipticCurvePrivateKey) and on_curve:
        return _dump(key)
    raise ValueError(f"no private key of {algorithm}")


def _dump(key: ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(_DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def _load(private: bytes) -> ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey:
    key = serialization.load_der_private_key(private, None)
    assert isinstance(key, ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey)
    return key


def signing(private: bytes) -> Callable[[bytes], bytes]:
    """What signs a message; ECDSA's signatures are in DER."""
    key = _load(private)
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign
    return lambda message: key.sign(message, _ECDSA)


def verifying(private: bytes) -> Callable[[bytes, bytes], bool]:
    """What tells whether a signature is a message's: by the public half alone."""
    public = _load(private).public_key()

    def verify(signature: bytes, message: bytes) -> bool:
        try:
            if isinstance(public, ed25519.Ed25519PublicKey):
                public.verify(signature, message)
            else:
                public.verify(signature, message, _ECDSA)
        except InvalidSignature:
            return False
        return True

    return verify


def public_text(private: bytes, spelling: str) -> str:
    """The public half as receivers take it: `hex` (raw), `base64` (SubjectPublicKeyInfo) or `pem`."""
    public = _load(private).public_key()
    if spelling == "hex":
        raw = serialization.Encoding.Raw, serialization.PublicFormat.Raw
        return public.public_bytes(*raw).hex()
    info = serialization.PublicFormat.SubjectPublicKeyInfo
    if spelling == "pem":
        return public.public_bytes(serialization.Encoding.PEM, info).decode().strip()
    return base64.b64encode(public.public_bytes(_DER, info)).decode()
