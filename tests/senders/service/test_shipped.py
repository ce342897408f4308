"""The tables that are shipped: each can be read, says where it is from, and publishes as its service wants it."""

import json
import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest

from _hookswarm.protocol.forms import make_secret, parse_secret
from _hookswarm.protocol.signing import Signer
from _hookswarm.protocol.verifying import Verifier
from _hookswarm.senders.service.names import service_names
from _hookswarm.senders.service.table import load_service
from tests.support.service_api import EVENT, PAYLOAD, Answer, Api, Asked, SetUp
from tests.support.signed import fields

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
PAYLOADED = json.loads(PAYLOAD)

PUBLISHED: dict[str, tuple[str, dict[str, Any]]] = {
    "convoy": (
        "POST /api/v1/projects/project-1/events",
        {
            "endpoint_id": "endpoint-1",
            "event_type": "load.event",
            "idempotency_key": EVENT.decode(),
            "data": PAYLOADED,
        },
    ),
    "hook0": (
        "POST /event/",
        {
            "application_id": "application-1",
            "event_id": "UUID",
            "event_type": "load.event.sent",
            "payload": PAYLOAD.decode(),
            "payload_content_type": "application/json",
            "occurred_at": "2023-11-14T22:13:20Z",
            "labels": {"ep": "1"},
        },
    ),
    "outpost": (
        "POST /api/v1/publish",
        {
            "id": EVENT.decode(),
            "tenant_id": "the-run-0",
            "destination_id": "destination-1",
            "topic": "user.created",
            "data": PAYLOADED,
        },
    ),
    "svix": (
        "POST /api/v1/app/app-1/msg",
        {"eventType": "load.event", "eventId": EVENT.decode(), "channels": ["ep1"], "payload": PAYLOADED},
    ),
    "webhookx": (
        "POST /the-run",
        {"event_type": "the-run.1", "unique_id": EVENT.decode(), "data": PAYLOADED},
    ),
}
"""Of endpoint 1: the request's line, and its body."""
ADDRESSES = {
    "convoy": ("CONVOY_URL",),
    "hook0": ("HOOK0_API_URL",),
    "outpost": ("OUTPOST_URL",),
    "svix": ("SVIX_URL",),
    "webhookx": ("WEBHOOKX_ADMIN_URL", "WEBHOOKX_PROXY_URL"),
}
TOKENS = {
    "hook0": ("HOOK0_TOKEN", "HOOK0_ORGANIZATION_ID"),
    "outpost": ("OUTPOST_API_KEY",),
    "svix": ("SVIX_TOKEN",),
}


def answer(asked: Asked) -> Answer:
    """Whatever any of them keeps is called after what it is, and the endpoint that it is of."""
    number = next((match[1] for match in re.finditer(r"endpoints/(\d)", asked.body)), "1")
    kinds = {"app": "app", "endpoint": "endpoint", "endpoints": "endpoint", "destinations": "destination"}
    kind = kinds.get(asked.path.rpartition("/")[2], "thing")
    own = {"uid": f"endpoint-{number}", "token": {"access_token": "login-1"}, "project": {"uid": "project-1"}}
    body = {
        "id": f"{kind}-{1 if kind == 'app' else number}",
        "data": {**own, "api_key": {"key": "key-1"}, "content": [{"uid": "organisation-1"}]},
        "application_id": "application-1",
        "subscription_id": f"subscription-{number}",
        "secret": f"secret-{number}",
        "credentials": {"secret": f"secret-{number}"},
    }
    return Answer("", 204) if asked.method == "DELETE" else Answer(body, 201)


@pytest.fixture
def set_up(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[SetUp, Api]]:
    """A shipped service, set up for two endpoints at an API that takes everything."""
    with Api(answer) as api:
        for variable in ADDRESSES[request.param]:
            monkeypatch.setenv(variable, api.url)
        for variable in TOKENS.get(request.param, ()):
            monkeypatch.setenv(variable, f"of-{variable.lower()}")
        yield SetUp(load_service(request.param), 2).up(), api


@pytest.mark.parametrize("name", service_names())
def test_each_says_where_it_is_from(name: str) -> None:
    """And what it was tried with; which of its settings lets it deliver to loopback; its law, and some promises."""
    service = load_service(name)
    assert (service.name, bool(service.source)) == (name, True)
    assert service.as_of
    assert service.as_of >= date(2026, 11, 28)
    assert service.run == "not run" or re.search(r"\d", service.run)
    assert service.retry
    assert service.promises.model_dump(exclude_none=True)
    assert Verifier(service.provider, [])


@pytest.mark.parametrize("set_up", sorted(PUBLISHED), indirect=True)
def test_each_publishes_as_its_service_wants_it(set_up: tuple[SetUp, Api]) -> None:
    """By what its set-up kept; a set-up that asks for no more than the API has been seen to take."""
    made, api = set_up
    name = made.service.name
    published = made.publish(1)
    line, body = PUBLISHED[name]
    assert (published.line, json.loads(UUID.sub("UUID", published.body))) == (line, body)
    urls = [number for asked in api.asked for number in re.findall(r"http://127.0.0.1:9/endpoints/(\d)", asked.body)]
    assert sorted(urls) == ["0", "1"]
    assert all(json.loads(asked.body) for asked in api.asked if asked.body)
    tokens = {asked.headers.get("authorization") for asked in [*api.asked, published]}
    expected = {
        "convoy": {None, "Bearer login-1", "Bearer key-1"},
        "hook0": {"Bearer of-hook0_token"},
        "outpost": {"Bearer of-outpost_api_key"},
        "svix": {"Bearer of-svix_token"},
        "webhookx": {None},
    }
    assert tokens == expected[name]


@pytest.mark.parametrize("set_up", sorted(PUBLISHED), indirect=True)
def test_each_takes_down_what_it_made(set_up: tuple[SetUp, Api]) -> None:
    """Endpoints before what holds them."""
    made, api = set_up
    api.asked = []
    assert made.keeper.tear_down() == []
    expected = {
        "convoy": ["/api/v1/projects/project-1", *(f"/api/v1/projects/project-1/endpoints/endpoint-{n}" for n in "01")],
        "hook0": [
            "/applications/application-1",
            *(f"/subscriptions/subscription-{n}?application_id=application-1" for n in "01"),
        ],
        "outpost": ["/api/v1/tenants/the-run-0"],
        "svix": ["/api/v1/app/app-1"],
        "webhookx": [
            "/workspaces/default/sources/thing-1",
            *(f"/workspaces/default/endpoints/endpoint-{n}" for n in "01"),
        ],
    }
    name = made.service.name
    assert sorted(api.lines) == sorted(f"DELETE {path}" for path in expected[name])
    assert api.lines[-1] == f"DELETE {expected[name][0]}"


@pytest.mark.parametrize("name", sorted(PUBLISHED))
def test_each_is_verified_as_it_signs(name: str) -> None:
    """What its provider's table signs, its own verifies; and nothing else."""
    provider = load_service(name).provider
    assert provider.signature
    key = parse_secret(make_secret(provider.signature.secret), provider.signature.secret)
    headers, body = Signer(provider, [key]).dress(EVENT, 1_700_000_000.0, PAYLOAD)
    assert Verifier(provider, [key]).verify(fields(headers), body)
    assert not Verifier(provider, [key]).verify(fields(headers), body.replace(b"1", b"2"))


def test_secrets_are_the_services_where_it_makes_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hook0's cannot be given."""
    with Api(answer) as api:
        monkeypatch.setenv("HOOK0_API_URL", api.url)
        for variable in TOKENS["hook0"]:
            monkeypatch.setenv(variable, "x")
        made = SetUp(load_service("hook0"), 2).up()
    assert [made.secret(number) for number in (0, 1)] == ["secret-0", "secret-1"]


@pytest.mark.parametrize("name", service_names())
def test_a_store_is_back_when_its_port_takes_a_connection(name: str) -> None:
    """Else it would count as back once the command that starts it has returned, or after a second."""
    stores = {"redis", "postgres", "rabbitmq"}
    restarts = load_service(name).restart
    unknown = [one for one in restarts if one in stores and not restarts[one].ready.startswith("tcp://${")]
    assert not unknown
