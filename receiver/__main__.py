"""`python -m receiver`: one region's receiver. `python -m receiver fleet`: every region of a table."""

import argparse
import os
import socket
import sys
from collections.abc import Sequence
from pathlib import Path

from protocol.credentials import configured_token, control_token, signing_key
from protocol.errors import ConfigError
from protocol.regions import DEFAULT_TABLE, Region, address_of, is_loopback, load_regions
from receiver.config import Durability, ReceiverConfig, Server
from receiver.fleet import run_fleet
from records.exit_codes import Exit

FSYNC_THREADS = 16
"""Threads by default with `--durability fsync`: requests that wait together share one fsync."""


def _common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--results", type=Path, default=Path("results"), metavar="DIR", help="where runs are kept")
    parser.add_argument(
        "--durability",
        type=Durability,
        choices=list(Durability),
        default=Durability.OS,
        help="what an acknowledged arrival survives: nothing, a killed process, a power cut (default: %(default)s)",
    )
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="data-plane processes (default: 1)")
    parser.add_argument("--threads", type=int, metavar="N", help="threads a process (default: 1; 16 with fsync)")
    parser.add_argument("--max-body", type=int, default=1 << 20, metavar="BYTES", help="default: 1 MiB")
    parser.add_argument("--server", type=Server, choices=list(Server), default=Server.GRANIAN)


def _single_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m receiver",
        description="A webhook receiver that keeps a journal. 'python -m receiver fleet --help': several at once.",
        epilog="The signing secret and the control token come from $HOOKSWARM_SECRET and $HOOKSWARM_TOKEN, from the "
        "files that $HOOKSWARM_SECRET_FILE and $HOOKSWARM_TOKEN_FILE name, or are made in .hookswarm/.",
    )
    parser.add_argument("--region", default="local", metavar="NAME")
    parser.add_argument("--host", default="127.0.0.1", help="where webhooks arrive (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8101)
    parser.add_argument("--control-host", default="127.0.0.1", help="beyond loopback only with a token that you set")
    parser.add_argument("--control-port", type=int, default=8201)
    _common(parser)
    return parser


def _fleet_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m receiver fleet", description="Run every region of a TOML table.")
    parser.add_argument("table", type=Path, nargs="?", default=DEFAULT_TABLE, metavar="TOML")
    _common(parser)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    argv = sys.argv[1:] if argv is None else argv
    try:
        return _fleet(_fleet_parser().parse_args(argv[1:])) if argv[:1] == ["fleet"] else _single(argv)
    except ConfigError as error:
        print(f"error: {error}", file=sys.stderr)
        return Exit.USAGE


def _single(argv: Sequence[str]) -> int:
    from receiver.supervisor import DataPlaneError, Supervisor

    options = _single_parser().parse_args(argv)
    region = _region(options)
    faults = _faults(options, [region])
    if not is_loopback(options.control_host) and configured_token() is None:
        faults.append(f"--control-host {options.control_host} is beyond loopback: set $HOOKSWARM_TOKEN first")
    if faults:
        raise ConfigError(faults)
    signing_key()
    config = ReceiverConfig(
        region=region.name,
        host=options.host,
        port=options.port,
        results=options.results,
        state=Path(),
        durability=options.durability,
        server=options.server,
        workers=options.workers,
        threads=options.threads or (FSYNC_THREADS if options.durability is Durability.FSYNC else 1),
        max_body=options.max_body,
    )
    try:
        Supervisor(config).serve(options.control_host, options.control_port, control_token())
    except DataPlaneError as error:
        print(f"error: receiver {region.name}: {error}", file=sys.stderr)
        return Exit.FAIL
    return Exit.PASS


def _fleet(options: argparse.Namespace) -> int:
    regions = load_regions(options.table)
    if faults := _faults(options, regions):
        raise ConfigError(faults)
    signing_key()
    arguments = ["--durability", options.durability, "--workers", str(options.workers), "--server", options.server]
    arguments += ["--max-body", str(options.max_body)]
    if options.threads:
        arguments += ["--threads", str(options.threads)]
    return Exit.PASS if run_fleet(regions, options.results, arguments, control_token()) else Exit.FAIL


def _region(options: argparse.Namespace) -> Region:
    try:
        return Region(
            name=options.region,
            url=f"http://{_bracketed(options.host)}:{options.port}/",
            control=f"http://{_bracketed(options.control_host)}:{options.control_port}",
        )
    except ValueError:
        names = f"--region {options.region!r}, --port {options.port} or --control-port {options.control_port}"
        raise ConfigError([f"{names} is malformed"]) from None


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _faults(options: argparse.Namespace, regions: Sequence[Region]) -> list[str]:
    """Everything about the options that would stop the receivers, at once."""
    faults = [
        f"--{name.replace('_', '-')} must be at least {least}"
        for name, least in (("workers", 1), ("threads", 1), ("max_body", 0))
        if getattr(options, name) is not None and getattr(options, name) < least
    ]
    if options.server is Server.GEVENT and options.workers > 1:
        faults.append("--server gevent runs one process: leave --workers out")
    try:
        options.results.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        faults.append(f"--results {options.results}: {error.strerror}")
    else:
        if not os.access(options.results, os.W_OK):
            faults.append(f"--results {options.results} cannot be written")
    addresses = [address_of(url) for region in regions for url in (region.url, region.control) if url]
    faults += [
        f"{host}:{port} is in use twice" for host, port in sorted({a for a in addresses if addresses.count(a) > 1})
    ]
    return faults + [fault for host, port in sorted(set(addresses)) if (fault := _port_fault(host, port))]


def _port_fault(host: str, port: int) -> str | None:
    """Why nothing can listen there, or None. Asked first, for Granian would share a port that is taken."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        return f"cannot listen on {host}:{port}: {error.strerror}"
    return None


if __name__ == "__main__":
    sys.exit(main())
