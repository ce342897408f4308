"""The rotation of a secret: which signatures go out before and after it."""

import pytest

from _hookswarm.protocol.credentials import Secret
from _hookswarm.protocol.forms import make_secret, parse_secret
from _hookswarm.protocol.providers import load_provider, provider_names
from _hookswarm.protocol.rotation import RotatingSigner, signers
from _hookswarm.protocol.verifying import Verifier
from tests.support.signed import fields

URL, AT_S = b"http://127.0.0.1:8101/hooks", 1_700_000_000.0


def secret_of(name: str, where: str) -> Secret:
    signature = load_provider(name).signature
    assert signature
    return Secret(parse_secret(make_secret(signature.secret), signature.secret), where, signature.secret, False)


@pytest.mark.parametrize("name", provider_names())
def test_the_old_secret_ends_at_its_instant(name: str) -> None:
    """Until then it verifies, from then on the new one alone; before, both do where the format has room for that."""
    provider = load_provider(name)
    held = [secret_of(name, "$A"), secret_of(name, "$B")]
    first, then = signers(provider, held, rotates=True)
    assert then
    signer = RotatingSigner(first, then, AT_S)

    def verified(now_s: float) -> list[bool]:
        """By the old secret alone, and by the new one alone."""
        headers, body = signer.dress(b"msg_deadbeef_3_7_5", now_s, b'{"a": 1}', b"1-0-0-0", b"", 7, 5, 1, URL)
        return [Verifier(provider, [one.key]).verify(fields(headers), body, URL.decode()) for one in held]

    assert verified(AT_S - 0.001) == [True, bool(provider.signature and provider.signature.again)]
    assert verified(AT_S) == [False, True]


def test_what_is_dressed_plainly_rotates_too() -> None:
    """The fast way and the other one say the same, on both sides of the instant."""
    provider = load_provider("standard-webhooks")
    first, then = signers(provider, [secret_of(provider.name, "$A"), secret_of(provider.name, "$B")], rotates=True)
    assert then
    signer = RotatingSigner(first, then, AT_S)
    assert signer.dress_plainly
    said = [signer.dress_plainly(b"msg", now_s, b"{}", b"1-0-0-0") for now_s in (AT_S - 1, AT_S)]
    assert said == [signer.dress(b"msg", now_s, b"{}", b"1-0-0-0")[0] for now_s in (AT_S - 1, AT_S)]
    assert [text.count(b"v1,") for text in said] == [2, 1]
