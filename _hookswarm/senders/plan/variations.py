"""Stages made of others: swept over parameters, scaled, and under another retry law or strategy."""

import itertools
import re
from collections.abc import Sequence
from dataclasses import fields, replace
from typing import Any

from _hookswarm.common.errors import ConfigError
from _hookswarm.senders.plan.arrivals import Closed, at_rate
from _hookswarm.senders.plan.retry import MAX_S, RetryLaw
from _hookswarm.senders.plan.stages import Stage


def renamed(name: str, key: str, value: str) -> str:
    """A name that tells a parameter, with its new value."""
    return re.sub(rf"(?<= ){key}=\S+", f"{key}={value}", name)


def sweep(stage: Stage, **parameters: tuple[Any, ...]) -> tuple[Stage, ...]:
    """One stage for each combination of the parameters' values, named after them.

    A parameter is a field of the stage or of its retry law, or the rate of its arrivals:
    `sweep(stage, users=(1, 4), retries=(0, 3), rate=(100.0, 200.0))`.
    """
    return tuple(
        replace(_with(stage, values), name=" ".join([stage.scenario, *(f"{key}={values[key]}" for key in values)]))
        for combination in itertools.product(*parameters.values())
        for values in [dict(zip(parameters, combination, strict=True))]
    )


def _with(stage: Stage, values: dict[str, Any]) -> Stage:
    law = {key: value for key, value in values.items() if key in _LAW_FIELDS}
    own = {key: value for key, value in values.items() if key not in _LAW_FIELDS}
    if "rate" in own:
        if isinstance(stage.arrivals, Closed):
            raise ConfigError([f"stage {stage.scenario!r}: closed arrivals have no rate"])
        own["arrivals"] = at_rate(stage.arrivals, own.pop("rate"))
    ours = stage.ours or not own.keys().isdisjoint(_RECEIVER_FIELDS)
    return replace(stage, **own, ours=ours, retry=replace(stage.retry, **law))


_LAW_FIELDS = {field.name for field in fields(RetryLaw)}
_RECEIVER_FIELDS = {"receiver_workers", "receiver_threads", "backlog", "durability", "bodies", "response"}


def scaling(stage: Stage, repeats: int = 3, **parameter: tuple[Any, ...]) -> tuple[Stage, ...]:
    """One stage for each value of one parameter, the smallest first, all of them `repeats` times in turn.

    Interleaved, so that a machine that slows down in mid-run slows all factors alike.
    """
    ((key, values),) = parameter.items()
    return tuple(
        replace(
            _with(stage, {key: value}),
            factor=round(value / values[0]),
            repeat=repeat,
            name=f"{stage.scenario} {key}={value} #{repeat}",
        )
        for repeat in range(1, repeats + 1)
        for value in values
    )


def under_law(stages: Sequence[Stage], label: str, law: RetryLaw) -> tuple[Stage, ...]:
    """The plan with its retrying stages under `law`, once for each scenario; the others as they are."""
    plan: list[Stage] = []
    tried: set[str] = set()
    scenarios = {stage.scenario for stage in stages if stage.retry.retries}
    for stage in stages:
        if stage.scenario not in scenarios:
            plan.append(stage)
        elif stage.scenario not in tried:
            tried.add(stage.scenario)
            drain_s = min(max(stage.drain_s, law.longest_s() + 5), MAX_S)
            plan.append(replace(stage, retry=law, drain_s=drain_s, name=f"{stage.scenario} {label}"))
    return tuple(plan)


def under_strategy(stages: Sequence[Stage], strategy: str) -> tuple[Stage, ...]:
    """The plan under one strategy: of stages that compare several, those of this one are left."""
    met: dict[str, set[str]] = {}
    for stage in stages:
        met.setdefault(stage.scenario, set()).add(stage.strategy)
    compared = {scenario for scenario, strategies in met.items() if len(strategies) > 1}
    return tuple(
        stage if stage.scenario in compared else replace(stage, strategy=strategy)
        for stage in stages
        if stage.scenario not in compared or stage.strategy == strategy
    )
