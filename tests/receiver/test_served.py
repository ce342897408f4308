"""What arrives from a delivery service: whose it is, and what became of it on its way. Nothing is refused."""

import hmac
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from _hookswarm.common.errors import ConfigError
from _hookswarm.protocol.forms import make_secret, parse_secret
from _hookswarm.protocol.identity import EventId, format_event_id
from _hookswarm.protocol.marks import mark, mark_after_id
from _hookswarm.protocol.providers import Provider, load_provider
from _hookswarm.protocol.served import Served, endpoint_of, endpoint_path
from _hookswarm.protocol.signing import Signer
from _hookswarm.receiver.served import Delivered, ServedEndpoints
from _hookswarm.records.rows import Flag
from tests.support.rig import environ
from tests.support.signed import fields

EVENT = EventId(7, 1, 2, 3)
PAYLOAD = mark(format_event_id(EVENT), mark_after_id(b'{"a": [1, 2]}'))
PLAIN = Provider.model_validate({"name": "plain", "source": "x", "as_of": "2026-11-29"})
SECRETS = tuple(make_secret("whsec") for _ in range(3))
NOW_S = 1_800_000_000
SERVED = int(Flag.SERVED)


def read(
    body: bytes = PAYLOAD,
    path: str = "/endpoints/2",
    headers: dict[str, str] | None = None,
    method: str = "POST",
    served: Served | None = None,
    more: dict[str, str] | None = None,
) -> Delivered:
    asked = environ(headers or {}, body, {"PATH_INFO": path, "REQUEST_METHOD": method, **(more or {})})
    return ServedEndpoints(served or Served(provider=PLAIN)).read(asked, body, NOW_S * 1_000_000_000)


def signed(
    endpoint: int = 2, at_s: float = NOW_S, name: str = "standard-webhooks", body: bytes = PAYLOAD
) -> dict[str, str]:
    """Headers as a service signs what it delivers to an endpoint."""
    provider = load_provider(name)
    key = parse_secret(SECRETS[endpoint], "whsec") if name == "standard-webhooks" else SECRETS[endpoint].encode()
    lines, _ = Signer(provider, [key]).dress(b"its-own-id", at_s, body)
    return fields(lines)


def test_a_delivery_is_known_by_its_mark_and_its_path() -> None:
    """The event of the body, the endpoint of the path."""
    assert read() == Delivered(EVENT, 2, 0, SERVED, False, True)
    assert read(path="/hooks/endpoints/17").endpoint == 17
    assert read(path="/endpoints/x").endpoint is None


@pytest.mark.parametrize(
    ("body", "flags"),
    [
        (b'{"data": ' + PAYLOAD + b"}", 0),
        (json.dumps({"data": PAYLOAD.decode()}).encode(), 0),
        (json.dumps(json.loads(PAYLOAD), indent=2).encode(), Flag.REWRITTEN),
        (PAYLOAD.replace(b"[1", b"[9"), Flag.CORRUPT),
        (PAYLOAD[:-3], Flag.CORRUPT),
        (b'{"labels": {"id": "' + format_event_id(EVENT) + b'"}}', Flag.VALUELESS),
        (PAYLOAD[:40], Flag.VALUELESS),
        (PAYLOAD.replace(b'":[1', b"[1").replace(b".", b"?", 1), Flag.VALUELESS),
    ],
)
def test_what_became_of_the_payload_is_flagged(body: bytes, flags: int) -> None:
    """Kept in whatever envelope; rewritten; another value; where only its id arrives, that is told."""
    assert read(body) == Delivered(EVENT, 2, 0, SERVED | flags, False, True)


@pytest.mark.parametrize(("method", "body"), [("GET", b""), ("GET", PAYLOAD), ("POST", b"")])
def test_one_without_a_body_is_flagged_and_known_by_a_header(method: str, body: bytes) -> None:
    """A redirect that became a GET: its headers may hold the id, and it is not expected to verify."""
    headers = {"X-Event-Id": format_event_id(EVENT).decode()}
    served = Served(provider=load_provider(), secrets=SECRETS)
    path = "/redirected/endpoints/2"
    assert read(body, path, headers, method, served) == Delivered(
        EVENT, 2, 0, SERVED | Flag.BODILESS | Flag.REDIRECTED, True, False
    )
    assert read(body, path, {}, method, served).event is None


@pytest.mark.parametrize("body", [b"{}", b"{", PAYLOAD[:20], PAYLOAD[: len('{"hookswarm":"msg_00000007_1_2_3')]])
def test_a_body_that_lost_its_event_is_known_by_a_header(body: bytes) -> None:
    """Cut off before its id ended, or emptied: nothing of its value came."""
    told = read(body, headers={"webhook-id": format_event_id(EVENT).decode()})
    assert told == Delivered(EVENT, 2, 0, SERVED | Flag.VALUELESS, False, True)
    assert read(body).event is None


def test_what_is_not_ours_has_no_event() -> None:
    """It is told of, and not lost."""
    assert read(b'{"a": 1}') == Delivered(None, 2, 0, SERVED, False, False)


def test_each_endpoint_has_its_secret() -> None:
    """Another one's does not verify; the time that it is signed with is kept."""
    served = Served(provider=load_provider(), secrets=SECRETS)
    right = read(headers=signed(2), served=served)
    assert (right.flags, right.signed_ns) == (SERVED, NOW_S * 1_000_000_000)
    assert read(headers=signed(1), served=served).flags == SERVED | Flag.UNVERIFIED
    assert read(headers={}, served=served).flags == SERVED | Flag.UNVERIFIED
    assert read(headers=signed(2, NOW_S - 400), served=served).flags == SERVED | Flag.UNVERIFIED
    shared = Served(provider=load_provider(), secrets=SECRETS[:1])
    assert read(headers=signed(0), path="/endpoints/9", served=shared).flags == SERVED


def test_headers_that_a_signature_lists_are_looked_at() -> None:
    """Whichever they are, `Content-Type` among them."""
    served = Served(provider=load_provider("hook0"), secrets=SECRETS)
    headers = signed(2, name="hook0")
    assert read(headers=headers, served=served).flags == SERVED
    assert read(headers={**headers, "x-event-type": "other"}, served=served).flags == SERVED | Flag.UNVERIFIED
    message = b"%d.content-type.application/json.%b" % (NOW_S, PAYLOAD)
    text = f"t={NOW_S},h=content-type,v1={hmac.digest(SECRETS[2].encode(), message, 'sha256').hex()}"
    more = {"CONTENT_TYPE": "application/json"}
    assert read(headers={"x-hook0-signature": text}, served=served, more=more).flags == SERVED
    assert read(headers={"x-hook0-signature": text}, served=served, more={"CONTENT_TYPE": "text/plain"}).flags != SERVED


def test_a_secret_of_another_form_is_told_before_anything_arrives() -> None:
    """To whoever tells the receiver of the service."""
    with pytest.raises(ConfigError, match="signing secret"):
        ServedEndpoints(Served(provider=load_provider(), secrets=("whsec_!",)))


def test_tries_are_counted_by_event_and_endpoint() -> None:
    """While faults are played: the first one fails, the second is taken."""
    endpoints = ServedEndpoints(Served(provider=PLAIN))
    one, other = read(), read(path="/endpoints/3")
    assert [endpoints.tried(one), endpoints.tried(one), endpoints.tried(other), endpoints.tried(one)] == [1, 2, 1, 3]
    assert endpoints.tried(read(b"{}")) == 0


@given(st.binary(max_size=300), st.text(alphabet="/endpoints0123", max_size=20))
def test_no_body_and_no_path_is_refused(body: bytes, path: str) -> None:
    """Whatever a service sends."""
    assert read(body, path).flags & SERVED


@given(st.integers(0, 999_999_999))
def test_a_path_names_its_endpoint(number: int) -> None:
    """Behind whatever a proxy puts before it."""
    assert endpoint_of(endpoint_path(number)) == number
    assert endpoint_of(f"/x/y{endpoint_path(number)}") == number


def test_what_is_awaited() -> None:
    """An event of this run with a body, at an endpoint that gets it: its own, or one of its group."""
    assert read().awaited
    assert not read(path="/endpoints/3").awaited
    assert read(path="/endpoints/3", served=Served(provider=PLAIN, shared=4)).awaited
    assert not read(path="/endpoints/4", served=Served(provider=PLAIN, shared=4)).awaited
    assert not read(b"", method="GET", headers={"webhook-id": format_event_id(EVENT).decode()}).awaited
    assert not read(b'{"a": 1}').awaited
    assert read(served=Served(provider=PLAIN, run=EVENT.run)).awaited
    assert not read(served=Served(provider=PLAIN, run=EVENT.run + 1)).awaited
