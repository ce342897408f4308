"""A locustfile of one's own, with bodies that a Python function makes: see docs/your-locustfile.md."""

from random import Random
from typing import Any

from hookswarm import Constant, Event, Faults, Poisson, RetryLaw, Stage, StagesShape, senders, sweep


def order(event: Event, draw: Random) -> dict[str, Any]:
    """An order of one to five items; every tenth comes from abroad."""
    prices = [draw.randrange(100, 10_000) for _ in range(draw.randint(1, 5))]
    return {
        "type": "order.created",
        "order": event.number,
        "shop": event.webhook,
        "country": "SE" if event.number % 10 else "NO",
        "items": [{"sku": f"sku-{draw.randrange(1_000)}", "cents": cents} for cents in prices],
        "total_cents": sum(prices),
    }


def ping(_event: Event, _draw: Random) -> bytes:
    """Bytes are sent as they are."""
    return b'{"type":"ping"}'


STEADY = Stage("orders", users=8, webhooks=20, payload="order", arrivals=Poisson(100), duration_s=10, stretch=True)
FAILING = Stage(
    "orders refused", users=8, webhooks=20, payload="order", arrivals=Constant(100), duration_s=5,
    faults=Faults({503: 0.3}), retry=RetryLaw(retries=3, delay_s=0.2), drain_s=10,
)  # fmt: skip


class Orders(StagesShape):
    test = "load"
    payloads = (order, ping)
    stages = (*sweep(Stage("pings", payload="ping", events=2_000), users=(1, 8)), STEADY, FAILING)
    quick_stages = (Stage("pings", payload="ping", users=4, events=200), STEADY, FAILING)


globals().update(senders())
