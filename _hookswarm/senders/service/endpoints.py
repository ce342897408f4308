"""A service's endpoints, which are at our receivers: where each is, and what receivers are told of them.

No Locust here: the command asks, too, and to import Locust patches a process.
"""

from collections.abc import Sequence
from urllib.parse import urlsplit

from _hookswarm.protocol.identity import run_tag
from _hookswarm.protocol.regions import Region, check_url
from _hookswarm.protocol.served import Served, endpoint_path
from _hookswarm.senders.service.account import Account
from _hookswarm.senders.service.filling import fill
from _hookswarm.senders.service.table import Service


def endpoint_urls(regions: Sequence[Region], webhooks: int, advertise: str = "") -> list[str]:
    """Where each endpoint is: they are dealt to the regions in turn."""
    bases = [_base(region, advertise) for region in regions]
    return [f"{bases[webhook % len(bases)]}{endpoint_path(webhook)}" for webhook in range(webhooks)]


def advertise_faults(advertise: str) -> list[str]:
    """What is wrong with the address by which a service is to reach our receivers."""
    filled = _advertised(advertise, 1, "a")
    if {*"{}"} & {*filled}:
        return [f"--advertise {advertise}: its braces can hold {{port}} and {{region}}: write no others"]
    try:
        check_url(filled)
    except ValueError as error:
        return [f"--advertise: {error}"]
    return []


def _advertised(advertise: str, port: int | None, region: str) -> str:
    return advertise.replace("{port}", str(port)).replace("{region}", region)


def _base(region: Region, advertise: str) -> str:
    parts = urlsplit(region.url)
    if advertise:
        return _advertised(advertise, parts.port, region.name)
    return f"{parts.scheme}://{parts.netloc}"


def served_by(service: Service, account: Account, run: str = "") -> Served:
    """What receivers are told of a service that was set up; `run`: whose events are awaited there, if not all."""
    provider = service.provider
    secrets: list[str] = []
    if provider.signature:
        secrets = [fill(service.secret, account.values(webhook)) for webhook in range(len(account.endpoints))]
    told = tuple(secrets[:1] if len(set(secrets)) == 1 else secrets)
    return Served(
        provider=provider,
        secrets=told,
        shared=shared_by(service, len(account.endpoints)),
        run=run_tag(run) if run else None,
    )


def shared_by(service: Service, endpoints: int) -> int:
    """How many endpoints get each event."""
    match service.publish.fan_out:
        case "group":
            return service.group.size if service.group else 1
        case "run":
            return max(endpoints, 1)
        case "endpoint":
            return 1
