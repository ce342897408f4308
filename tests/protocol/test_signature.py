"""Standard Webhooks signatures, against the specification's vector and its reference library."""

import base64
import hmac
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from _hookswarm.common.errors import ConfigError
from _hookswarm.protocol.forms import parse_secret
from _hookswarm.protocol.signature import Algorithm, signing_by
from _hookswarm.protocol.verifying import MAX_SIGNATURES, TOLERANCE_S, is_fresh
from tests.support.receivers import KEY, SECRET
from tests.support.signed import sign, verify

ID, TIME, BODY = b"msg_p5jXN8AQM9LWM0D4loKWxJek", b"1614265330", b'{"test": 2432232314}'
VECTOR = b"v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
"""The signature that Standard Webhooks publishes for them, under `SECRET`."""


def test_the_published_vector() -> None:
    """We sign what the specification's example signs, and accept it."""
    assert sign(KEY, ID, TIME, BODY) == VECTOR
    assert verify(KEY, ID, TIME, BODY, VECTOR)


@given(st.binary(min_size=24, max_size=64), st.integers(1, 1 << 40), st.text())
def test_the_reference_library_signs_the_same(key: bytes, second: int, body: str) -> None:
    """Our signature is the reference library's, whatever key, time and body."""
    timestamp = datetime.fromtimestamp(second % 4_000_000_000, UTC)
    theirs = Webhook(key).sign("msg_1", timestamp, body)
    assert sign(key, b"msg_1", b"%d" % timestamp.timestamp(), body.encode()) == theirs.encode()


def test_the_reference_library_accepts_ours() -> None:
    """A receiver built on the reference library takes our webhooks, and refuses a changed body."""
    now = b"%d" % datetime.now(UTC).timestamp()
    headers = {"webhook-id": "msg_1", "webhook-timestamp": now.decode()}
    headers["webhook-signature"] = sign(KEY, b"msg_1", now, BODY).decode()
    assert Webhook(SECRET).verify(BODY, headers) == {"test": 2432232314}
    with pytest.raises(WebhookVerificationError):
        Webhook(SECRET).verify(BODY + b" ", headers)


@given(st.binary(), st.binary(), st.binary(), st.binary(), st.binary())
def test_verify_never_raises(key: bytes, event_id: bytes, timestamp: bytes, body: bytes, signatures: bytes) -> None:
    """Any bytes at all are an answer, and a guess is never right."""
    assert verify(key, event_id, timestamp, body, signatures) is False


@given(st.lists(st.binary(), max_size=MAX_SIGNATURES - 1), st.lists(st.binary()))
def test_one_right_signature_among_wrong_ones(before: list[bytes], after: list[bytes]) -> None:
    """Rotation sends several signatures: one right one is enough, wherever the junk around it."""
    junk = [part.replace(b" ", b"") for part in before]
    assert verify(KEY, ID, TIME, BODY, b" ".join([*junk, VECTOR, *after]))


def test_only_the_first_signatures_are_looked_at() -> None:
    """A header of a thousand signatures costs no more than eight."""
    assert not verify(KEY, ID, TIME, BODY, b" ".join([b"v1,x"] * MAX_SIGNATURES + [VECTOR]))


@pytest.mark.parametrize(
    ("event_id", "timestamp", "body", "signature"),
    [
        (b"msg_other", TIME, BODY, VECTOR),
        (ID, b"1614265331", BODY, VECTOR),
        (ID, TIME, BODY + b" ", VECTOR),
        (ID, TIME, BODY, VECTOR[3:]),
        (ID, TIME, BODY, b"v1a" + VECTOR[2:]),
        (ID, TIME, BODY, VECTOR[:-1]),
        (ID, TIME, BODY, b""),
    ],
)
def test_a_change_anywhere_is_seen(event_id: bytes, timestamp: bytes, body: bytes, signature: bytes) -> None:
    """Id, time, body and signature are each covered."""
    assert not verify(KEY, event_id, timestamp, body, signature)


def test_another_secret_does_not_verify() -> None:
    """The signature depends on the key."""
    assert not verify(bytes(32), ID, TIME, BODY, VECTOR)


@pytest.mark.parametrize(("size", "good"), [(23, False), (24, True), (64, True), (65, False)])
def test_a_secret_has_24_to_64_bytes(size: int, good: bool) -> None:
    """The specification's bounds hold, and hold exactly."""
    secret = "whsec_" + base64.b64encode(bytes(size)).decode()
    if good:
        assert parse_secret(secret) == bytes(size)
    else:
        with pytest.raises(ConfigError, match="24 to 64"):
            parse_secret(secret)


@pytest.mark.parametrize("text", ["whsec_not base64!", "whsec_geheim-müßig", "whsec_AAAA=A", "\x00", "whsec_\ud800"])
def test_a_malformed_secret_is_not_repeated(text: str) -> None:
    """The message says what is wrong and keeps the secret to itself."""
    with pytest.raises(ConfigError) as caught:
        parse_secret(text)
    assert text.removeprefix("whsec_") not in str(caught.value)


@given(st.text())
def test_any_text_is_a_secret_or_a_config_error(text: str) -> None:
    """No text makes the secret's parser fail in another way."""
    try:
        assert 24 <= len(parse_secret(text)) <= 64
    except ConfigError:
        pass


@pytest.mark.parametrize(
    ("timestamp", "fresh"),
    [
        ("1000", True),
        (str(1000 - TOLERANCE_S), True),
        (str(1000 + TOLERANCE_S), True),
        (str(1000 - TOLERANCE_S - 1), False),
        (str(1000 + TOLERANCE_S + 1), False),
        ("1000.0", False),
        (" 1000", False),
        ("+1000", False),
        ("-1000", False),
        ("1_000", False),
        ("\u0661\u0660\u0660\u0660", False),
        ("", False),
        ("9" * 5000, False),
    ],
)
def test_a_timestamp_is_a_plain_recent_integer(timestamp: str, fresh: bool) -> None:
    """Five minutes either way, in plain digits only."""
    assert is_fresh(timestamp, 1000.0) is fresh


@given(st.text(), st.floats(0, 4e9))
def test_freshness_never_raises(timestamp: str, now_s: float) -> None:
    """Any text at all is fresh or is not."""
    assert is_fresh(timestamp, now_s) in (True, False)


@pytest.mark.parametrize("length", [0, 1, 63, 64, 65, 200])
def test_a_key_that_signs_once_signs_the_same(length: int) -> None:
    """As RFC 2104 has it, for keys of any length."""
    key = bytes(range(length))
    algorithms: tuple[Algorithm, ...] = ("hmac-sha256", "hmac-sha1")
    for algorithm in algorithms:
        once = signing_by(algorithm, "hex")
        assert once(key, b"message").decode() == hmac.new(key, b"message", algorithm.removeprefix("hmac-")).hexdigest()
        assert base64.b64decode(signing_by(algorithm, "base64")(key, b"m")).hex() == once(key, b"m").decode()
