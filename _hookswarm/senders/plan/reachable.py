"""Whether anything listens where the deliveries of a run are to go: tried before anything is sent."""

import socket
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat

from _hookswarm.common.wording import and_more
from _hookswarm.protocol.regions import Balancer, Region, address_of

SHOWN = 5
"""Of hosts that are refused, or not reached; the others are counted."""
MOST_TRIED = 256
"""Hosts of endpoints that are tried before a run."""


def unreachable(regions: Sequence[Region], balancer: Balancer | None = None, timeout_s: float = 3) -> list[str]:
    """A phrase for each region that no TCP connection reaches, or whose control API none does; and for a balancer's."""
    named = [(f"region {region.name}", url) for region in regions for url in (region.url, region.control) if url]
    named += [(f"balancer {name}", url) for name, url in balancer.haproxy.items()] if balancer else []
    with ThreadPoolExecutor(64) as pool:  # at once: the last of many must not wait for all before it
        faults = list(pool.map(_connect_fault, [url for _, url in named], repeat(timeout_s)))
    return [f"{name}: {fault}" for (name, _), fault in zip(named, faults, strict=True) if fault]


def unreachable_hosts(hosts: Sequence[str], timeout_s: float = 3) -> list[str]:
    """The same of endpoints' hosts, as `https://host`: of very many a part, spread evenly, and the first few told."""
    looked_at = hosts[:: -(-len(hosts) // MOST_TRIED)]
    with ThreadPoolExecutor(64) as pool:
        found = [fault for fault in pool.map(_connect_fault, looked_at, repeat(timeout_s)) if fault]
    told = [f"endpoints: {fault}" for fault in found[:SHOWN]]
    more = f"endpoints:{and_more(len(found) - SHOWN, 'hosts are not reached')}: start them, or leave their rows out"
    return told + [more] * (len(found) > SHOWN)


def unreachable_addresses(name: str, addresses: Mapping[str, str], timeout_s: float = 3) -> list[str]:
    """The same of a service's addresses, by their names in its table."""
    faults = {key: _connect_fault(url, timeout_s) for key, url in addresses.items()}
    return [f"{name}: {key}: {fault}" for key, fault in faults.items() if fault]


def _connect_fault(url: str, timeout_s: float) -> str:
    host, port = address_of(url)
    try:
        socket.create_connection((host, port), timeout=timeout_s).close()
    except (OSError, UnicodeError) as error:
        said = getattr(error, "strerror", None) or error
        return f"cannot reach {host}:{port}: {said}: start it, or check the address"
    return ""
