"""The receivers of a test, where the user brings none."""

import argparse
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from _hookswarm.common.errors import ConfigError
from _hookswarm.protocol.credentials import control_token
from _hookswarm.protocol.regions import WORLD_TABLE, RegionTable, dump_table, load_table
from _hookswarm.receiver.fleet import Fleet, balanced, on_free_ports, relocated
from _hookswarm.runner.interrupt import Interrupt
from _hookswarm.runner.options import theirs
from _hookswarm.runner.tests import Test

CONNECTIONS = 16_384
"""That a receiver holds where a service delivers: it may keep one open for each of its endpoints."""


def own_regions(test: Test, options: argparse.Namespace) -> RegionTable:
    """The regions that are started for a test, on ports that are free now."""
    if not test.regions:
        return RegionTable(region=tuple(on_free_ports(["local"])))
    regions = relocated(load_table(WORLD_TABLE), test.regions[not options.quick])
    return balanced(regions) if options.balancer else regions


def listening_host(advertise: str) -> str:
    """Where receivers listen that a service reaches by an address of its own: everywhere. Empty: on loopback."""
    if not advertise:
        return ""
    return "::" if "[" in advertise.partition("//")[2].partition("/")[0] else "0.0.0.0"


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
        arguments = ["--results", options.results, "--provider", options.provider, *test.receiver]
        if options.service:
            arguments += ["--backlog", str(CONNECTIONS)]
        fleet = stack.enter_context(Fleet(regions, arguments, output=log, host=listening_host(options.advertise)))
        try:
            fleet.wait_ready(control_token(), interrupt.wanted)
        except ConfigError as error:
            raise ConfigError([*error.faults, (folder / "receivers.log").read_text().strip()[-500:]]) from None
        watched = ",".join(filter(None, [options.watch, str(fleet.balancer_pid or "")]))
        yield [f"--regions={table}", *([f"--watch={watched}"] if watched else [])]
