"""A test's plan: a sequence of stages, each with fixed parameters."""

import itertools
from collections.abc import Sequence
from dataclasses import field, fields, replace
from typing import Annotated, Any

from pydantic import Field, TypeAdapter
from pydantic.dataclasses import dataclass as model

from protocol.errors import ConfigError
from protocol.faults import Delay, Faults
from senders.arrivals import Arrivals, Closed
from senders.payloads import SIZES
from senders.retry import MAX_S, RetryLaw

Count = Annotated[int, Field(ge=1, lt=1 << 32)]
Seconds = Annotated[float, Field(ge=0, le=1e7, allow_inf_nan=False)]


@model(frozen=True, config={"extra": "forbid"})
class Stage:
    """A stretch of a test.

    It delivers `events` events, or lasts `warmup_s + duration_s`; with both, whichever ends first. Only the
    window behind the warm-up counts for rates and latencies. What is still queued `drain_s` later is abandoned.
    """

    scenario: str
    users: Count = 1
    """Delivery workers over all processes: the concurrency."""
    webhooks: Count = 1
    """Subscriptions that the events go to, in turn."""
    events: Count | None = None
    duration_s: Annotated[float, Field(gt=0, le=1e7, allow_inf_nan=False)] | None = None
    warmup_s: Seconds = 0
    drain_s: Seconds = 5
    arrivals: Arrivals = field(default_factory=Closed)
    payload: str = "stripe"
    """A distribution of body sizes: see `senders.payloads`."""
    retry: RetryLaw = field(default_factory=RetryLaw)
    """How a failed attempt is repeated; by default it is not."""
    faults: Faults | None = None
    """What our receivers are told to do wrong. A stage with faults, or a response time for them, is left out where
    the receivers are not ours."""
    faults_from_s: Seconds = 0
    faults_for_s: Annotated[float, Field(gt=0, le=1e7, allow_inf_nan=False)] | None = None
    """When the faults hold, from the stage's start; None: to its end."""
    response: Delay | None = None
    """How long our receivers take to answer, faults or none; None: no longer than they must."""
    settle_s: Seconds = 0
    """Pause behind the stage in which nothing is sent: the memory that stays is read at its end."""
    name: str = ""
    """Unique in its test; `sweep` makes it of the scenario and the swept parameters."""

    @property
    def length_s(self) -> float | None:
        """Warm-up and window together, or None where only its events end it."""
        return None if self.duration_s is None else self.warmup_s + self.duration_s

    def orders(self) -> tuple[Faults | None, Faults | None]:
        """What our receivers are told: while the stage's faults hold, and before and after."""
        slow = Faults(delay=self.response) if self.response else None
        return replace(self.faults, delay=self.faults.delay or self.response) if self.faults else slow, slow


_STAGE: TypeAdapter[Stage] = TypeAdapter(Stage)


def sweep(stage: Stage, **parameters: tuple[Any, ...]) -> tuple[Stage, ...]:
    """One stage for each combination of the parameters' values, named after them.

    A parameter is a field of the stage or of its retry law: `sweep(stage, users=(1, 4), retries=(0, 3))`.
    """
    return tuple(
        replace(_with(stage, values), name=" ".join([stage.scenario, *(f"{key}={values[key]}" for key in values)]))
        for combination in itertools.product(*parameters.values())
        for values in [dict(zip(parameters, combination, strict=True))]
    )


def _with(stage: Stage, values: dict[str, Any]) -> Stage:
    law = {key: value for key, value in values.items() if key in _LAW_FIELDS}
    own = {key: value for key, value in values.items() if key not in _LAW_FIELDS}
    return replace(stage, **own, retry=replace(stage.retry, **law))


_LAW_FIELDS = {field.name for field in fields(RetryLaw)}


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


def check_plan(stages: Sequence[Stage]) -> None:
    """Raise ConfigError, with every fault, unless each stage can end, is named apart, and can be played."""
    names = [stage.name or stage.scenario for stage in stages]
    faults = [
        f"stage {name!r} has neither events nor duration_s: it would never end"
        for name, stage in zip(names, stages, strict=True)
        if stage.events is None and stage.duration_s is None
    ]
    faults += [
        f"stage {name!r}: unknown payload distribution {stage.payload!r}; there are {', '.join(SIZES)}"
        for name, stage in zip(names, stages, strict=True)
        if stage.payload not in SIZES
    ]
    faults += [
        f"stage {name!r}: {problem}"
        for name, stage in zip(names, stages, strict=True)
        for part in (stage.retry, *stage.orders())
        if part
        for problem in part.problems()
    ]
    faults += [f"two stages are named {name!r}" for name in sorted({n for n in names if names.count(n) > 1})]
    if faults or not stages:
        raise ConfigError(faults or ["a plan without stages"])


def to_plain(stage: Stage) -> dict[str, Any]:
    """A stage as plain data: for run.json, and for a message to a worker."""
    plain: dict[str, Any] = _STAGE.dump_python(stage, mode="json")
    return plain | {"name": stage.name or stage.scenario}


def from_plain(plain: dict[str, Any]) -> Stage:
    return _STAGE.validate_python(plain)
