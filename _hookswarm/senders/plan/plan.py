"""The plan of a run: a test's stages under the settings."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from itertools import compress
from typing import NamedTuple

from _hookswarm.common.errors import ConfigError
from _hookswarm.common.wording import first_of
from _hookswarm.protocol.setup import Setup
from _hookswarm.senders.plan.arrivals import at_rate
from _hookswarm.senders.plan.over_endpoints import over_endpoints, too_few
from _hookswarm.senders.plan.plan_check import check_plan
from _hookswarm.senders.plan.settings import Settings
from _hookswarm.senders.plan.stages import CUTS, Incident, Stage, named, under_law, under_strategy
from _hookswarm.senders.plan.strategies import playable

NAMES_SHOWN = 12
"""Of a test's stages, where they are told in a message."""


class NothingLeftError(ConfigError):
    """Every stage needs what is not there."""


class Plan(NamedTuple):
    """What is played of a test, in order, and what is not."""

    stages: tuple[Stage, ...]
    left_out: dict[str, str]
    """By name: what stages need that is not there."""


def arranged(stages: Sequence[Stage], settings: Settings) -> Sequence[Stage]:
    """All stages of a test by the names that `--stages` knows: a retry law and a strategy change them."""
    stages = named(stages)
    if settings.law:
        stages = under_law(stages, *settings.law)
    if settings.strategy:
        stages = under_strategy(stages, settings.strategy)
    if settings.endpoints:
        stages = over_endpoints(stages, len(settings.endpoints))
    return stages


def make_plan(stages: Sequence[Stage], settings: Settings) -> Plan:
    """The stages that can be run. Raises ConfigError that names every fault of the plan."""
    stages = arranged(stages, settings)
    if settings.stages:
        stages = _named(stages, settings.stages)
    if settings.duration_s is not None:
        stages = [replace(stage, duration_s=settings.duration_s) if stage.stretch else stage for stage in stages]
    if settings.rate is not None:
        stages = [replace(stage, arrivals=at_rate(stage.arrivals, settings.rate)) for stage in stages]
    regions = len(settings.regions)
    stages = [replace(stage, incidents=tuple(_everywhere(one, regions) for one in stage.incidents)) for stage in stages]
    check_plan(stages)
    ours, links = all(region.control for region in settings.regions), settings.links and settings.modelled
    strategies = playable(settings.balancer)
    left_out: dict[str, str] = {}
    lacking = too_few(stages, len(settings.endpoints)) if settings.endpoints else {}
    faults: list[str] = []
    for stage in stages:
        if stage.duplicate and not settings.observer:
            left_out[stage.name] = "to know how many effects there are (--observe URL|COMMAND)"
        elif stage.duplicate and stage.duplicate.kind == "ack_lost" and settings.transport != "wire":
            left_out[stage.name] = "--transport wire, to break connections off"
        elif not ours and _needs_ours(stage):
            left_out[stage.name] = "receivers of ours"
        elif stage.name in lacking:
            left_out[stage.name] = lacking[stage.name]
        elif not links and any(incident.fault in CUTS for incident in stage.incidents):
            left_out[stage.name] = "modelled links, to cut them"
        elif stage.strategy not in strategies or not (stage.links or settings.balancer):
            left_out[stage.name] = "a load balancer (--balancer haproxy)"
        elif stage.least_regions > regions:
            left_out[stage.name] = f"{stage.least_regions} regions"
        elif unknown := sorted({place for place in _befallen(stage) if place >= regions}):
            places = ", ".join(map(str, unknown))
            faults.append(f"stage {stage.name!r}: a fault on region {places}; {_there(settings)}")
    if faults:
        raise ConfigError(faults)
    played = tuple(stage for stage in stages if stage.name not in left_out)
    if not played:
        raise NothingLeftError([f"every stage of this test needs {' or '.join(sorted(set(left_out.values())))}"])
    return Plan(played, left_out)


def _everywhere(incident: Incident, regions: int) -> Incident:
    return incident if incident.regions else replace(incident, regions=tuple(range(regions)))


def _befallen(stage: Stage) -> Iterator[int]:
    """The regions that its faults are about, by their places in the table."""
    for incident in stage.incidents:
        yield from (*incident.regions, *incident.origins)


def _there(settings: Settings) -> str:
    return "there are " + ", ".join(f"{place} {region.name}" for place, region in enumerate(settings.regions))


def _named(stages: Sequence[Stage], patterns: Sequence[str]) -> list[Stage]:
    names = [stage.name for stage in stages]
    if strange := [pattern for pattern in patterns if not any(fnmatchcase(name, pattern) for name in names)]:
        raise ConfigError(
            [f"--stages: none is named {', '.join(map(repr, strange))}; there are: {first_of(names, NAMES_SHOWN)}"]
        )
    chosen = [any(fnmatchcase(name, pattern) for pattern in patterns) for name in names]
    return list(compress(stages, chosen))


def _needs_ours(stage: Stage) -> bool:
    asked = any(incident.fault not in CUTS for incident in stage.incidents)
    return asked or bool(stage.order().parts()) or stage.setup != Setup()
