"""What the API answers, without HTTP around it; what it accepts stays in the queue."""

import json
from typing import Any

import pytest

from tests.support.delivery_service.options import parse
from tests.support.delivery_service.server import Request, Response
from tests.support.delivery_service.service import Service

URL = "http://127.0.0.1:9/hooks"


class Caller:
    """Calls the API of a service with these options."""

    def __init__(self, *options: str) -> None:
        self._answer = Service(parse(["--never-deliver", *options])).answer

    def __call__(self, method: str, path: str, body: Any = None, authorization: str = "") -> Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        parts = tuple(part for part in path.split("/") if part)
        return self._answer(Request(method, parts, {"ids": ["1"]}, authorization, content))

    def tenant(self) -> str:
        return str(self("POST", "/tenants", {"name": "a"}).body["data"]["id"])

    def endpoint(self, tenant: str, url: str = URL) -> str:
        return str(self("POST", f"/tenants/{tenant}/endpoints", {"url": url}).body["data"]["id"])

    def publish(self, event_id: str, **more: str) -> Response:
        return self("POST", "/events", {"id": event_id, "payload": {"a": 1}, **more})

    def stats(self) -> dict[str, Any]:
        told: dict[str, Any] = self("GET", "/stats").body
        return told


def test_tenants_come_and_go() -> None:
    """With their endpoints; the second time there is nothing to delete."""
    call = Caller()
    tenant = call.tenant()
    endpoint = call.endpoint(tenant)
    assert call("DELETE", f"/tenants/{tenant}").status == 204
    assert call("DELETE", f"/tenants/{tenant}").status == 404
    assert call("POST", f"/tenants/{tenant}/endpoints", {"url": URL}).status == 404
    assert call("GET", f"/tenants/{tenant}/endpoints").status == 404
    assert call.publish("e-1", endpoint=endpoint).body["endpoints"] == []


def test_endpoints_come_and_go() -> None:
    """Each with its id in body and header, and a secret, which is made where none is given."""
    call = Caller()
    tenant = call.tenant()
    made = call("POST", f"/tenants/{tenant}/endpoints", {"url": URL})
    given = call("POST", f"/tenants/{tenant}/endpoints", {"url": URL, "secret": "whsec_AAAA"})
    first, second = (response.body["data"]["id"] for response in (made, given))
    assert (made.status, made.headers) == (201, {"X-Endpoint-Id": first})
    assert made.body["data"]["secrets"][0]["value"].startswith("whsec_")
    assert given.body["data"]["secrets"] == [{"value": "whsec_AAAA"}]
    listed = call("GET", f"/tenants/{tenant}/endpoints").body["data"]
    assert listed == [{"id": each, "url": URL, "disabled": False} for each in (first, second)]
    assert [call("DELETE", f"/tenants/{tenant}/endpoints/{first}").status for _ in range(2)] == [204, 404]
    assert call.publish("e-1", tenant=tenant).body["endpoints"] == [second]


def test_an_event_is_for_one_endpoint_or_for_all_of_a_tenant() -> None:
    """Those that nobody knows are accepted, too, and are nobody's."""
    call = Caller()
    tenant, other = call.tenant(), call.tenant()
    ours = [call.endpoint(tenant), call.endpoint(tenant)]
    theirs = call.endpoint(other)
    answers = [
        call.publish("e-1", endpoint=ours[0]),
        call.publish("e-2", tenant=tenant),
        call.publish("e-3", tenant=tenant, endpoint=theirs),
        call.publish("e-4", tenant="nobody"),
        call.publish("e-5", endpoint="nobody"),
        call.publish("e-6"),
    ]
    assert [answer.status for answer in answers] == [202] * 6
    assert [answer.body["endpoints"] for answer in answers] == [ours[:1], ours, [], [], [], []]
    stats = call.stats()
    assert (stats["accepted"], stats["unmatched"], stats["queued"]) == (3, 4, 3)
    assert stats["ids"]["unmatched"] == [("e-3", ""), ("e-4", ""), ("e-5", ""), ("e-6", "")]


def test_an_id_is_known_for_a_while() -> None:
    """Published again it is a duplicate, whatever else it says, and is not queued."""
    call = Caller()
    endpoint = call.endpoint(call.tenant())
    first, second = (call.publish("e-1", endpoint=endpoint).body for _ in range(2))
    assert first == {"id": "e-1", "duplicate": False, "endpoints": [endpoint]}
    assert second == {"id": "e-1", "duplicate": True, "endpoints": [endpoint]}
    stats = call.stats()
    assert (stats["accepted"], stats["duplicates"], stats["queued"]) == (1, 1, 1)


def test_an_id_is_forgotten_after_its_window() -> None:
    """And then it is another event."""
    call = Caller("--idempotency", "0")
    endpoint = call.endpoint(call.tenant())
    assert [call.publish("e-1", endpoint=endpoint).body["duplicate"] for _ in range(2)] == [False, False]
    assert call.stats()["queued"] == 2


def test_all_but_health_wants_the_token() -> None:
    """Whoever has another one, or none, is not let in."""
    call = Caller("--token", "t")
    assert call("GET", "/healthz").status == 200
    calls = [("POST", "/tenants"), ("POST", "/events"), ("GET", "/stats"), ("GET", "/nothing")]
    assert [call(*each, {}).status for each in calls] == [401] * 4
    assert call("POST", "/tenants", {}, "Bearer u").status == 401
    assert call("POST", "/tenants", {}, "Bearer t").status == 201


def test_set_up_has_a_limit_and_publishing_has_none() -> None:
    """What is beyond it is told when to come again."""
    call = Caller("--rate-limit", "2")
    answers = [call("POST", "/tenants", {}) for _ in range(9)]
    assert {answer.status for answer in answers} == {201, 429}
    assert {answer.headers["Retry-After"] for answer in answers if answer.status == 429} == {"1"}
    assert {call.publish(f"e-{number}").status for number in range(9)} == {202}
    assert {call("GET", "/stats").status for _ in range(9)} == {200}


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "localhost", "[::1]"])
def test_loopback_may_be_refused(host: str) -> None:
    """With words that say so."""
    call = Caller("--refuse-loopback")
    tenant = call.tenant()
    refused = call("POST", f"/tenants/{tenant}/endpoints", {"url": f"http://{host}:9/"})
    assert refused.status == 422
    assert "loopback" in refused.body["error"]
    assert call("POST", f"/tenants/{tenant}/endpoints", {"url": "http://192.0.2.1/"}).status == 201


@pytest.mark.parametrize("asked", [{}, {"url": 1}, {"url": "https://a/"}, {"url": URL, "secret": "whsec_!"}])
def test_an_endpoint_that_cannot_be_is_refused(asked: object) -> None:
    """With status 422."""
    call = Caller()
    assert call("POST", f"/tenants/{call.tenant()}/endpoints", asked).status == 422


@pytest.mark.parametrize(
    "asked", [{"payload": 1}, {"id": "", "payload": 1}, {"id": "a\r\n", "payload": 1}, {"id": "a"}]
)
def test_an_event_needs_an_id_and_a_payload(asked: object) -> None:
    """And the id must fit into a header."""
    assert Caller()("POST", "/events", asked).status == 422


def test_young_endpoints_get_nothing() -> None:
    """Though the answer promises it."""
    call = Caller("--settle", "60")
    endpoint = call.endpoint(call.tenant())
    assert call.publish("e-1", endpoint=endpoint).body["endpoints"] == [endpoint]
    stats = call.stats()
    assert (stats["unsettled"], stats["queued"], stats["unfinished"]) == (1, 0, 0)
