"""The runs of one repeat, as the product's own commands: capacity first, what else is measured is at half of it."""

import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from _hookswarm.common.errors import ConfigError
from _hookswarm.common.toml import read_toml
from _hookswarm.senders.service.filling import names_in
from _hookswarm.senders.service.table import load_service

HERE = Path(__file__).parent
CHECKOUT = HERE.parents[1]
PAYLOAD = HERE / "payload.json"
"""1 kB of JSON, as it is published."""
DEFAULT = "default"
WEBHOOKS = 100
SHARE = 0.5
"""Of the capacity."""
PEAK = 20.0
"""Times the rate: what a burst may be of it."""
PILE_PER_S = 500.0
"""More than the capacity: so much waits for every second until a restart, which comes after two at least."""


class Wrong(NamedTuple):
    """What is wrong when an event is published, or before."""

    env: Mapping[str, str] = {}
    """Variables of the environment that are others."""
    replace: str = ""
    """A part of the body that is published …"""
    by: str = ""
    """… and what stands in its place; `{filler}` is as long as `filler_bytes` says."""
    filler_bytes: int = 0


class Own(NamedTuple):
    """A service as it is measured."""

    name: str
    processes: Sequence[str]
    stores: str
    configurations: Mapping[str, str]
    """By name, what was set."""
    wrong: Mapping[str, Wrong]
    """By what it is."""


class Run(NamedTuple):
    """A run of a repeat."""

    test: str
    options: Sequence[str] = ()
    short: bool = True
    """Whether it is played in its short form."""
    faster: float = 0.0
    """Than the capacity, a second; 0: at a share of it."""


CAPACITY = "capacity"
RUNS: Mapping[str, Run] = {
    CAPACITY: Run("scalability"),
    "load": Run("load", ("--stages", "bursts,backlog,sustained")),
    "isolation": Run("load", ("--stages", "isolation baseline,isolation"), short=False),
    "performance": Run("performance", ("--stages", "retry outage,conformance*")),
    "resource": Run("resource", ("--stages", "sustained memory payload=1000,cpu users=1,cpu users=16"), short=False),
    "restarts": Run("load", ("--stages", "restart *"), faster=PILE_PER_S),
}
"""By name, in the order of a repeat."""


def services() -> dict[str, Own]:
    """All that are measured, by name."""
    told = read_toml(HERE / "services.toml")
    return {
        name: Own(name, **{**fields, "wrong": {what: Wrong(**one) for what, one in fields["wrong"].items()}})
        for name, fields in told.items()
    }


def table_of(service: str, configuration: str) -> str:
    """What `--service` is: a configuration that keeps other promises has a table of its own."""
    own = HERE / f"{service}-{configuration}.toml"
    return str(own.relative_to(CHECKOUT)) if own.exists() else service


def options_of(run: Run, table: str, own: Own, seed: int, capacity: float | None, full: bool) -> list[str]:
    """The options of the product's command, without where it keeps its files. `capacity`: events a second."""
    options = ["--service", table, "--test", run.test, *run.options, "--seed", str(seed)]
    options += ["--quick"] * (run.short and not full)
    options += ["--webhooks", str(WEBHOOKS), "--payloads", str(PAYLOAD.relative_to(CHECKOUT))]
    options += ["--watch-name", ",".join(own.processes)]
    if capacity is not None:
        rate = capacity + run.faster if run.faster else capacity * SHARE
        options += ["--rate", f"{rate:.3g}"]
        if run.test == "load":
            options += ["--max-rate", f"{rate * PEAK:.3g}"]
    return options


def command(options: Sequence[str], folder: Path) -> list[str]:
    """The product's command, with its files in `folder`."""
    files = ["--results", str(folder / "results"), "--output", str(folder)]
    return [sys.executable, str(CHECKOUT / "run_webhook_performance_tests.py"), *options, *files]


def address_of(name: str) -> dict[str, str]:
    """By what variable a service's table finds it, as `$HOOKSWARM_<NAME>_URL` has it. Raises ConfigError."""
    variable = f"HOOKSWARM_{name.upper()}_URL"
    url = os.environ.get(variable)
    if not url:
        raise ConfigError([f"${variable} is not set: start {name}, and set it to where events are published"])
    return {publishes_at(name): url}


def publishes_at(name: str) -> str:
    """The variable of a table's environment that says where its events are published."""
    service = load_service(name)
    [address] = set(names_in(service.publish.request)) & set(service.addresses)
    found = re.match(r"\$\{(\w+)", service.addresses[address])
    assert found
    return found[1]
