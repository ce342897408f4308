"""What a run through a service would ask it, step by step."""

from collections.abc import Iterator

from _hookswarm.common.wording import first_of
from _hookswarm.runner.plans import Outlook, Prepared
from _hookswarm.senders.plan.plan import NAMES_SHOWN
from _hookswarm.senders.plan.serviced import addresses_of
from _hookswarm.senders.service.account import open_account
from _hookswarm.senders.service.endpoints import endpoint_urls
from _hookswarm.senders.service.rehearsing import Rehearsal
from _hookswarm.senders.service.table import Service

SAMPLE = b"msg_00000000_ffff_0_0"
"""An event's id."""


def service_told(outlook: Outlook, prepared: Prepared, service: Service) -> Iterator[str]:
    """Where each test would publish, and for the first of them each step, and an event's request in full."""
    settings = prepared.settings
    addresses = ", ".join(addresses_of(service).values())
    for name, one in outlook.tests.items():
        count = _webhooks(one)
        at = first_of([f"{region.name} {region.url}" for region in one.settings.regions], NAMES_SHOWN)
        at = f"receivers that it starts here: {at}" if outlook.starts else at
        yield f"{name} would publish to {service.name}, {addresses}, for {count:,} endpoints at {at}"
    urls = endpoint_urls(settings.regions, _webhooks(prepared), settings.advertise)
    rehearsal = Rehearsal(service, open_account(service, urls, "dry-run"))
    yield "\nset-up:"
    yield from (f"  {line}" for line in rehearsal.setup())
    stage = prepared.plan.stages[0]
    if settings.captured:
        yield f"\npayloads: {settings.captured.told()}"
    yield f"\nthe first event, of {stage.name!r}:\n"
    yield from rehearsal.publish(settings.payloads(stage).body(SAMPLE, 0)).splitlines()
    yield "\nteardown:"
    yield from (f"  {line}" for line in rehearsal.teardown())


def _webhooks(prepared: Prepared) -> int:
    return max(stage.webhooks for stage in prepared.plan.stages)
