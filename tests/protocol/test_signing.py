"""Dressing and verifying by the table: every provider, both ways."""

import hashlib
import hmac
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from _hookswarm.protocol.forms import make_secret, parse_secret
from _hookswarm.protocol.providers import Provider, load_provider, provider_names
from _hookswarm.protocol.signing import Signer
from _hookswarm.protocol.verifying import Verifier
from tests.support.signed import fields

NAMES = provider_names()
EVENT, NOW_S, URL = b"msg_deadbeef_3_7_5", 1_700_000_000.5, b"http://127.0.0.1:8101/hooks?a=b"
PAYLOAD = b'{"id": "1", "data": {"text": "\xc3\xa4 %7B"}}'
COMPACT = b'{"id":"1","data":{"text":"\xc3\xa4 %7B"}}'


def keys(provider: Provider, count: int = 1) -> list[bytes]:
    assert provider.signature
    form = provider.signature.secret
    return [parse_secret(make_secret(form), form) for _ in range(count)]


def sent(provider: Provider, held: Sequence[bytes]) -> tuple[dict[str, str], bytes]:
    headers, body = Signer(provider, held).dress(EVENT, NOW_S, PAYLOAD, b"1-0-0-0", b"", 7, 5, 2, URL)
    return fields(headers), body


@pytest.mark.parametrize("name", NAMES)
def test_what_is_dressed_is_verified(name: str) -> None:
    """By the same key, and by no other; a timestamp that is looked at is fresh at its time only."""
    provider = load_provider(name)
    one, other = keys(provider, 2)
    headers, body = sent(provider, [one])
    verifier = Verifier(provider, [one])
    assert verifier.verify(headers, body, URL.decode())
    assert not Verifier(provider, [other]).verify(headers, body, URL.decode())
    seen = verifier.seen([headers[header.lower()].encode() for header in verifier.headers])
    assert verifier.is_fresh(seen, NOW_S)
    looked_at = provider.signature is not None and provider.signature.tolerance_s is not None
    assert verifier.is_fresh(seen, NOW_S + 301) is not looked_at


@pytest.mark.parametrize("name", [name for name in NAMES if name not in ("gitlab", "mailgun")])
def test_a_change_of_the_body_is_seen(name: str) -> None:
    """GitLab's token and Mailgun's signature do not cover it; all others' do."""
    provider = load_provider(name)
    held = keys(provider)
    headers, body = sent(provider, held)
    assert not Verifier(provider, held).verify(headers, body.replace(b"1", b"2", 1), URL.decode())


def test_what_is_compacted_is_spelt_as_it_was() -> None:
    """White space between its tokens goes, and nothing else: numbers, escapes, and what looks like them in a text."""
    spelt = b'{ "a" : 1.10,\n\t"b": [1E5, "x \\u00e9 \\" , \\/ \\\\" ] }'
    compact = b'{"a":1.10,"b":[1E5,"x \\u00e9 \\" , \\/ \\\\"]}'
    zoom = load_provider("zoom")
    assert Signer(zoom, keys(zoom)).dress(EVENT, NOW_S, spelt)[1] == compact
    assert Signer(zoom, keys(zoom)).dress(EVENT, NOW_S, b"no JSON  at all")[1] == b"no JSON  at all"


@pytest.mark.parametrize("name", ["twilio", "square", "hubspot"])
def test_another_url_is_seen(name: str) -> None:
    """Where the URL is signed."""
    provider = load_provider(name)
    held = keys(provider)
    assert not Verifier(provider, held).verify(*sent(provider, held), URL.decode() + "c")


@pytest.mark.parametrize("name", [n for n in NAMES if (s := load_provider(n).signature) and s.again])
def test_two_secrets_sign_in_one_header(name: str) -> None:
    """Whoever holds either takes it."""
    provider = load_provider(name)
    held = keys(provider, 2)
    headers, body = sent(provider, held)
    assert [Verifier(provider, [key]).verify(headers, body) for key in held] == [True, True]


@pytest.mark.parametrize("name", [n for n in NAMES if Signer(p := load_provider(n), keys(p)).dress_plainly])
def test_the_fast_way_makes_the_same(name: str) -> None:
    """A provider that needs little is dressed to the same bytes."""
    provider = load_provider(name)
    signer = Signer(provider, keys(provider))
    assert signer.dress_plainly
    fast = signer.dress_plainly(EVENT, NOW_S, PAYLOAD, b"1-0-0-0")
    assert (fast, PAYLOAD) == signer.dress(EVENT, NOW_S, PAYLOAD, b"1-0-0-0")


@pytest.mark.parametrize(
    ("name", "header", "start", "digest", "message"),
    [
        ("bitbucket", "x-hub-signature", "sha256=", "sha256", PAYLOAD),
        ("meta", "x-hub-signature-256", "sha256=", "sha256", PAYLOAD),
        ("intercom", "x-hub-signature", "sha1=", "sha1", PAYLOAD),
        ("outpost", "x-outpost-signature", "v0=", "sha256", PAYLOAD),
        ("convoy", "x-convoy-signature", "t=1700000000,v1=", "sha256", b"1700000000," + COMPACT),
        ("zoom", "x-zm-signature", "v0=", "sha256", b"v0:1700000000:" + COMPACT),
    ],
)  # fmt: skip
def test_as_documented(name: str, header: str, start: str, digest: str, message: bytes) -> None:
    """Providers that have no library: as their documentation says, in other words."""
    provider = load_provider(name)
    headers, _ = sent(provider, [b"a secret"])
    assert headers[header] == start + hmac.new(b"a secret", message, getattr(hashlib, digest)).hexdigest()


def test_the_token_is_the_secret() -> None:
    """GitLab's."""
    assert sent(load_provider("gitlab"), [b"a secret"])[0]["x-gitlab-token"] == "a secret"


@settings(max_examples=40)
@given(st.sampled_from(NAMES), st.binary(), st.binary(), st.binary())
def test_verify_never_raises(name: str, header: bytes, body: bytes, url: bytes) -> None:
    """Any bytes at all are an answer, and a guess is never right."""
    provider = load_provider(name)
    verifier = Verifier(provider, keys(provider))
    assert verifier.is_right(verifier.seen([header] * len(verifier.headers)), body, url) is False


def test_the_time_and_the_type_stand_where_they_belong() -> None:
    """What is made of an event: a UUID that stays over attempts, its type or the provider's, the time in its forms."""
    provider = load_provider("shopify")
    signer = Signer(provider, [b"k"])
    first, again = (
        fields(signer.dress(EVENT, NOW_S + later, PAYLOAD, attempt=attempt, type=kind)[0])
        for later, attempt, kind in ((0, 1, b""), (60, 2, b"orders/paid"))
    )
    assert first["x-shopify-webhook-id"] == again["x-shopify-webhook-id"]
    assert (first["x-shopify-topic"], again["x-shopify-topic"]) == ("orders/create", "orders/paid")
    assert first["x-shopify-triggered-at"] == "2023-11-14T22:13:20Z"
    assert sent(load_provider("linear"), [b"k"])[1].endswith(b',"webhookTimestamp":1700000000500}')


def test_the_head_says_who_sends() -> None:
    """A provider's own User-Agent and content type stand in the place of ours."""
    assert b"User-Agent: GitHub-Hookshot/044aadd\r\n" in Signer(load_provider("github"), [b"k"]).head
    head = Signer(load_provider("twilio"), [b"k"]).head
    assert b"Content-Type: application/x-www-form-urlencoded\r\n" in head


@pytest.mark.parametrize("name", NAMES)
def test_a_key_of_somebodys_own_signs_as_a_signer_of_its_own(name: str) -> None:
    """Plainly and not, whatever the algorithm: an endpoint's deliveries are told from all others' by the key alone."""
    provider = load_provider(name)
    if not provider.signature:
        pytest.skip("it signs nothing")
    ours, theirs = keys(provider, 2)
    plainly, dress = Signer(provider, [ours]).keyed(theirs)
    body = PAYLOAD
    if plainly:
        headers = fields(plainly(EVENT, NOW_S, PAYLOAD, b"1-0-0-0"))
    else:
        block, body = dress(EVENT, NOW_S, PAYLOAD, b"1-0-0-0", b"", 7, 5, 2, URL)
        headers = fields(block)
    url, method = URL.decode(), provider.method
    assert Verifier(provider, [theirs]).verify(headers, body, url, method)
    assert not Verifier(provider, [ours]).verify(headers, body, url, method)
