"""Where the deliveries of a run go, as the options say: receivers of ours, a target, or endpoints of a file."""

import argparse
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from _hookswarm.common.errors import ConfigError
from _hookswarm.protocol.providers import Provider
from _hookswarm.protocol.regions import (
    DEFAULT_TABLE,
    Region,
    RegionTable,
    address_of,
    check_url,
    is_loopback,
    load_table,
)
from _hookswarm.senders.plan.endpoint_files import File, parse_endpoints
from _hookswarm.senders.plan.endpoints import EndpointTable
from _hookswarm.senders.plan.reachable import SHOWN


def region_table(options: argparse.Namespace, endpoints: EndpointTable | None) -> RegionTable:
    """The regions that are sent to; a target of somebody else is one. Raises ConfigError."""
    given = [f"--{name}" for name in ("target", "endpoints", "regions") if getattr(options, name)]
    if len(given) > 1:
        raise ConfigError([f"{' and '.join(given)} cannot be used together: leave all but one out"])
    if options.endpoints:
        origin = endpoints.hosts[0] if endpoints else "http://127.0.0.1"
        table = RegionTable(region=(Region(name="target", url=f"{origin}/"),))
    elif options.target:
        try:
            table = RegionTable(region=(Region(name="target", url=check_url(options.target)),))
        except ValueError as error:
            raise ConfigError([f"--target: {error}"]) from None
    elif options.regions:
        try:
            table = load_table(Path(options.regions))
        except ConfigError as error:
            raise ConfigError([f"--regions {fault}" for fault in error.faults]) from None
    else:
        table = load_table(DEFAULT_TABLE)
    remote = beyond_loopback(urls_of(table, endpoints))
    if remote and not options.allow_remote:
        refused = [f"{url} is beyond loopback: if it is yours to load, add --allow-remote" for url in remote[:SHOWN]]
        raise ConfigError(
            refused
            + [f"so are {len(remote) - SHOWN:,} more hosts: add --allow-remote for them, too"] * (len(remote) > SHOWN)
        )
    if strange := [url for url in urls_of(table) if not url.isascii()]:
        raise ConfigError([f"{url}: write it in ASCII (punycode, percent-encoding)" for url in strange])
    return table


def all_ours(regions: Sequence[Region]) -> bool:
    """Whether all receivers are ours: those that have a control API."""
    return all(region.control for region in regions)


def load_endpoints(
    options: argparse.Namespace, read: Callable[[Path], File | None], provider: Provider | None
) -> EndpointTable | None:
    """Those of `--endpoints`; None where `read` says that they are yet to come. Raises ConfigError."""
    path = Path(options.endpoints)
    file = read(path)
    if file is None:
        return None
    with file:
        return parse_endpoints(file, path, provider)


def urls_of(table: RegionTable, endpoints: EndpointTable | None = None) -> Sequence[str]:
    """Every address that is sent to; of endpoints their hosts."""
    if endpoints:
        return endpoints.hosts
    return [*(region.url for region in table.region), *(table.balancer.haproxy.values() if table.balancer else ())]


def beyond_loopback(urls: Sequence[str]) -> list[str]:
    """Those of them that are on other machines."""
    hosts = {address_of(url)[0] for url in urls}
    with ThreadPoolExecutor(64) as pool:  # a name service may take seconds, and there may be thousands of hosts
        near = dict(zip(hosts, pool.map(is_loopback, hosts), strict=True))
    return [url for url in urls if not near[address_of(url)[0]]]
