"""A signature that does not verify: the mend that is named makes it verify."""

import base64
import hmac
import json
import re
from datetime import date

import pytest

from _hookswarm.protocol.forms import Form, make_secret, parse_secret
from _hookswarm.protocol.mending import SIGNED, likeliest_mend
from _hookswarm.protocol.providers import Provider, Signature, load_provider
from _hookswarm.protocol.signing import Signer
from _hookswarm.protocol.verifying import Verifier

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
BODY = b'{"a": 1, "b": "x"}'
NOW = 1_790_000_000
STANDARD = load_provider("standard-webhooks")


def provider(**signature: str) -> Provider:
    told = {"algorithm": "hmac-sha256", "header": "X-Sig", "secret": "text"} | signature
    return Provider(name="a", source="a", as_of=date(2026, 1, 1), signature=Signature.model_validate(told))


def made(key: bytes, message: bytes) -> str:
    return hmac.digest(key, message, "sha256").hex()


def test_a_secret_in_another_form_is_found() -> None:
    """The whole text is the key, and the table says base64 after a prefix."""
    mend = likeliest_mend(provider(secret="whsec"), SECRET, {"x-sig": made(SECRET.encode(), BODY)}, BODY, NOW)
    assert mend == 'it does with secret = "text" in [delivers.signature]'


def test_another_header_and_another_spelling_are_found() -> None:
    """Both at once, each named."""
    text = base64.b64encode(hmac.digest(SECRET.encode(), BODY, "sha256")).decode()
    mend = likeliest_mend(provider(), SECRET, {"x-other": f"v1={text}"}, BODY, NOW)
    assert (
        mend == 'it does with spelling = "base64", header = "x-other", value = "v1={signature}" in [delivers.signature]'
    )


@pytest.mark.parametrize(
    ("signed", "message"),
    [
        ("{timestamp}.{body}", b"%d.%b" % (NOW, BODY)),
        ("{timestamp},{compact_body}", b'%d,{"a":1,"b":"x"}' % NOW),
        ("{compact_body}", b'{"a":1,"b":"x"}'),
    ],
)
def test_what_is_signed_is_found(signed: str, message: bytes) -> None:
    """With the time of a header, and the body without its white space."""
    headers = {"x-sig": made(SECRET.encode(), message), "x-time": str(NOW)}
    mend = likeliest_mend(provider(), SECRET, headers, BODY, NOW)
    assert mend.startswith(f'it does with signed = "{signed}" in [delivers.signature]')
    assert mend.endswith(' and x-time = "{timestamp}" in [delivers.headers]') == ("{timestamp}" in signed)


def test_the_rest_of_its_header_is_found() -> None:
    """All is right but what stands around the signature."""
    headers = {"x-sig": f"t={NOW},v1={made(SECRET.encode(), b'%d.%b' % (NOW, BODY))}"}
    mend = likeliest_mend(provider(signed="{timestamp}.{body}"), SECRET, headers, BODY, NOW)
    assert mend == 'it does with value = "t={timestamp},v1={signature}" in [delivers.signature]'


@pytest.mark.parametrize(
    ("beside", "separator"), [("v0=0123,{}", ","), ("{} v1=4567", " "), ("t={time};{};v0=1", ";"), ("{}, v0=0", ",")]
)
def test_what_stands_beside_the_signature_is_passed_over(beside: str, separator: str) -> None:
    """It is another at each attempt: written into `value` it would verify this request, and no other."""
    for at in (NOW, NOW + 1):
        made_now = made(SECRET.encode(), b"%d.%b" % (at, BODY) if "{time}" in beside else BODY)
        headers = {"x-sig": beside.format(f"v1={made_now}", time=at).replace("0123", made(b"old", BODY))}
        mend = likeliest_mend(provider(), SECRET, headers, BODY, at)
        assert f"separator = {json.dumps(separator)}" in mend
        mended = provider(**{name: json.loads(text) for name, text in re.findall(r'(\w+) = ("[^"]*")', mend)})
        assert not [*mended.problems()]
        later = {"x-sig": headers["x-sig"].replace("v0=", "v0=8")}
        assert Verifier(mended, [SECRET.encode()]).verify(later, BODY), mend


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("2026-09-21T14:13:20Z", "timestamp_iso"),
        ("2026-09-21T14:13:20.123+00:00", "timestamp_iso"),
        (f"{NOW}000", "timestamp_ms"),
        (str(NOW), "timestamp"),
    ],
)
@pytest.mark.parametrize("within", [False, True])
def test_a_time_is_called_what_it_is(sent: str, name: str, within: bool) -> None:
    """So that it can be held against the clock as well, in a header of its own and within the signature's."""
    text = made(SECRET.encode(), f"{sent}.".encode() + BODY)
    headers = {"x-sig": f"t={sent},v1={text}"} if within else {"x-sig": text, "x-time": sent}
    mend = likeliest_mend(provider(), SECRET, headers, BODY, NOW)
    told = {key: json.loads(one) for key, one in re.findall(r'([\w-]+) = ("[^"]*")', mend)}
    assert told["signed"] == f"{{{name}}}.{{body}}"
    others = {key: told.pop(key) for key in ("x-time",) if key in told}
    mended = provider(**told).model_copy(update={"headers": others})
    assert mended.signature
    mended = mended.model_copy(update={"signature": mended.signature.model_copy(update={"tolerance_s": 300})})
    verifier = Verifier(mended, [SECRET.encode()])
    assert verifier.verify(headers, BODY), mend
    assert verifier.is_fresh(verifier.seen([headers[one.lower()].encode() for one in verifier.headers]), NOW), mend


def test_a_header_that_did_not_come_is_named() -> None:
    """With those that look like it."""
    mend = likeliest_mend(provider(), SECRET, {"x-hub-signature": "0" * 64}, BODY, NOW)
    assert mend.startswith("no header X-Sig came; these did: x-hub-signature: ")


def test_a_clock_that_is_off_is_told() -> None:
    """The signature is right, of a time long ago."""
    key = bytes(range(32))
    text = base64.b64encode(hmac.digest(key, b"e.%d.%b" % (NOW - 4000, BODY), "sha256")).decode()
    headers = {"webhook-id": "e", "webhook-timestamp": str(NOW - 4000), "webhook-signature": f"v1,{text}"}
    assert "is not within 300 s of ours" in likeliest_mend(STANDARD, SECRET, headers, BODY, NOW)


def test_another_secret_is_told_and_none_is_shown() -> None:
    """Nothing makes it: then the secret is the likeliest."""
    mend = likeliest_mend(provider(), SECRET, {"x-sig": made(b"another", BODY)}, BODY, NOW)
    assert mend.startswith("no usual way of signing makes it of this secret")
    assert SECRET not in mend


def test_a_provider_that_is_shipped_is_named() -> None:
    """Where it signs as one of them, that is all to write."""
    text = base64.b64encode(hmac.digest(bytes(range(32)), b"e.%d.%b" % (NOW, BODY), "sha256")).decode()
    headers = {"webhook-id": "e", "webhook-timestamp": str(NOW), "webhook-signature": f"v1,{text}"}
    mend = likeliest_mend(provider(), SECRET, headers, BODY, NOW)
    assert mend == 'it does with delivers = "standard-webhooks"'


@pytest.mark.parametrize("form", ["text", "whsec", "hex"])
@pytest.mark.parametrize("signed", SIGNED)
@pytest.mark.parametrize("value", ["{signature}", "v1,{signature}", "t={timestamp},v1={signature}"])
def test_what_is_written_as_it_says_verifies(form: Form, signed: str, value: str) -> None:
    """Whatever of the usual ways it is, and whatever the table said before."""
    secret = make_secret(form)
    names = {"x-time": "{timestamp}", "x-event-id": "{id}"}
    right = provider(signed=signed, secret=form, value=value, header="x-right").model_copy(update={"headers": names})
    lines, body = Signer(right, [parse_secret(secret, form)]).dress(b"msg_1", NOW, BODY)
    headers = dict(line.split(": ", 1) for line in lines.decode().splitlines())
    headers = {name.lower(): text for name, text in headers.items()}
    mend = likeliest_mend(provider(), secret, headers, body, NOW)
    told = dict(re.findall(r'([\w-]+) = ("[^"]*")', mend))
    fields = {name: json.loads(text) for name, text in told.items() if name in Signature.model_fields}
    others = {name: json.loads(text) for name, text in told.items() if name not in fields}
    mended = provider(**fields).model_copy(update={"headers": others})
    form_now = mended.signature.secret if mended.signature else "text"
    assert Verifier(mended, [parse_secret(secret, form_now)]).verify(headers, body), mend
