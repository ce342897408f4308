"""`hookswarm-receiver`: one region's receiver. `hookswarm-receiver fleet`: every region of a table."""

import argparse
import os
import socket
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from pydantic import ValidationError

from _hookswarm import __version__, called
from _hookswarm.common.arguments import VERSION_HELP, Parser, check_command
from _hookswarm.common.errors import ConfigError
from _hookswarm.common.plain import what_to_write
from _hookswarm.common.wording import error_line
from _hookswarm.protocol.credentials import configured_token, control_token, signing_secrets
from _hookswarm.protocol.providers import DEFAULT, load_provider
from _hookswarm.protocol.regions import DEFAULT_TABLE, Region, address_of, is_loopback, load_table
from _hookswarm.protocol.setup import MAX_BACKLOG, MAX_THREADS, MAX_WORKERS
from _hookswarm.receiver.config import Durability, ReceiverConfig, Server
from _hookswarm.records.exit_codes import Exit

THREADS = 8
"""Threads by default. Granian reads a body in a thread and has no time limit for it, so a client that stalls inside
its body holds one: with a single thread it would stop everybody. Threads start as they are needed."""

_T = TypeVar("_T")

FSYNC_THREADS = 16
"""The same with `--durability fsync`: requests that wait together share one fsync."""

LIMITS = {
    "port": (1, 65535),
    "control_port": (1, 65535),
    "workers": (1, MAX_WORKERS),
    "threads": (1, MAX_THREADS),
    "backlog": (1, MAX_BACKLOG),
    "max_body": (0, 1 << 30),
}


def _number(text: str) -> int | str:
    """A whole number; anything else stays as it is, for `_number_faults` to name together with all other faults."""
    return int(text) if text.lstrip("-").isdecimal() and len(text) < 20 else text


def _common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--version", action="version", version=f"hookswarm {__version__}", help=VERSION_HELP)
    serving = parser.add_argument_group("How it serves")
    serving.add_argument(
        "--server",
        type=Server,
        choices=list(Server),
        default=Server.GRANIAN,
        help="Serve with this HTTP server. The default is %(default)s.",
    )
    serving.add_argument(
        "--workers", type=_number, default=1, metavar="N", help="Serve with this many processes. The default is 1."
    )
    serving.add_argument(
        "--threads",
        type=_number,
        metavar="N",
        help=f"Give each process this many threads. The default is {THREADS}, or {FSYNC_THREADS} with fsync.",
    )
    serving.add_argument(
        "--backlog",
        type=_number,
        default=1024,
        metavar="N",
        help="Let this many connections wait to be accepted. The default is %(default)s.",
    )
    serving.add_argument(
        "--provider",
        default=DEFAULT,
        metavar="NAME",
        help="Verify signatures as this provider makes them: github, stripe … or a TOML file. "
        "The default is %(default)s.",
    )
    serving.add_argument(
        "--max-body",
        type=_number,
        default=1 << 20,
        metavar="BYTES",
        help="Refuse bodies that are larger than this. The default is 1 MiB.",
    )
    kept = parser.add_argument_group("What it keeps")
    kept.add_argument(
        "--results",
        type=Path,
        default=Path("results"),
        metavar="DIR",
        help="Keep runs in this folder. The default is %(default)s.",
    )
    kept.add_argument(
        "--durability",
        type=Durability,
        choices=list(Durability),
        default=Durability.OS,
        help="What an acknowledged arrival must survive: nothing (memory), a killed process (os), or a power cut "
        "(fsync). The default is %(default)s.",
    )
    kept.add_argument(
        "--bodies", action="store_true", help="Keep the bodies in bodies-*.ndjson, so that --payloads can send them."
    )


def _prog() -> str:
    return called(sys.argv[0], "hookswarm.receiver")


def make_parser() -> argparse.ArgumentParser:
    """What one receiver takes."""
    parser = Parser(
        prog=_prog(),
        description=f"A webhook receiver that keeps a journal. '{_prog()} fleet --help' tells how to start several.",
        epilog="The signing secret and the control token come from $HOOKSWARM_SECRET and $HOOKSWARM_TOKEN, from the "
        "files that $HOOKSWARM_SECRET_FILE and $HOOKSWARM_TOKEN_FILE name, or are made in .hookswarm/.",
    )
    place = parser.add_argument_group("Where it listens")
    place.add_argument(
        "--region", default="local", metavar="NAME", help="The region's name. The default is %(default)s."
    )
    place.add_argument("--host", default="127.0.0.1", help="Take webhooks at this address. The default is %(default)s.")
    place.add_argument("--port", type=_number, default=8101, help="Take them on this port. The default is %(default)s.")
    place.add_argument(
        "--control-host",
        default="127.0.0.1",
        help="Listen for control calls at this address. Beyond loopback it needs a token that you set. "
        "The default is %(default)s.",
    )
    place.add_argument(
        "--control-port",
        type=_number,
        default=8201,
        help="Listen for control calls on this port. The default is %(default)s.",
    )
    _common(parser)
    return parser


def make_fleet_parser() -> argparse.ArgumentParser:
    """What `fleet` takes."""
    parser = Parser(prog=f"{_prog()} fleet", description="Run every region of a TOML table.")
    parser.add_argument(
        "table",
        type=Path,
        nargs="?",
        default=DEFAULT_TABLE,
        metavar="TOML",
        help="The table of regions. The default has one region, 'local'.",
    )
    _common(parser)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    argv = sys.argv[1:] if argv is None else argv
    try:
        check_command(argv, ("fleet",))
        return _fleet(make_fleet_parser().parse_args(argv[1:])) if argv[:1] == ["fleet"] else _single(argv)
    except ConfigError as error:
        print(error_line(error), file=sys.stderr)
        return Exit.USAGE


def _single(argv: Sequence[str]) -> int:
    from _hookswarm.receiver.supervisor import DataPlaneError, Supervisor

    options = make_parser().parse_args(argv)
    faults = _number_faults(options)
    region = _region(options, faults)
    listens = [(options.host, options.port), (options.control_host, options.control_port)]
    told = " ".join(faults)  # a host that is none is named there
    faults += _faults(options, [(host, port) for host, port in listens if _is_port(port) and repr(host) not in told])
    if not is_loopback(options.control_host) and _try(configured_token, faults) is None:
        faults.append(f"--control-host {options.control_host} is beyond loopback: set $HOOKSWARM_TOKEN first")
    if faults or region is None:
        raise ConfigError(list(dict.fromkeys(faults)))
    config = ReceiverConfig(
        region=region.name,
        host=options.host,
        port=options.port,
        results=options.results,
        provider=options.provider,
        state=Path(),
        durability=options.durability,
        server=options.server,
        workers=options.workers,
        threads=options.threads or (FSYNC_THREADS if options.durability is Durability.FSYNC else THREADS),
        backlog=options.backlog,
        bodies=options.bodies,
        max_body=options.max_body,
    )
    try:
        Supervisor(config).serve(options.control_host, options.control_port, control_token())
    except (DataPlaneError, OSError) as error:
        print(f"error: receiver {region.name}: {error}", file=sys.stderr)
        return Exit.FAIL
    return Exit.PASS


def _fleet(options: argparse.Namespace) -> int:
    from _hookswarm.receiver.fleet import run_fleet, table_faults  # it needs httpx, and one receiver does not

    faults = _number_faults(options)
    table = _try(lambda: load_table(options.table), faults)
    faults += table_faults(table) if table else []
    urls = [url for region in (table.region if table else ()) for url in (region.url, region.control) if url]
    urls += table.balancer.haproxy.values() if table and table.balancer else []
    faults += _faults(options, [address_of(url) for url in urls])
    if faults or table is None:
        raise ConfigError(faults)
    arguments = ["--durability", options.durability, "--workers", str(options.workers), "--server", options.server]
    arguments += ["--max-body", str(options.max_body), "--backlog", str(options.backlog)]
    arguments += ["--provider", options.provider]
    if options.bodies:
        arguments.append("--bodies")
    if options.threads:
        arguments += ["--threads", str(options.threads)]
    return Exit.PASS if run_fleet(table, options.results, arguments, control_token()) else Exit.FAIL


def _try(make: Callable[[], _T], faults: list[str]) -> _T | None:
    """What `make` makes, or None with its faults among ours."""
    try:
        return make()
    except ConfigError as error:
        faults += error.faults
        return None


def _number_faults(options: argparse.Namespace) -> list[str]:
    given = {name: getattr(options, name, None) for name in LIMITS}
    return [
        f"--{name.replace('_', '-')} {value}: write a whole number from {LIMITS[name][0]} to {LIMITS[name][1]}"
        for name, value in given.items()
        if value is not None and not (isinstance(value, int) and LIMITS[name][0] <= value <= LIMITS[name][1])
    ]


def _region(options: argparse.Namespace, faults: list[str]) -> Region | None:
    """The region that the options describe; a port that is no port is a fault already named, so 1 stands for it."""
    port, control_port = (port if _is_port(port) else 1 for port in (options.port, options.control_port))
    try:
        return Region(
            name=options.region,
            url=f"http://{_bracketed(options.host)}:{port}/",
            control=f"http://{_bracketed(options.control_host)}:{control_port}",
        )
    except ValidationError as error:
        flags = {"name": "region", "url": "host", "control": "control_host"}
        for item in error.errors():
            flag = flags[str(item["loc"][0])]
            mend = what_to_write(item) if flag == "region" else "write an address or a host's name"
            faults.append(f"--{flag.replace('_', '-')} {getattr(options, flag)!r}: {mend}")
        return None


def _is_port(number: int | str) -> bool:
    return isinstance(number, int) and 1 <= number <= 65535


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _faults(options: argparse.Namespace, addresses: Sequence[tuple[str, int]]) -> list[str]:
    """Everything about credentials, folders and ports that would stop the receivers, at once."""
    faults: list[str] = []
    if provider := _try(lambda: load_provider(options.provider), faults):
        _try(lambda: signing_secrets(provider), faults)
    _try(control_token, faults)
    if options.server is Server.GEVENT and options.workers != 1:
        faults.append("--server gevent runs one process: leave --workers out")
    try:
        options.results.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        faults.append(f"--results {options.results} cannot be written: {error.strerror}: name another folder")
    else:
        if not os.access(options.results, os.W_OK):
            faults.append(f"--results {options.results} cannot be written: name another folder")
    faults += [
        f"{host}:{port} is in use twice: give each a port of its own"
        for host, port in sorted({a for a in addresses if addresses.count(a) > 1})
    ]
    return faults + [fault for host, port in sorted(set(addresses)) if (fault := _port_fault(host, port))]


def _port_fault(host: str, port: int) -> str | None:
    """Why nothing can listen there, or None. Asked first, because Granian would share a port that is taken."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except UnicodeError:
        return f"cannot listen on {host}:{port}: not a host's name: write another"
    except OSError as error:
        return f"cannot listen on {host}:{port}: {error.strerror}: choose another address or port"
    return None


if __name__ == "__main__":
    sys.exit(main())
