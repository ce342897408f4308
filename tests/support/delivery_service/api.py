"""The API: who may call what, and what it does."""

import base64
import json
import secrets
import time
from dataclasses import dataclass, field
from ipaddress import ip_address
from random import Random
from typing import Any

from tests.support.delivery_service.books import Books
from tests.support.delivery_service.deliveries import Deliveries
from tests.support.delivery_service.messages import enveloped, members, rewritten
from tests.support.delivery_service.options import Options
from tests.support.delivery_service.server import Request, Response
from tests.support.delivery_service.subscribers import Endpoint, Subscribers

NOTHING = Response(204)
UNKNOWN = Response(404, {"error": "there is no such thing"})


@dataclass
class Api:
    """Answers requests. `known` holds each event's id: when it was accepted, and for which endpoints."""

    options: Options
    subscribers: Subscribers
    deliveries: Deliveries
    books: Books
    known: dict[str, tuple[float, list[str]]] = field(default_factory=dict)
    _second: int = 0
    _calls: int = 0
    """In that second."""
    _tokens: dict[str, float] = field(default_factory=dict)
    """When each ends that a login was given."""
    _refused: int = 0
    """Calls without a good one."""

    def __post_init__(self) -> None:
        self._late = Random(f"{self.options.seed} late")

    def answer(self, request: Request) -> Response:
        what = request.method, *request.parts
        if what == ("GET", "healthz"):
            return Response(200, {"status": "ok"})
        if what == ("POST", "login"):
            token = secrets.token_hex(12)
            self._tokens[token] = time.monotonic() + self.options.login_lasts_s
            return Response(200, {"token": token})
        if not self._may(request.authorization.removeprefix("Bearer "), what):
            self._refused += 1
            return Response(401, {"error": "a bearer token is needed"}, {"WWW-Authenticate": "Bearer"})
        try:
            if what == ("POST", "events"):
                return self._publish(request.body)
            if what == ("GET", "stats"):
                return Response(200, self._stats("ids" in request.query))
            if self._too_many():
                return Response(429, {"error": "too many calls"}, {"Retry-After": "1"})
            return self._set_up(request)
        except KeyError:
            return UNKNOWN
        except ValueError as error:
            return Response(422, {"error": str(error)})

    def _may(self, token: str, what: tuple[str, ...]) -> bool:
        if self.options.login_lasts_s:
            return what == ("GET", "stats") or self._tokens.get(token, 0.0) > time.monotonic()
        return not self.options.token or token == self.options.token

    def _set_up(self, request: Request) -> Response:
        """Raises KeyError for what is not there, ValueError for what cannot be."""
        match (request.method, *request.parts):
            case ("POST", "tenants"):
                name, tenant = _object(request.body).get("name"), f"ten_{secrets.token_hex(8)}"
                self.subscribers.add_tenant(tenant)
                return Response(201, {"data": {"id": tenant, "name": name}})
            case ("DELETE", "tenants", tenant):
                self.subscribers.remove_tenant(tenant)
                return NOTHING
            case ("GET", "tenants", tenant, "endpoints"):
                found = self.subscribers.tenants[tenant].values()
                listed = [{"id": each.id, "url": each.url, "disabled": each.closed} for each in found]
                return Response(200, {"data": listed})
            case ("POST", "tenants", tenant, "endpoints"):
                endpoint = self._add_endpoint(tenant, _object(request.body))
                told = {"id": endpoint.id, "url": endpoint.url, "secrets": [{"value": endpoint.secret}]}
                return Response(201, {"data": told}, {"X-Endpoint-Id": endpoint.id})
            case ("DELETE", "tenants", tenant, "endpoints", endpoint_id):
                self.subscribers.remove(tenant, endpoint_id)
                return NOTHING
        return UNKNOWN

    def _add_endpoint(self, tenant: str, asked: dict[str, Any]) -> Endpoint:
        if not isinstance(asked.get("url"), str):
            raise ValueError("an endpoint needs a url")
        secret = asked.get("secret") or f"whsec_{base64.b64encode(secrets.token_bytes(24)).decode()}"
        endpoint_id = f"ep_{secrets.token_hex(8)}"
        endpoint = Endpoint(endpoint_id, tenant, asked["url"], str(secret), time.time())
        if self.options.refuse_loopback and _is_loopback(endpoint.target.address[0]):
            raise ValueError("endpoints with loopback addresses are not allowed")
        self.subscribers.add(endpoint)
        return endpoint

    def _publish(self, body: bytes) -> Response:
        told = members(body)
        event_id, endpoint_id, tenant, kind = (
            told.get(name, (None,))[0] for name in ("id", "endpoint", "tenant", "type")
        )
        if not isinstance(event_id, str) or not event_id.isascii() or not event_id.isprintable() or not event_id:
            raise ValueError("an event needs an id, a text of printable ASCII characters")
        if "payload" not in told:
            raise ValueError("an event needs a payload")
        now = time.time()
        accepted_at, addressed = self.known.get(event_id, (0.0, []))
        duplicate = now < accepted_at + self.options.idempotency_s
        if duplicate:
            self.books.note("duplicates", event_id)
        else:
            endpoints = self.subscribers.addressed(tenant, endpoint_id)
            addressed = [endpoint.id for endpoint in endpoints]
            self.known[event_id] = now, addressed
            delivered = self._delivered(told["payload"][1], str(kind or ""), now)
            self.books.promise(event_id, now, addressed, delivered)
            self.deliveries.accept(event_id, endpoints, delivered)
        late = self._late.random() < self.options.answer_late
        if late:
            self.books.note("late", event_id)
        taken = {"id": event_id, "duplicate": duplicate, "endpoints": addressed}
        return Response(202, taken, after_s=self.options.late_s if late else 0.0)

    def _delivered(self, payload: bytes, kind: str, now: float) -> bytes:
        """What a payload becomes."""
        if self.options.rewrite:
            payload = rewritten(payload)
        return enveloped(payload, kind, now) if self.options.envelope else payload

    def _too_many(self) -> bool:
        """Counts a call; whether this second has had its share before it."""
        second = int(time.monotonic())
        if second != self._second:
            self._second, self._calls = second, 0
        self._calls += 1
        return 0 < self.options.rate_limit < self._calls

    def _stats(self, ids: bool) -> dict[str, Any]:
        tenants = self.subscribers.tenants
        there = {"tenants": len(tenants), "endpoints": sum(map(len, tenants.values()))}
        there |= {"logins": len(self._tokens), "refused": self._refused}
        counts = {**self.books.counts(), **self.deliveries.counts(), **there}
        return {**counts, "ids": self.books.told} if ids else counts


def _object(body: bytes) -> dict[str, Any]:
    value = json.loads(body)
    if not isinstance(value, dict):
        raise ValueError("a JSON object is needed")
    return value


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:  # a name
        return False
