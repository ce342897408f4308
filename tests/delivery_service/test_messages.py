"""The bytes that are delivered."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook

from tests.support.delivery_service.messages import corrupted, enveloped, key_of, members, rewritten, signed

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def test_a_value_keeps_its_bytes() -> None:
    """White space, number forms and escapes inside it, whatever stands around it."""
    payload = b'{ "b" : 1e2,"a":-0.0, "\\u00e9":"\xc3\xa9 \\u003c" }'
    body = b' {"id" : "e-1",\n "payload":' + payload + b' , "type":"t"} '
    told = members(body)
    assert told["payload"] == (json.loads(payload), payload)
    assert (told["id"], told["type"]) == (("e-1", b'"e-1"'), ("t", b'"t"'))
    assert members(b"{}") == {}


@given(st.dictionaries(st.text(alphabet=st.characters(codec="utf-8")), JSON), st.sampled_from([None, 2]))
def test_it_reads_what_json_reads(value: dict[str, object], indent: int | None) -> None:
    """Every object, however it is set."""
    body = json.dumps(value, indent=indent).encode()
    told = members(body)
    assert {name: each for name, (each, _) in told.items()} == json.loads(body)
    assert all(json.loads(raw) == each for each, raw in told.values())


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"a":1,}', b'{"a" 1}', b'{"a":1} x', b"{1:2}", b'{"a":', b"\xff"])
def test_what_is_no_object_is_refused(body: bytes) -> None:
    """With a ValueError, which the API answers 422."""
    with pytest.raises(ValueError):
        members(body)


def test_rewriting_keeps_the_value_and_not_the_bytes() -> None:
    """Names sorted, numbers and white space as Python has them."""
    assert rewritten(b'{"b":1e2,"a":"\xc3\xa9"}') == b'{"a": "\\u00e9", "b": 100.0}'


def test_an_envelope_holds_the_payload_as_it_is() -> None:
    """Beside the type and the time."""
    at = datetime(2026, 11, 29, 12, tzinfo=UTC).timestamp()
    expected = b'{"type":"a.b","timestamp":"2026-11-29T12:00:00.000+00:00","data":{ "x": 1e2 }}'
    assert enveloped(b'{ "x": 1e2 }', "a.b", at) == expected


@pytest.mark.parametrize("body", [b'{"id":"e-77","n":12}', b'{"n":7,"id":"e-77"}', b'"e-77"', b"{}"])
def test_corruption_changes_one_byte_and_not_the_id(body: bytes) -> None:
    """So that a receiver still knows which event it was."""
    changed = corrupted(body, b"e-77")
    assert len(changed) == len(body)
    assert sum(ours != theirs for ours, theirs in zip(changed, body, strict=True)) == 1
    assert (b"e-77" in changed) == (b"e-77" in body)


@pytest.mark.parametrize("secret", [SECRET, "whsec_" + "AA" * 40 + "AA=="])
def test_signatures_are_those_of_standard_webhooks(secret: str) -> None:
    """Its own library verifies them."""
    now = int(datetime.now(UTC).timestamp())
    lines = signed(key_of(secret), b"e-1", now, b'{"a":1}').decode().splitlines()
    headers = dict(line.split(": ") for line in lines)
    assert Webhook(secret).verify(b'{"a":1}', headers) == {"a": 1}


def test_a_secret_is_base64_after_its_prefix_or_text() -> None:
    """What claims to be base64 must be."""
    assert key_of("plain") == b"plain"
    with pytest.raises(ValueError, match="base64"):
        key_of("whsec_!")
