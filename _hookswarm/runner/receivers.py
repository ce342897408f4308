"""The receivers of a test, where the user brings none."""

import argparse
import re
import socket
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from _hookswarm.common.errors import ConfigError
from _hookswarm.protocol.credentials import control_token
from _hookswarm.protocol.regions import WORLD_TABLE, RegionTable, dump_table, load_table
from _hookswarm.receiver.fleet import OWN_BODIES, Fleet, balanced, on_free_ports, relocated
from _hookswarm.receiver.ports import LOOPBACK, is_free, lasting_ports
from _hookswarm.runner.interrupt import Interrupt
from _hookswarm.runner.options import theirs
from _hookswarm.runner.tests import Test
from _hookswarm.senders.service.kept import Kept, kept_file, taken_down_by
from _hookswarm.senders.service.table import load_service

CONNECTIONS = 16_384
"""That a receiver holds where a service delivers: it may keep one open for each of its endpoints."""


def own_regions(test: Test, options: argparse.Namespace) -> RegionTable:
    """The regions that are started for a test, on ports that are free now.

    Where a service delivers to endpoints that are kept, they are on the same ports in each run. Raises ConfigError
    where one of those is taken.
    """
    if not test.regions:
        regions = RegionTable(region=tuple(on_free_ports(["local"])))
    else:
        regions = relocated(load_table(WORLD_TABLE), test.regions[not options.quick])
    if options.service and options.keep_endpoints:
        return _on_kept_ports(regions, options)
    return balanced(regions) if options.balancer else regions


def _on_kept_ports(table: RegionTable, options: argparse.Namespace) -> RegionTable:
    """Where an earlier run had them; where there was none, on ports that the system gives to nobody by itself."""
    service = load_service(options.service)
    path = kept_file(Path(options.results), service, [region.name for region in table.region])
    ports = Kept.load(path).ports if path.exists() else {}
    host = listening_host(options.advertise) or LOOPBACK
    taken = [port for port in ports.values() if not is_free(port, host)]
    if taken:
        which = f"port{'s' * (len(taken) > 1)} {', '.join(map(str, taken))} of ours, where something else listens now"
        mend = f"end that, or have others set up: {taken_down_by(path)}"
        raise ConfigError([f"--keep-endpoints: {service.name} delivers to {which}: {mend}"])
    free = iter(lasting_ports(len(table.region), host, ports.values()))
    moved = []
    for region in table.region:
        port = ports.get(region.name) or next(free)
        url = urlsplit(region.url)
        moved.append(region.model_copy(update={"url": url._replace(netloc=f"{url.hostname}:{port}").geturl()}))
    return table.model_copy(update={"region": tuple(moved)})


def listening_host(advertise: str) -> str:
    """Where receivers listen that a service reaches by an address of its own: everywhere. Empty: on loopback."""
    if not advertise:
        return ""
    host = advertise.partition("//")[2].partition("/")[0]
    if re.match(r"[\d.]+(:|$)", host):
        return "0.0.0.0"
    return "::" if host.startswith("[") or socket.has_dualstack_ipv6() else "0.0.0.0"  # a name may have either address


@contextmanager
def running_receivers(test: Test, options: argparse.Namespace, interrupt: Interrupt) -> Iterator[list[str]]:
    """Start a test's receivers unless the user has some; gives the options that point Locust at them."""
    if theirs(options):
        yield []
        return
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hookswarm-")))
        log = stack.enter_context((folder / "receivers.log").open("w+b"))
        regions = own_regions(test, options)
        table = folder / "regions.toml"
        table.write_text(dump_table(regions))
        arguments = ["--results", options.results, "--provider", options.provider, *OWN_BODIES, *test.receiver]
        if options.service:
            arguments += ["--backlog", str(CONNECTIONS)]
        fleet = stack.enter_context(Fleet(regions, arguments, output=log, host=listening_host(options.advertise)))
        try:
            fleet.wait_ready(control_token(), interrupt.wanted)
        except ConfigError as error:
            said = (folder / "receivers.log").read_text().strip()[-500:]
            raise ConfigError([*error.faults, *filter(None, [said])]) from None
        watched = ",".join(filter(None, [options.watch, str(fleet.balancer_pid or "")]))
        yield [f"--regions={table}", *([f"--watch={watched}"] if watched else [])]
