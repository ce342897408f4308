"""Tenants and their endpoints."""

from collections import deque
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

from tests.support.delivery_service.client import Target
from tests.support.delivery_service.messages import key_of
from tests.support.delivery_service.store import Store

if TYPE_CHECKING:
    from tests.support.delivery_service.deliveries import Delivery


@dataclass(slots=True, eq=False)
class Endpoint:
    """Where events go to. ValueError for a URL or a secret that cannot be used.

    `target` and `key` are what its `url` and `secret` say.
    """

    id: str
    tenant: str
    url: str
    secret: str
    created_at: float
    target: Target = field(init=False)
    key: bytes = field(init=False)
    number: int = field(init=False)
    """1, 2 … in the order in which they were made."""
    closed: bool = False
    """Disabled or deleted: nothing is delivered to it any more."""
    held: "Delivery | None" = None
    """What waits for the next one to overtake it."""
    busy: bool = False
    behind: "deque[Delivery]" = field(default_factory=deque)
    """What waits until the one before it has been tried."""

    def __post_init__(self) -> None:
        self.target = Target.of(self.url)
        self.key = key_of(self.secret)


class Subscribers:
    """Who is there; kept in the store."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.tenants: dict[str, dict[str, Endpoint]] = {}
        """By tenant and endpoint."""
        self.endpoints: dict[str, Endpoint] = {}

    def add_tenant(self, tenant: str) -> None:
        self.tenants[tenant] = {}
        self._store.append("tenant", tenant)

    def add(self, endpoint: Endpoint) -> None:
        """Raises KeyError for an unknown tenant."""
        self.restore(endpoint)
        record = endpoint.id, endpoint.tenant, endpoint.url, endpoint.secret, endpoint.created_at
        self._store.append("endpoint", *record)

    def restore(self, endpoint: Endpoint) -> None:
        """What the store knows already."""
        endpoint.number = len(self.endpoints) + 1
        self.tenants[endpoint.tenant][endpoint.id] = endpoint
        self.endpoints[endpoint.id] = endpoint

    def remove_tenant(self, tenant: str) -> None:
        """With its endpoints. Raises KeyError."""
        for endpoint in list(self.tenants[tenant].values()):
            self.remove(tenant, endpoint.id)
        del self.tenants[tenant]
        self._store.append("tenant deleted", tenant)

    def remove(self, tenant: str, endpoint_id: str) -> None:
        """Raises KeyError."""
        self.tenants[tenant].pop(endpoint_id).closed = True
        del self.endpoints[endpoint_id]
        self._store.append("endpoint deleted", tenant, endpoint_id)

    def stranger(self, endpoint: Endpoint, random: Random) -> Endpoint:
        """An endpoint of another tenant; raises ValueError where there is none."""
        others = [tenant for tenant, its in self.tenants.items() if its and tenant != endpoint.tenant]
        if not others:
            raise ValueError("no other tenant has an endpoint")
        return random.choice(list(self.tenants[random.choice(others)].values()))

    def disable(self, endpoint: Endpoint) -> None:
        if not endpoint.closed:
            endpoint.closed = True
            self._store.append("endpoint disabled", endpoint.id)

    def addressed(self, tenant: object, endpoint_id: object) -> list[Endpoint]:
        """Those an event is for: one by its id (of that tenant, where one is named), or all of a tenant."""
        if endpoint_id is None:
            found = list(self.tenants.get(str(tenant), {}).values())
        else:
            one = self.endpoints.get(str(endpoint_id))
            found = [one] if one and tenant in (None, one.tenant) else []
        return [endpoint for endpoint in found if not endpoint.closed]
