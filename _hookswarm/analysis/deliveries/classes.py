"""Webhooks that a plan tells apart: what each class got, and what the others paid for them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from _hookswarm.analysis.deliveries import figures
from _hookswarm.analysis.deliveries.deliveries import Events, Numbers
from _hookswarm.analysis.deliveries.figures import Window
from _hookswarm.analysis.reading.frames import PlannedClass, PlannedStage
from _hookswarm.analysis.reading.rows import Mask
from _hookswarm.analysis.schema.base import Quantiles
from _hookswarm.analysis.schema.report import Against, Class, ClassLatencies

OTHERS = "others"
BASELINE = " baseline"
"""After a scenario's name: the same scenario, without what its classes do."""


def class_figures(plan: PlannedStage, events: Events, window: Window) -> list[Class] | None:
    """The classes of a stage in the order of the plan, then all other webhooks."""
    if not plan.classes:
        return None
    parts = [(own.name, inside(own, events.webhook)) for own in plan.classes]
    parts.append((OTHERS, outside(plan.classes, events)))
    return [_figures(name, events.where(mask), window) for name, mask in parts]


def _figures(name: str, events: Events, window: Window) -> Class:
    return Class(
        name=name,
        deliveries=figures.delivery_counts(events),
        error_rate=figures.error_rate(events),
        throughput_per_s=figures.throughput(events, window),
        latency_ms=ClassLatencies(delivery=figures.latency(events, window)),
        attempts_per_delivery=events.attempts_each(),
    )


def inside(own: PlannedClass, webhooks: Numbers) -> Mask:
    """Which of these webhooks are of a class."""
    mask: Mask = (webhooks >= own.first) & (webhooks < own.first + own.count)
    return mask


def outside(classes: Iterable[PlannedClass], events: Events) -> Mask:
    """Which events are of no class."""
    mask = np.ones(len(events), np.bool_)
    for own in classes:
        mask &= ~inside(own, events.webhook)
    return mask


@dataclass(frozen=True)
class Usual:
    """What the webhooks that are others in one stage got in its baseline."""

    stage: str
    latency: Quantiles


def usual_latency(plan: Sequence[PlannedStage], baseline: int, events: Events, window: Window) -> dict[int, Usual]:
    """For the stages of a plan whose baseline this stage is, what it says of their others."""
    return {
        number: Usual(plan[baseline].name, figures.latency(events.where(outside(stage.classes, events)), window))
        for number, stage in enumerate(plan)
        if stage.classes and _baseline(plan, stage) == baseline
    }


def _baseline(plan: Sequence[PlannedStage], stage: PlannedStage) -> int | None:
    """The first stage of the plan that is a stage's baseline."""
    wanted = stage.scenario + BASELINE
    return next((number for number, other in enumerate(plan) if other.scenario == wanted), None)


def against_usual(classes: Sequence[Class], usual: Usual) -> Against:
    """A stage's others, the last of its classes, beside what is usual for them."""
    found = classes[-1].latency_ms.delivery
    return Against(
        stage=usual.stage,
        p50_ratio=_ratio(found.p50, usual.latency.p50),
        p99_ratio=_ratio(found.p99, usual.latency.p99),
    )


def _ratio(value: float | None, usual: float | None) -> float | None:
    return round(value / usual, 4) if value is not None and usual else None
