"""A plan over endpoints of the user's: as many webhooks as there are endpoints."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from _hookswarm.senders.plan.stages import Stage
from _hookswarm.senders.plan.variations import renamed


def over_endpoints(stages: Sequence[Stage], count: int) -> tuple[Stage, ...]:
    """The stages with one webhook an endpoint. Those of a scenario that compares numbers of webhooks keep theirs, and
    take the first endpoints; `too_few` says which of them cannot.
    """
    numbers = _numbers(stages)
    return tuple(stage if len(numbers[stage.scenario]) > 1 else _with(stage, count) for stage in stages)


def _with(stage: Stage, count: int) -> Stage:
    name = renamed(stage.name, "webhooks", str(count))
    return replace(stage, webhooks=count, classes=(), name=name)  # classes are what receivers of ours tell apart


def at_most_webhooks(stages: Sequence[Stage], most: int) -> tuple[Stage, ...]:
    """The stages with at most so many webhooks. Of a scenario that compares numbers of webhooks only those are changed
    that have the fewest of them, and no number in their names. Stages whose classes need theirs keep them.
    """
    fewest = {scenario: min(numbers) for scenario, numbers in _numbers(stages).items()}
    return tuple(
        replace(stage, webhooks=most)
        if stage.webhooks > most >= max((own.first + own.count for own in stage.classes), default=1)
        and stage.webhooks == fewest[stage.scenario]
        and "webhooks=" not in stage.name
        else stage
        for stage in stages
    )


def _numbers(stages: Sequence[Stage]) -> dict[str, set[int]]:
    """Of webhooks, by scenario."""
    numbers: dict[str, set[int]] = {}
    for stage in stages:
        numbers.setdefault(stage.scenario, set()).add(stage.webhooks)
    return numbers


def too_few(stages: Sequence[Stage], count: int) -> Mapping[str, str]:
    """By the name of a stage, what it needs that so many endpoints are not."""
    return {stage.name: f"{stage.webhooks:,} endpoints" for stage in stages if stage.webhooks > count}
