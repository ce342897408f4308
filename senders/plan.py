"""The plan of a run: a test's stages under the settings."""

from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from itertools import compress
from typing import NamedTuple

from protocol.errors import ConfigError
from senders.arrivals import at_rate
from senders.settings import Settings
from senders.stages import Stage, check_plan, under_law


class Plan(NamedTuple):
    stages: tuple[Stage, ...]
    left_out: tuple[str, ...]
    """Names of stages that need receivers of ours."""


def make_plan(stages: Sequence[Stage], settings: Settings) -> Plan:
    """The stages that can be run. Raises ConfigError that names every fault of the plan."""
    if settings.law:
        stages = under_law(stages, *settings.law)
    if settings.stages:
        stages = _named(stages, settings.stages)
    if settings.duration_s is not None:
        stages = [replace(stage, duration_s=settings.duration_s) if stage.stretch else stage for stage in stages]
    if settings.rate is not None:
        stages = [replace(stage, arrivals=at_rate(stage.arrivals, settings.rate)) for stage in stages]
    check_plan(stages)
    ours = all(region.control for region in settings.regions)
    played = tuple(stage for stage in stages if ours or not _needs_ours(stage))
    if not played:
        raise ConfigError(["every stage of this test needs receivers of ours: for faults, or to change them"])
    return Plan(played, tuple(stage.name or stage.scenario for stage in stages if stage not in played))


def _named(stages: Sequence[Stage], patterns: Sequence[str]) -> list[Stage]:
    names = [stage.name or stage.scenario for stage in stages]
    if strange := [pattern for pattern in patterns if not any(fnmatchcase(name, pattern) for name in names)]:
        raise ConfigError([f"--stages: none is named {', '.join(map(repr, strange))}; there are: {', '.join(names)}"])
    chosen = [any(fnmatchcase(name, pattern) for pattern in patterns) for name in names]
    return list(compress(stages, chosen))


def _needs_ours(stage: Stage) -> bool:
    return bool(stage.order().parts()) or stage.receiver_workers is not None
