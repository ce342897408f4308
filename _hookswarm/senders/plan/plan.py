"""The plan of a run: a test's stages under the settings."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from itertools import compress
from typing import NamedTuple

from _hookswarm.common.errors import ConfigError
from _hookswarm.common.wording import first_of
from _hookswarm.senders.plan.bound import Bounded, at_base_rate, at_most, told
from _hookswarm.senders.plan.calibrated import ANNOUNCED
from _hookswarm.senders.plan.elsewhere import needs_ours, undressed
from _hookswarm.senders.plan.over_endpoints import at_most_webhooks, over_endpoints, too_few
from _hookswarm.senders.plan.plan_check import check_functions, check_plan
from _hookswarm.senders.plan.restarts import with_restarts
from _hookswarm.senders.plan.serviced import most_endpoints, through_service, told_as_one, unfit_for_service
from _hookswarm.senders.plan.settings import Settings
from _hookswarm.senders.plan.stages import CUTS, Incident, Stage, named
from _hookswarm.senders.plan.strategies import playable
from _hookswarm.senders.plan.variations import under_law, under_strategy

NAMES_SHOWN = 12
"""Of a test's stages, where they are told in a message."""


class NothingLeftError(ConfigError):
    """Every stage needs what is not there."""


class Plan(NamedTuple):
    """What is played of a test, in order, and what is not."""

    stages: tuple[Stage, ...]
    left_out: dict[str, str]
    """By name: what stages need that is not there."""
    told: tuple[str, ...] = ()
    """Lines for people: what a bound of the rate made of it."""

    def skipped(self) -> Iterator[str]:
        """What is left out, for people: a line for each need."""
        for need in sorted(set(self.left_out.values())):
            names = [name for name, reason in self.left_out.items() if reason == need]
            yield f"skipped because they need {need}: {first_of(names, NAMES_SHOWN)}"


def arranged(stages: Sequence[Stage], settings: Settings) -> Sequence[Stage]:
    """All stages of a test by the names that `--stages` knows: a retry law, a strategy and rates change them."""
    return [one.stage for one in _arranged(stages, settings)]


def _arranged(stages: Sequence[Stage], settings: Settings) -> list[Bounded]:
    stages = named(stages)
    if settings.service:
        stages = with_restarts(stages, settings.service, first_only=settings.quick and not settings.stages)
    if settings.law:
        stages = under_law(stages, *settings.law)
    if settings.strategy:
        stages = under_strategy(stages, settings.strategy)
    if settings.service:
        stages = at_most_webhooks(through_service(stages), most_endpoints(settings.service, settings.webhooks))
    if settings.endpoints:
        stages = over_endpoints(stages, len(settings.endpoints))
    if settings.rate is not None:
        stages = at_base_rate(stages, settings.rate)
    if settings.bound is not None:
        return at_most(stages, settings.bound.per_s)
    return [Bounded(stage, stage) for stage in stages]


def make_plan(stages: Sequence[Stage], settings: Settings) -> Plan:
    """The stages that can be run. Raises ConfigError that names every fault of the plan."""
    bounded, planned = _arranged(stages, settings), stages
    if settings.stages:
        bounded = _named(bounded, settings.stages)
    stages = [one.stage for one in bounded]
    if settings.duration_s is not None:
        stages = [replace(stage, duration_s=settings.duration_s) if stage.stretch else stage for stage in stages]
    regions = len(settings.regions)
    stages = [replace(stage, incidents=tuple(_everywhere(one, regions) for one in stage.incidents)) for stage in stages]
    check_plan(stages, settings.functions)
    check_functions(stages, settings)
    if settings.rotation and all(stage.length_s and stage.length_s <= settings.rotation[0] for stage in stages):
        said = f"--rotate-at {settings.rotation[0]:g} s: every stage is over by then"
        raise ConfigError([f"{said}: rotate earlier, or make them longer by --duration"])
    ours, links = settings.ours, settings.links and settings.modelled
    strategies = playable(settings.balancer)
    left_out: dict[str, str] = {}
    lacking = too_few(stages, len(settings.endpoints)) if settings.endpoints else {}
    unfit = unfit_for_service(stages, settings.service, settings.quick, settings.webhooks)
    faults: list[str] = []
    for stage in stages:
        if stage.name in unfit:
            left_out[stage.name] = unfit[stage.name]
        elif stage.duplicate and not (settings.observer or settings.service):
            left_out[stage.name] = "to know how many effects there are (--observe URL|COMMAND)"
        elif stage.duplicate and stage.duplicate.kind == "ack_lost" and settings.transport != "wire":
            left_out[stage.name] = "--transport wire, to break connections off"
        elif not ours and (need := needs_ours(stage)):
            left_out[stage.name] = need
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
    played = tuple(stage if ours else undressed(stage) for stage in stages if stage.name not in left_out)
    if not played:
        raise NothingLeftError([f"every stage of this test needs {' or '.join(sorted(set(left_out.values())))}"])
    changes = told([one for one in bounded if one.stage.name not in left_out])
    as_one = told_as_one(planned, stages) if settings.service and not settings.stages else ()
    rates = (ANNOUNCED,) if settings.service and settings.rate is None else ()
    return Plan(played, left_out, (*as_one, *rates, *((settings.bound.told(), *changes) if settings.bound else ())))


def _everywhere(incident: Incident, regions: int) -> Incident:
    return incident if incident.regions else replace(incident, regions=tuple(range(regions)))


def _befallen(stage: Stage) -> Iterator[int]:
    """The regions that its faults are about, by their places in the table."""
    for incident in stage.incidents:
        yield from (*incident.regions, *incident.origins)


def _there(settings: Settings) -> str:
    return "there are " + ", ".join(f"{place} {region.name}" for place, region in enumerate(settings.regions))


def _named(stages: Sequence[Bounded], patterns: Sequence[str]) -> list[Bounded]:
    names = [one.stage.name for one in stages]
    if strange := [pattern for pattern in patterns if not any(fnmatchcase(name, pattern) for name in names)]:
        raise ConfigError(
            [f"--stages: none is named {', '.join(map(repr, strange))}: write one of {first_of(names, NAMES_SHOWN)}"]
        )
    chosen = [any(fnmatchcase(name, pattern) for pattern in patterns) for name in names]
    return list(compress(stages, chosen))
