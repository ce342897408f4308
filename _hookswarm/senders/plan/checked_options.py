"""The options of a run, checked: all that is wrong with them is told at once, before anything is sent."""

import argparse
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from _hookswarm.common.errors import ConfigError
from _hookswarm.common.wording import one_of
from _hookswarm.protocol.acceptance import ANY_2XX, Acceptance, parse_acceptance
from _hookswarm.protocol.credentials import Secret, signing_secrets
from _hookswarm.protocol.formats import misfit
from _hookswarm.protocol.providers import DEFAULT, Provider, load_provider
from _hookswarm.protocol.rotation import signers
from _hookswarm.protocol.signing import Signer
from _hookswarm.records.sizes import parse_size
from _hookswarm.senders.plan import processes
from _hookswarm.senders.plan.captured import Captured, load_captured
from _hookswarm.senders.plan.destination import all_ours, beyond_loopback, load_endpoints, region_table, urls_of
from _hookswarm.senders.plan.durations import seconds_of
from _hookswarm.senders.plan.endpoint_files import File, open_file
from _hookswarm.senders.plan.headers import Headers, read_headers
from _hookswarm.senders.plan.observer import make_observer
from _hookswarm.senders.plan.options import OPTIONS, empty_faults, empty_options, lines_of
from _hookswarm.senders.plan.profiles import law_of
from _hookswarm.senders.plan.rates import bound_of, count_of, rate_of
from _hookswarm.senders.plan.serviced import addresses_of, service_faults
from _hookswarm.senders.plan.settings import HTTPX_LINKS, Settings
from _hookswarm.senders.plan.strategies import BALANCERS, STRATEGIES
from _hookswarm.senders.plan.target import make_template
from _hookswarm.senders.service.table import Service, load_service
from _hookswarm.senders.transport.certificates import client_tls
from _hookswarm.senders.transport.httpx_wire import check_httpx
from _hookswarm.senders.transport.proxies import passed_by
from _hookswarm.senders.transport.wire import Timeouts


def check_options(
    options: argparse.Namespace,
    read: Callable[[Path], File | None] = open_file,
    find: Callable[[str], Service] = load_service,
) -> Settings:
    """The settings that parsed options ask for. Raises ConfigError that names every fault at once.

    `read` gives what the file of `--endpoints` holds; None: it is yet to come from the master, and they are none.
    `find` gives the service that `--service` names.
    """
    faults = empty_faults(empty_options(options))

    def collect(part: Any) -> Any:
        try:
            return part()
        except ConfigError as error:
            faults.extend(error.faults)

    provider = collect(lambda: load_provider(options.provider or DEFAULT))
    service = collect(lambda: find(options.service)) if options.service else None
    endpoints = collect(lambda: load_endpoints(options, read, provider)) if options.endpoints else None
    template = collect(lambda: make_template(options.target))
    table = collect(lambda: region_table(options, endpoints))
    captured = collect(lambda: load_captured(Path(options.payloads), options.seed) if options.payloads else None)
    duration_s = collect(lambda: seconds_of("--duration", options.duration))
    rotate_at_s = collect(lambda: seconds_of("--rotate-at", options.rotate_at))
    watched = collect(lambda: processes.find_processes(options.watch, options.watch_name))
    tls = collect(lambda: client_tls(options.ca_file, options.cert, options.key))
    secrets = collect(lambda: signing_secrets(provider) if provider else ())
    headers = collect(lambda: read_headers(lines_of(options.header), provider))
    signing = collect(lambda: _signing(provider, secrets, captured, headers, bool(options.rotate_at)))
    acceptance = collect(lambda: _acceptance(options.accept, provider))
    observer = collect(lambda: make_observer(options.observe, tls) if options.observe else None)
    law = collect(lambda: law_of(options, provider))
    rate = collect(lambda: rate_of("--rate", options.rate))
    max_rate = collect(lambda: rate_of("--max-rate", options.max_rate))
    if provider and captured and (most := provider.largest_bytes) and captured.largest > most:
        faults.append(f"--payloads: {provider.name} sends no body above {most:,} B: leave larger ones out")
    collect(lambda: check_writable("--results", Path(options.results)))
    if table and table.links and options.links == "modelled" and options.transport == "httpx":
        faults.append(HTTPX_LINKS)
    webhooks = collect(lambda: count_of("--webhooks", options.webhooks))
    if options.service:
        faults += service_faults(options, service, table, captured)
    elif options.webhooks:
        faults.append("--webhooks bounds the endpoints of a --service: name the service, or leave it out")
    elif options.advertise:
        faults.append("--advertise tells a --service where our receivers are: name the service, or leave it out")
    if options.keep_endpoints and not options.service:
        faults.append("--keep-endpoints is about a --service's endpoints: name the service, or leave it out")
    aims = [*urls_of(table, endpoints), *_addresses(service)] if table else []
    if options.cert and table and not any(url.startswith("https:") for url in aims):
        faults.append("--cert is shown to an https target: write https:// in its URL, or leave it out")
    if options.rotate_at and endpoints and (endpoints.has_keys or endpoints.has_headers):
        faults.append("--rotate-at changes the secret of all: leave it out, or the secrets and headers of --endpoints")
    if options.replay and options.no_replay:
        faults.append("--replay and --no-replay cannot be used together: leave one out")
    if options.transport == "httpx":
        collect(lambda: check_httpx(tls))
    for name in ("connect_timeout", "response_timeout"):
        if not 0 <= getattr(options, name) <= 3600:
            faults.append(
                f"--{name.replace('_', '-')} {getattr(options, name):g} is out of range: write 0 to 3600 seconds"
            )
    if options.memory_limit:
        try:
            parse_size(options.memory_limit)
        except ValueError as error:
            faults.append(f"--memory-limit: {error}")
    if options.strategy and options.strategy not in STRATEGIES:
        known = [name for name in STRATEGIES if name not in BALANCERS]
        faults.append(f"--strategy: there is no strategy {options.strategy!r}: {one_of(options.strategy, known)}")
    if not 0 <= options.seed < 1 << 63:
        faults.append(f"--seed {options.seed} is out of range: write a whole number from 0 on")
    if faults:
        raise ConfigError(faults)
    remote = beyond_loopback(urls_of(table, endpoints))
    bound = bound_of(max_rate, rate, all_ours(table.region) and not service, bool(remote))
    signer, next_signer = signing
    timeouts = Timeouts(
        options.connect_timeout or provider.connect_timeout_s, options.response_timeout or provider.response_timeout_s
    )
    return Settings(
        regions=table.region,
        links=None if service else table.links,
        modelled=options.links == "modelled",
        balancer=None if service else table.balancer,
        quick=options.quick,
        stages=tuple(name.strip() for name in options.stages.split(",") if name.strip()),
        seed=options.seed,
        results=Path(options.results),
        captured=captured,
        functions={},
        law=law,
        duration_s=duration_s,
        rate=rate,
        bound=bound,
        strategy=options.strategy,
        observer=observer,
        watched=watched,
        keep_going=options.keep_going,
        allow_worker_loss=options.allow_worker_loss,
        beyond_loopback=bool(remote),
        replay=not options.no_replay and (options.replay or not remote),
        transport=options.transport,
        proxy=passed_by(remote) if options.transport == "wire" else "",
        timeouts=timeouts,
        tls=tls,
        provider=provider,
        secrets=secrets,
        signer=signer,
        rotation=(rotate_at_s, next_signer) if rotate_at_s and next_signer else None,
        headers=headers,
        acceptance=service.publish.acceptance if service else acceptance,
        probe=not options.no_probe,
        endpoints=endpoints,
        webhooks=webhooks,
        template=template,
        service=service,
        keep_endpoints=options.keep_endpoints,
        advertise=options.advertise.rstrip("/"),
        options={
            **{name: getattr(options, name) for name in OPTIONS},
            "rate": rate,
            "webhooks": webhooks,
            "max_rate": bound.per_s if bound else None,
            "connect_timeout": timeouts.connect_s,
            "response_timeout": timeouts.response_s,
            "rotate_at": rotate_at_s,
        },
    )


def _addresses(service: Service | None) -> list[str]:
    """Where a service is, as far as that is known: what is wrong with it is told elsewhere."""
    try:
        return list(addresses_of(service).values()) if service else []
    except ConfigError:
        return []


def _signing(
    provider: Provider | None,
    secrets: Sequence[Secret] | None,
    captured: Captured | None,
    headers: Headers | None,
    rotates: bool,
) -> tuple[Signer, Signer | None] | None:
    """What signs, before and after a rotation; None where that cannot be told yet."""
    if provider is None or secrets is None:
        return None
    written_in = captured.format if captured else "json"
    if fault := misfit(provider, written_in):
        raise ConfigError([f"--payloads: {fault}"])
    return signers(provider, secrets, rotates, headers.sent if headers else None, written_in)


def _acceptance(rules: str, provider: Provider | None) -> Acceptance:
    """The user's, in place of the provider's."""
    if not rules:
        return provider.acceptance if provider else ANY_2XX
    try:
        return parse_acceptance(lines_of(rules))
    except ConfigError as error:
        raise ConfigError([f"--accept: {fault}" for fault in error.faults]) from None


def check_writable(option: str, folder: Path) -> None:
    """Make `folder`, and raise ConfigError unless files can be written in it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise ConfigError([f"{option} {folder} cannot be written: {error.strerror}: name another folder"]) from None
