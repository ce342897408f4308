"""A stage through a delivery service in a line: the same columns on the terminal, in Markdown and on the page."""

from _hookswarm.analysis.schema.report import Class, Section, Stage
from _hookswarm.common.wording import figure

HEADER = (
    "stage", "offered", "accepted", "delivered", "a second", "publish p99", "pickup p99", "p50 ms", "p99 ms", "lost",
    "twice",
)  # fmt: skip
"""Times: `publish` is from offered to accepted, `pickup` from there to the first arrival, others from offered to taken.
"""


def is_through(section: Section) -> bool:
    """Whether a service delivered."""
    return section.service is not None


def through_row(stage: Stage) -> tuple[str, ...]:
    """Its cells, the name first."""
    through, latency = stage.through, stage.latency_ms
    return (
        stage.name,
        f"{stage.deliveries.due:,}",
        f"{through.accepted:,}" if through else "-",
        f"{stage.deliveries.acknowledged:,}",
        _rate(stage),
        figure(through.latency_ms.publish.p99 if through else None),
        figure(through.latency_ms.pickup.p99 if through else None),
        figure(latency.delivery.p50),
        latency.sign + figure(latency.delivery.p99),
        *("-" if count is None else f"{count:,}" for count in (stage.ledger.lost, stage.ledger.duplicated)),
    )


def class_row(part: Class) -> tuple[str, ...]:
    """The same of a class of its webhooks, as far as that is told."""
    told, latency = part.deliveries, part.latency_ms.delivery
    return (
        f"  {part.name}",
        f"{told.due:,}",
        "",
        f"{told.acknowledged:,}",
        _rate(part),
        "",
        "",
        figure(latency.p50),
        figure(latency.p99),
    )


def _rate(part: Stage | Class) -> str:
    rate = part.throughput_per_s
    return figure(rate) if rate is None or rate < 10 else f"{rate:,.0f}"
