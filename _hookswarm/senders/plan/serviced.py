"""What a run through somebody's delivery service asks of the options, and makes of the plan's stages."""

import argparse
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from _hookswarm.common.errors import ConfigError
from _hookswarm.common.wording import first_of
from _hookswarm.protocol.providers import DEFAULT
from _hookswarm.protocol.regions import RegionTable, check_url
from _hookswarm.senders.plan.arrivals import Closed, Constant
from _hookswarm.senders.plan.captured import Captured
from _hookswarm.senders.plan.destination import beyond_loopback
from _hookswarm.senders.plan.restarts import EACH
from _hookswarm.senders.plan.retry import RetryLaw
from _hookswarm.senders.plan.stages import CUTS, Stage
from _hookswarm.senders.service.account import open_account
from _hookswarm.senders.service.endpoints import advertise_faults
from _hookswarm.senders.service.table import Service

MOST_ENDPOINTS = 10_000
"""That a service is set up with: each takes a request or two."""
QUICK_ENDPOINTS = 1_000
"""The same in the short form of a test."""
NAMES_SHOWN = 6
ENVELOPE_BYTES = 500
"""Around a payload, at most, in the body that publishes it."""
_SIZES = ("strategy", "processes", "receiver_workers")
"""What some scenarios compare: those are left out."""
_OURS: dict[str, Any] = {
    "strategy": "nearest",
    "processes": None,
    "receiver_workers": None,
    "durability": None,
    "bodies": None,
    "ours": False,
}
"""What is ours to choose, and here nobody does."""

_EXCLUDED = {
    "target": "--target is an endpoint, and --service delivers to our receivers: ",
    "endpoints": "--endpoints are others', and --service delivers to our receivers: ",
    "rotate_at": "--rotate-at is about what we sign, and --service signs itself: ",
    "header": "--header is for what we send, and --service sends itself: write it into its table, and ",
    "accept": "--accept is for what we send, and --service has its own: write publish.accept into its table, and ",
    "strategy": "--strategy is how our senders choose a region, and a service delivers by itself: ",
    "retry_profile": "--retry-profile is about what we retry, and --service retries itself: ",
}


def service_faults(
    options: argparse.Namespace, service: Service | None, table: RegionTable | None, captured: Captured | None
) -> Iterator[str]:
    """A phrase for each option that does not go with a service, or that it cannot be used with."""
    yield from (f"{why}leave one out" for name, why in _EXCLUDED.items() if getattr(options, name))
    if options.provider != DEFAULT:
        yield "--provider is whom we play, and --service plays itself: leave one out"
    if (
        table
        and not (options.target or options.endpoints)
        and (strange := [region.name for region in table.region if not region.control])
    ):
        yield f"--regions: {', '.join(strange)}: a service delivers to receivers of ours: give each its 'control'"
    if captured and not captured.objects:
        yield "--payloads: a service is published JSON objects, which can carry a mark: leave all others out"
    if service and captured and (most := service.publish.largest_bytes) and captured.largest > most:
        yield f"--payloads: {service.name} takes no body above {most:,} B: leave larger ones out"
    if options.advertise:
        yield from advertise_faults(options.advertise)
    if service:
        try:
            addresses = addresses_of(service)
        except ConfigError as error:
            yield from error.faults
            return
        if not options.allow_remote:
            for url in beyond_loopback(list(addresses.values())):
                yield f"--service {service.name}: {url} is beyond loopback: if it is yours to load, add --allow-remote"


def addresses_of(service: Service) -> dict[str, str]:
    """Its addresses by name. Raises ConfigError for variables that are not set, of whatever it needs, and for what is
    no URL.
    """
    run = open_account(service, (), "").run
    addresses = {name: run[name] for name in service.addresses}
    faults = []
    for name, url in addresses.items():
        try:
            check_url(url)
        except ValueError as error:
            faults.append(f"--service {service.name}: addresses.{name}: {error}")
    if faults:
        raise ConfigError(faults)
    return addresses


def through_service(stages: Sequence[Stage]) -> tuple[Stage, ...]:
    """Stages as they are played through a service: that retries, and chooses, itself, and our receivers are as strong
    as they were started. Of those that come to the same the first is left.
    """
    played: list[Stage] = []
    for stage in stages:
        if stage.service:  # made for it
            played.append(stage)
            continue
        alike = [other for other in stages if other.scenario == stage.scenario]
        bare = _bare(stage, {name for name in _OURS if len({getattr(one, name) for one in alike}) > 1})
        same = [one for one in played if replace(one, name=bare.name) == bare]
        if any(one.scenario == bare.scenario for one in same):
            continue
        taken = any(one.name == bare.name for one in played)
        played.append(replace(bare, name=stage.name) if taken else bare)
    return tuple(played)


def told_as_one(planned: Sequence[Stage], played: Sequence[Stage]) -> Iterator[str]:
    """For people: which scenarios have fewer stages than planned, and why."""
    fewer = Counter(stage.scenario for stage in planned) - Counter(stage.scenario for stage in played)
    if fewer:
        told = first_of([f"{scenario} ({count} fewer)" for scenario, count in fewer.items()], NAMES_SHOWN)
        yield f"played once, because they differ in our retries or receivers, and a service has its own: {told}"


def _bare(stage: Stage, compared: Collection[str]) -> Stage:
    """Without what is ours to choose. `compared`: the fields that its scenario compares."""
    own = {name: value for name, value in _OURS.items() if not (name in _SIZES and name in compared)}
    if stage.limits and stage.limits.over_idle_ms and not isinstance(stage.arrivals, Closed):
        # Evenly spaced events tell within seconds whether they pile up: no cluster of them is mistaken for a queue.
        own["arrivals"] = Constant(stage.arrivals.rate)
        own["limits"] = replace(stage.limits, tolerance=stage.limits.tolerance / 2)
    chosen = "|".join((*own, *(field.name for field in fields(RetryLaw))))
    name = re.sub(rf" (?:{chosen})=\S+", "", stage.name)
    return replace(stage, **own, retry=RetryLaw(), links=True, timeout_s=None, name=name)


def most_endpoints(service: Service, asked: int | None) -> int:
    """As many as it is set up with in any stage: `asked` is what --webhooks says."""
    return min(service.most_endpoints or MOST_ENDPOINTS, asked or MOST_ENDPOINTS)


def unfit_for_service(
    stages: Sequence[Stage], service: Service | None, quick: bool, asked: int | None = None
) -> dict[str, str]:
    """By the name of a stage, what it needs that a run through a service has not, or one without, as a phrase."""
    if not service:
        return {stage.name: "a delivery service (--service)" for stage in stages if stage.service or stage.restart}
    compared = {name: _comparing(stages, name) for name in _SIZES}
    needs = {stage.name: _need(stage, service, quick and not asked, asked, compared) for stage in stages}
    return {name: need for name, need in needs.items() if need}


def _comparing(stages: Sequence[Stage], field: str) -> set[str]:
    """The scenarios that compare a field's values."""
    found: dict[str, set[object]] = {}
    for stage in stages:
        found.setdefault(stage.scenario, set()).add(getattr(stage, field))
    return {scenario for scenario, values in found.items() if len(values) > 1}


def _need(stage: Stage, service: Service, quick: bool, asked: int | None, compared: Mapping[str, set[str]]) -> str:
    many, most = "", most_endpoints(service, asked)
    if stage.webhooks > most:
        many = f"more than the {most:,} endpoints that {'--webhooks allows' if most == asked else 'the service takes'}"
    restart = service.restart.get(stage.restart)
    if restart and (unset := restart.unset()):
        return f"{' and '.join(f'${name}' for name in unset)} in the environment"
    if stage.service and stage.restart != EACH:
        return many
    if stage.duplicate:
        return "deliveries that we repeat: a service delivers by itself"
    if stage.restart == EACH:
        return "a [restart.NAME] in the service's table"
    if need := _compares_ours(stage, compared):
        return need
    if any(incident.fault in CUTS for incident in stage.incidents):
        return "modelled links, to cut them"
    largest = service.publish.largest_bytes
    if largest and isinstance(stage.payload, int) and stage.payload + ENVELOPE_BYTES > largest:
        return f"payloads above the {largest:,} bytes that the service takes"
    if quick and stage.webhooks > QUICK_ENDPOINTS:
        return f"more than the {QUICK_ENDPOINTS:,} endpoints that --quick sets up at a service"
    return many


def _compares_ours(stage: Stage, compared: Mapping[str, set[str]]) -> str:
    if stage.scenario in compared["strategy"]:
        return "senders that choose a region: a service delivers to each endpoint where that is"
    if any(stage.scenario in compared[name] for name in ("processes", "receiver_workers")):
        return "sizes of our own side to compare: users are what publishes to a service"
    if not stage.reuse or stage.backlog or stage.response or stage.receiver_threads:
        return "our own connections and receivers to be what is compared: here a service is"
    return ""
