"""What a store's records come to: what was there, and what is still to be done, when the process ended."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from tests.support.delivery_service.books import ENDS, Entry, promised
from tests.support.delivery_service.subscribers import Endpoint


@dataclass(slots=True)
class Pending:
    """A delivery that was accepted and did not end."""

    event_id: str
    endpoint_id: str
    body: bytes
    attempts: int = 0
    due: float = 0.0
    """Of its next attempt, since the epoch; 0: at once."""


@dataclass
class Kept:
    """Endpoints are by their ids, events by theirs: when each was accepted, and for which endpoints."""

    tenants: list[str] = field(default_factory=list)
    endpoints: dict[str, Endpoint] = field(default_factory=dict)
    events: dict[str, tuple[float, list[str]]] = field(default_factory=dict)
    pending: dict[tuple[str, str], Pending] = field(default_factory=dict)
    told: list[Entry] = field(default_factory=list)
    """The books' entries."""


def replay(records: Iterable[list[Any]]) -> Kept:
    """Record by record, as they were appended."""
    kept = Kept()
    for record in records:
        match record:
            case ["tenant", tenant]:
                kept.tenants.append(tenant)
            case ["tenant deleted", tenant]:
                kept.tenants.remove(tenant)
            case ["endpoint", *fields]:
                endpoint = Endpoint(*fields)
                kept.endpoints[endpoint.id] = endpoint
            case ["endpoint deleted", _, endpoint_id]:
                del kept.endpoints[endpoint_id]
            case ["endpoint disabled", endpoint_id]:
                kept.endpoints[endpoint_id].closed = True
            case ["event", event_id, accepted_at, endpoint_ids, body]:
                kept.events[event_id] = accepted_at, endpoint_ids
                kept.told += promised(event_id, endpoint_ids)
                for endpoint_id in endpoint_ids:
                    kept.pending[event_id, endpoint_id] = Pending(event_id, endpoint_id, body.encode())
            case ["failed", event_id, endpoint_id, attempts, due]:
                if pending := kept.pending.get((event_id, endpoint_id)):
                    pending.attempts, pending.due = attempts, due
            case ["note", name, event_id, endpoint_id]:
                kept.told.append((name, event_id, endpoint_id))
                if name in ENDS:
                    kept.pending.pop((event_id, endpoint_id), None)
    return kept
