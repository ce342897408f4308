"""Stages of a scalability test made by hand: as far as scaling and capacity read them."""

from typing import Any

from _hookswarm.analysis.deliveries import stages
from _hookswarm.analysis.schema.report import Stage
from _hookswarm.analysis.schema.scalability import Limit
from tests.support.journals import planned, run

PLAIN = stages.stage_figures(run([], stages=[planned()]))[0]


def limited(side: str = "target", **fields: Any) -> Limit:
    plain = dict.fromkeys(Limit.model_fields) | {"side": side, "message": "", "sender_cpu_share": 0.5}
    return Limit.model_validate(plain | fields)


def stage(
    scenario: str,
    throughput: float | None,
    p99_ms: float = 4,
    side: str = "target",
    needed: int | None = None,
    name: str = "",
    **parameters: Any,
) -> Stage:
    """A stage that did what it is said to have done."""
    delivery = PLAIN.latency_ms.delivery.model_copy(update={"count": 1, "p50": p99_ms / 2, "p99": p99_ms})
    update = {
        "name": name or f"{scenario} {parameters}",
        "scenario": scenario,
        "throughput_per_s": throughput,
        "deliveries": PLAIN.deliveries.model_copy(update={"due": 1, "acknowledged": 1}),
        "latency_ms": PLAIN.latency_ms.model_copy(update={"delivery": delivery}),
        "parameters": parameters,
        "error_rate": 0.0,
        "limit": limited(side, processes_needed=needed, sender_us_per_delivery=60.0, receiver_us_per_delivery=30.0),
    }
    return PLAIN.model_copy(update=update)
