"""The plan of a run: a test's stages under the settings."""

from collections.abc import Sequence
from typing import NamedTuple

from protocol.errors import ConfigError
from senders.settings import Settings
from senders.stages import Stage, check_plan, under_law


class Plan(NamedTuple):
    stages: tuple[Stage, ...]
    left_out: tuple[str, ...]
    """Names of stages that need faults in receivers that are not ours."""


def make_plan(stages: Sequence[Stage], settings: Settings) -> Plan:
    """The stages that can be run. Raises ConfigError that names every fault of the plan."""
    if settings.law:
        stages = under_law(stages, *settings.law)
    check_plan(stages)
    ours = all(region.control for region in settings.regions)
    played = tuple(stage for stage in stages if ours or not any(stage.orders()))
    if not played:
        raise ConfigError(["every stage of this test needs faults, and receivers of ours that play them"])
    return Plan(played, tuple(stage.name or stage.scenario for stage in stages if stage not in played))
