"""What a user can set: on the command line, and in Locust's start form."""

import argparse
import re
from collections.abc import Mapping, Sequence
from copy import copy
from typing import Any

from _hookswarm.common.errors import ConfigError
from _hookswarm.protocol.acceptance import FORMS
from _hookswarm.protocol.providers import DEFAULT
from _hookswarm.senders.service.names import service_names

TRANSPORTS = ("wire", "httpx")
LINKS = ("modelled", "real")
EXPECT_S = 60
"""How long a master waits for its sending processes, where nobody said (`--expect-workers-max-wait`)."""

GROUPS = {
    "What is played": (
        "quick", "stages", "duration", "rate", "max_rate", "strategy", "seed", "replay", "no_replay", "keep_going",
    ),
    "Where it goes": (
        "target", "endpoints", "service", "webhooks", "keep_endpoints", "advertise", "allow_remote", "regions",
        "links", "transport", "connect_timeout", "response_timeout", "ca_file", "cert", "key", "no_probe",
    ),
    "What is sent": ("provider", "rotate_at", "header", "payloads", "accept"),
    "Retries": ("retry_profile", "retry_profiles", "time_scale"),
    "What is recorded": (
        "observe", "watch", "watch_name", "memory_limit", "allow_worker_loss", "no_default_checks", "results",
    ),
}  # fmt: skip
"""The start form's headings, and the options under each."""
OPTIONS = tuple(name for names in GROUPS.values() for name in names)
VARIABLES = {name: f"LOCUST_{name.upper()}" for name in OPTIONS}
"""Where plain Locust reads them, too, as it does its own."""
NO_HOST = "each region's receiver"
"""What Locust's page shows where it asks for a host, and nobody named one."""


CHECK = "check"
"""What the start form has beside them: what the run is held to."""
REPEATABLE = ("header", "accept")
"""What may be given often."""
NOT_IN_FORM = ("regions", "observe", "advertise")
"""What the start form shows as fixed. Each region has senders of its own, which are there once Locust runs; and whoever
reaches the page must not run a command, nor have a service deliver elsewhere than to the receivers that were started.
"""
NO_FILE_IN_FORM = ("service",)
"""What the start form may change to a name, and to no file: that may name commands, and variables to be sent."""


class Empty(str):
    """What an option is that was given, and is empty: most often a shell's variable that nobody set."""

    __slots__ = ()


class _Filled(argparse.Action):
    """Keeps an empty text apart from none."""

    def __call__(self, _parser: Any, namespace: argparse.Namespace, value: Any, _option: str | None = None) -> None:
        setattr(namespace, self.dest, value if value.strip() else Empty())


def empty_options(options: argparse.Namespace) -> list[str]:
    """The flags of those that are."""
    return [_flag(name) for name in OPTIONS if isinstance(getattr(options, name, None), Empty)]


def empty_faults(flags: Sequence[str]) -> list[str]:
    """A phrase about options that are empty, if there are any."""
    if not flags:
        return []
    them = "is empty: set the variable that it comes" if len(flags) == 1 else "are empty: set the variables they come"
    return [f"{', '.join(flags)} {them} from, or leave {'it' if len(flags) == 1 else 'them'} out"]


class _Lines(argparse._AppendAction):
    """An option that may be given often. It is kept as text, a line each: Locust's form takes lists apart at commas."""

    def __call__(self, _parser: Any, options: argparse.Namespace, value: Any, _option: str | None = None) -> None:
        before = getattr(options, self.dest)
        if isinstance(before, Empty) or not value.strip():
            setattr(options, self.dest, Empty())
            return
        line = value.replace("\n", "\r")  # a break within one is none between two: whoever reads it will refuse it
        setattr(options, self.dest, f"{before}\n{line}" if before else line)


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options that Locust and the runner share. Not in argparse's groups: Locust's start form leaves those out."""

    def add(flag: str, **how: Any) -> None:
        if isinstance(how.get("default"), str) and not {"choices", "action"} & {*how}:
            how["action"] = _Filled
        parser.add_argument(flag, **how)

    add("--quick", action="store_true", help="the short form of the test")
    add("--stages", metavar="NAMES", default="", help="only these, by comma: 'sustained,retry *'")
    add("--duration", metavar="TIME", default="", help="of the sustained stages: 90s, 30m, 2h …")
    add("--rate", metavar="R", default="", help="base rate of open arrivals, a second (default: as planned)")
    add("--max-rate", metavar="M", default="", help="attempts a second at most, of every stage (with --target: R)")
    add("--strategy", metavar="NAME", default="", help="how a region is chosen, in stages that compare no strategies")
    add("--seed", type=int, default=1, help="of schedules and payloads (default: 1)")
    add("--replay", action="store_true", help="disturbed stages once more beyond loopback, too: a third more at most")
    add("--no-replay", action="store_true", help="play no stage twice, however disturbed")
    add("--keep-going", action="store_true", help="play on after a stage in which every delivery failed")
    add("--target", metavar="URL", default="", help="your own endpoint, in place of our receivers")
    add("--endpoints", metavar="FILE", default="", help="a URL, secret … for each webhook: CSV or NDJSON")
    add("--service", metavar="NAME", default="", help="through a delivery service: convoy, outpost …, or a TOML file")
    add("--webhooks", metavar="N", default="", help="endpoints that it is set up with, at most (default: as planned)")
    add("--keep-endpoints", action="store_true", help="leave them at that service, and use them again in the next run")
    add("--advertise", metavar="URL", default="", help="how that service reaches our receivers, if not over loopback")
    add("--allow-remote", action="store_true", help="load a target beyond loopback: it is yours")
    add("--regions", metavar="TOML", default="", help="table of regions (default: one, 'local')")
    add("--links", choices=LINKS, default="modelled", help="real: the regions are far apart by themselves")
    add("--transport", choices=TRANSPORTS, default="wire", help="httpx: HTTP/2 and proxies")
    add("--connect-timeout", type=float, default=0.0, metavar="S", help="seconds; 0: as the provider does, or 5")
    add("--response-timeout", type=float, default=0.0, metavar="S", help="seconds; 0: as the provider does, or 15")
    add("--ca-file", metavar="PEM", default="", help="certificate authority of an https target")
    add("--cert", metavar="PEM", default="", help="our certificate, for an https target that wants one")
    add("--key", metavar="PEM", default="", help="its private key, unless it is in the same file")
    add("--no-probe", action="store_true", help="send no event ahead to see whether the target accepts it")
    add(
        "--provider",
        metavar="NAME",
        default=DEFAULT,
        help="sign and frame as it does: github, stripe …, or a TOML file",
    )
    add("--rotate-at", metavar="TIME", default="", help="after each stage's start $HOOKSWARM_SECRET_NEXT signs alone")
    add("--header", action=_Lines, default="", metavar="LINE", help="'Name: value', or ${VARIABLE} in it; repeatable")
    add("--payloads", metavar="PATH", default="", help="bodies to send: a file, a folder, or mix.toml")
    add("--accept", action=_Lines, default="", metavar="RULE", help=f"what counts as accepted: {FORMS}; repeatable")
    add("--retry-profile", metavar="NAME", default="", help="retry as this sender does: svix …; 'provider': as it does")
    add("--retry-profiles", metavar="TOML", default="", help="your own table of retry profiles")
    add("--time-scale", type=float, default=1.0, metavar="X", help="of that profile's delays: 0.001 …")
    add("--observe", metavar="URL|COMMAND", default="", help="counts effects: a number, or JSON and #path.to.it")
    add("--watch", metavar="PIDS", default="", help="your server's processes, by comma: logged beside ours")
    add("--watch-name", metavar="NAMES", default="", help="the same by their programs' names")
    add("--memory-limit", metavar="SIZE", default="", help="a process may have: 512MB (default: the machine's)")
    add("--allow-worker-loss", action="store_true", help="a lost sending process does not void a run")
    add("--no-default-checks", action="store_true", help="a run may lose, corrupt, repeat, and have errors")
    add("--results", metavar="DIR", default="results", help="where runs are kept (default: results)")


def name_variables(parser: argparse.ArgumentParser) -> None:
    """Let Locust's parser, which is configargparse's, read our options' variables."""
    for action in parser._actions:
        if action.dest in VARIABLES:
            setattr(action, "env_var", VARIABLES[action.dest])  # noqa: B010  # plain argparse's has no such attribute


def at_host(options: argparse.Namespace) -> argparse.Namespace:
    """Locust's `--host` is our `--target`. Raises ConfigError where both are given, and differ."""
    host = getattr(options, "host", None)
    if not host or host in (NO_HOST, options.target):
        return options
    if options.target:
        raise ConfigError([f"--host {host} and --target {options.target} are the same option: leave one out"])
    changed = copy(options)
    changed.target = host
    return changed


def lines_of(text: str) -> list[str]:
    """What an option holds that may be given often."""
    lines = text.replace("\r\n", "\n").split("\n")  # as a browser sends them
    return [line.strip(" \t") for line in lines if line.strip()]


def to_arguments(options: argparse.Namespace) -> list[str]:
    """The command line that gives these options again."""
    arguments = []
    for name in OPTIONS:
        value, flag = getattr(options, name), _flag(name)
        if name in REPEATABLE:
            arguments += [f"{flag}={line}" for line in lines_of(value)]
        elif value is True:
            arguments.append(flag)
        elif value is not False and value != "":
            arguments.append(f"{flag}={value}")
    return arguments


def from_form(options: argparse.Namespace, form: Mapping[str, str]) -> tuple[argparse.Namespace, list[str]]:
    """The options as the start form has changed them, and what is wrong with those that it leaves as they were."""
    changed, faults = copy(options), []
    if "host" in form:
        changed.host = form["host"]
    for name in OPTIONS:
        if name not in form:
            continue
        kind, text = type(getattr(options, name)), form[name]
        if name in NOT_IN_FORM and text != getattr(options, name):
            faults.append(f"{_flag(name)} is fixed while Locust runs: start Locust with another")
            continue
        if name in NO_FILE_IN_FORM and text not in (getattr(options, name), "", *service_names()):
            there = f"write one of {', '.join(service_names())}" if service_names() else "leave it as it is"
            faults.append(f"{_flag(name)}: {text!r} is no service that is shipped: {there}, or start Locust with it")
            continue
        if name in REPEATABLE:
            text = "\n".join(line.strip() for line in text.splitlines() if line.strip())
            known = lines_of(getattr(options, name))  # else whoever reaches the page could have any variable sent
            strange = [line for line in lines_of(text) if "${" in line and line not in known]
            faults += [f"--{name}: {line!r} reads the environment: start Locust with it" for line in strange]
            if strange:
                continue
        try:
            setattr(changed, name, text == "true" if kind is bool else kind(text))
        except ValueError:
            faults.append(f"{_flag(name)}: {text!r} is no {'whole ' if kind is int else ''}number")
    return changed, faults


def field_of(fault: str) -> str:
    """The option that a fault is about: the first that it names; empty: it names none of them."""
    flags = re.findall(r"--([a-z][a-z-]*)", fault)
    names = (flag.replace("-", "_") for flag in flags)
    return next((name for name in names if name in (*OPTIONS, CHECK)), "")


def _flag(name: str) -> str:
    return f"--{name.replace('_', '-')}"
