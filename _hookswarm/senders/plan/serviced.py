"""What a run through somebody's delivery service asks of the options, and makes of the plan's stages."""

import argparse
from collections.abc import Iterator
from dataclasses import replace

from _hookswarm.common.errors import ConfigError
from _hookswarm.protocol.providers import DEFAULT
from _hookswarm.protocol.regions import RegionTable, check_url
from _hookswarm.senders.plan.captured import Captured
from _hookswarm.senders.plan.conformance import CONFORMANCE
from _hookswarm.senders.plan.destination import beyond_loopback
from _hookswarm.senders.plan.restarts import EACH
from _hookswarm.senders.plan.retry import RetryLaw
from _hookswarm.senders.plan.stages import CUTS, Stage
from _hookswarm.senders.service.account import open_account
from _hookswarm.senders.service.table import Service

MOST_ENDPOINTS = 10_000
"""That a service is set up with: each takes a request or two."""
_EXCLUDED = {
    "target": "--target is an endpoint, and --service delivers to our receivers",
    "endpoints": "--endpoints are others', and --service delivers to our receivers",
    "rotate_at": "--rotate-at is about what we sign, and --service signs itself",
    "header": "--header: write it into the service's table",
    "accept": "--accept: write it into the service's table, publish.accept",
    "retry_profile": "--retry-profile is about what we retry, and --service retries itself",
}


def service_faults(
    options: argparse.Namespace, service: Service | None, table: RegionTable | None, captured: Captured | None
) -> Iterator[str]:
    """A phrase for each option that does not go with a service, or that it cannot be used with."""
    yield from (f"{why}: leave one out" for name, why in _EXCLUDED.items() if getattr(options, name))
    if options.provider != DEFAULT:
        yield "--provider is whom we play, and --service plays itself: leave one out"
    if table and (strange := [region.name for region in table.region if not region.control]):
        yield f"--regions: {', '.join(strange)}: a service delivers to receivers of ours: give each its 'control'"
    if captured and not captured.objects:
        yield "--payloads: a service is published JSON objects, which can carry a mark: leave all others out"
    if options.advertise:
        try:
            check_url(options.advertise.format(port=1, region="a"))
        except (ValueError, KeyError, IndexError) as error:
            yield f"--advertise: {error}"
    if service:
        try:
            addresses = addresses_of(service)
        except ConfigError as error:
            yield from error.faults
            return
        for name, url in addresses.items():
            try:
                check_url(url)
            except ValueError as error:
                yield f"--service {service.name}: addresses.{name}: {error}"
                return
        if not options.allow_remote:
            for url in beyond_loopback(list(addresses.values())):
                yield f"--service {service.name}: {url} is beyond loopback; if it is yours to load, add --allow-remote"


def addresses_of(service: Service) -> dict[str, str]:
    """Its addresses by name. Raises ConfigError for variables that are not set, of whatever it needs."""
    run = open_account(service, (), "").run
    return {name: run[name] for name in service.addresses}


def through_service(stage: Stage) -> Stage:
    """A stage as it is played through a service: that retries, and chooses, itself."""
    return replace(stage, retry=RetryLaw(), links=True, max_rate=stage.max_rate)


def unfit_for_service(stage: Stage, service: Service | None) -> str:
    """What a stage needs that a run through a service has not, or one without, as a phrase; empty: nothing."""
    if not service:
        return "a delivery service (--service)" if stage.service or stage.restart else ""
    if stage.duplicate and stage.scenario != CONFORMANCE:
        return "deliveries that we repeat: a service delivers by itself"
    if stage.restart == EACH:
        return "a [restart.NAME] in the service's table"
    if stage.ours:
        return "our receivers to be what is tested: here a service is"
    if any(incident.fault in CUTS for incident in stage.incidents):
        return "modelled links, to cut them"
    most = service.most_endpoints or MOST_ENDPOINTS
    return f"more than the {most:,} endpoints that the service takes" if stage.webhooks > most else ""
