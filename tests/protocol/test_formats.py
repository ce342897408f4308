"""What a provider can send that is not JSON, and as what."""

import pytest

from _hookswarm.protocol.formats import Format, misfit
from _hookswarm.protocol.providers import Provider, load_provider
from _hookswarm.protocol.signing import Signer
from _hookswarm.protocol.verifying import Verifier
from tests.support.signed import fields

FORM_JSON = Provider.model_validate(
    {"name": "own", "source": "here", "as_of": "2026-11-29", "content": "form-json", "field": "payload"}
)
URL = b"http://127.0.0.1/hooks"


@pytest.mark.parametrize(
    ("provider", "written_in", "said"),
    [
        ("twilio", "form", ""),
        ("twilio", "text", "twilio sends forms, and these are text"),
        ("github", "xml", ""),
        ("github", "form", ""),
        ("stripe", "form", "stripe says application/json; charset=utf-8, and these are forms"),
        ("sendgrid", "xml", "sendgrid puts each into JSON, and these are XML"),
        ("mailgun", "json", ""),
    ],
)
def test_what_would_break_is_refused(provider: str, written_in: Format, said: str) -> None:
    """With what it is, and what to give."""
    fault = misfit(load_provider(provider), written_in)
    assert fault.startswith(said)
    assert bool(fault) == bool(said) == (": give JSON" in fault)


@pytest.mark.parametrize(
    ("written_in", "kind"),
    [
        ("json", b"application/json"),
        ("form", b"application/x-www-form-urlencoded"),
        ("xml", b"application/xml"),
        ("text", b"text/plain; charset=utf-8"),
    ],
)
def test_a_body_goes_out_as_what_it_is(written_in: Format, kind: bytes) -> None:
    """To the byte, and under its own content type."""
    signer = Signer(load_provider("github"), [b"k"], written_in=written_in)
    assert b"Content-Type: " + kind + b"\r\n" in signer.head
    assert signer.dress(b"msg", 1.0, b" a=1 <b> ")[1] == b" a=1 <b> "


@pytest.mark.parametrize("payload", [b"From=%2B1&Body=two+words", b"123", b"null=1"])
def test_a_form_stays_one(payload: bytes) -> None:
    """Where the provider makes forms of JSON, too; and its fields are signed as if it had."""
    for provider in (load_provider("twilio"), FORM_JSON):
        signer = Signer(provider, [b"k"] if provider.signature else [], written_in="form")
        headers, body = signer.dress(b"msg", 1.0, payload, url=URL)
        assert body == payload
        assert b"Content-Type: application/x-www-form-urlencoded\r\n" in signer.head
        if provider.signature:
            assert Verifier(provider, [b"k"]).verify(fields(headers), body, URL.decode())


def test_a_content_type_of_the_provider_stays() -> None:
    """What its table says is sent, whatever the payload is."""
    own = FORM_JSON.model_copy(update={"content": "json", "field": "", "headers": {"Content-Type": "text/csv"}})
    assert misfit(own, "text") == ""
    assert b"Content-Type: text/csv\r\n" in Signer(own, [], written_in="text").head
