"""Secrets in the forms that providers hand out."""

import base64
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from _hookswarm.common.errors import ConfigError
from _hookswarm.protocol.forms import Form, make_secret, parse_secret

RAW = bytes(range(230, 256))


@pytest.mark.parametrize(
    ("form", "text", "key"),
    [
        ("text", "whsec_abc", b"whsec_abc"),
        ("text", " padded\n", b"padded"),
        ("hex", RAW.hex().upper(), RAW),
        ("base64", base64.b64encode(RAW).decode(), RAW),
        ("base64", base64.b64encode(RAW).decode().rstrip("="), RAW),
        ("base64url", base64.urlsafe_b64encode(RAW).decode().rstrip("="), RAW),
        ("whsec", "whsec_" + base64.b64encode(RAW).decode(), RAW),
    ],
)
def test_the_key_of_a_secret(form: Form, text: str, key: bytes) -> None:
    """Stripe's `whsec_` is text, Standard Webhooks' is base64; padding may be left out."""
    assert parse_secret(text, form) == key


@pytest.mark.parametrize("form", get_args(Form))
def test_what_is_made_up_has_the_form(form: Form) -> None:
    """And is another one each time."""
    one, other = make_secret(form), make_secret(form)
    assert one != other
    assert parse_secret(one, form) != parse_secret(other, form)


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("text", "two\nlines"), ("text", ""), ("hex", "zz-zz"), ("base64", "a!b"), ("base64url", "a+b/"),
        ("ed25519", "AAAA"), ("ecdsa-p256", "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----"),
    ],
)  # fmt: skip
def test_another_form_is_a_fault_that_keeps_the_secret(form: Form, text: str) -> None:
    """The message says what it should have been."""
    with pytest.raises(ConfigError, match="the signing secret is") as caught:
        parse_secret(text, form)
    assert not text or text not in str(caught.value)


def test_a_key_of_another_curve_is_refused() -> None:
    """Each asymmetric form takes its own keys only."""
    with pytest.raises(ConfigError, match="Ed25519"):
        parse_secret(make_secret("ecdsa-p256"), "ed25519")


@given(st.sampled_from(get_args(Form)), st.text())
def test_any_text_is_a_secret_or_a_config_error(form: Form, text: str) -> None:
    """No text makes the parser fail in another way."""
    try:
        assert parse_secret(text, form)
    except ConfigError:
        pass
