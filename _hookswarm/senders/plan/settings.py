"""The settings of a run, made of its options and checked."""

import argparse
import hashlib
import os
import ssl
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from _hookswarm.common.errors import ConfigError
from _hookswarm.protocol.acceptance import ANY_2XX, Acceptance, parse_acceptance
from _hookswarm.protocol.credentials import Secret, signing_secrets
from _hookswarm.protocol.formats import Format, misfit
from _hookswarm.protocol.providers import DEFAULT, Provider, load_provider
from _hookswarm.protocol.regions import (
    Balancer,
    Links,
    Region,
    RegionTable,
)
from _hookswarm.protocol.rotation import signers
from _hookswarm.protocol.signature import ASYMMETRIC
from _hookswarm.protocol.signing import Signer
from _hookswarm.records.sizes import parse_size
from _hookswarm.senders.plan import processes
from _hookswarm.senders.plan.assignment import Weights
from _hookswarm.senders.plan.captured import Captured, load_captured
from _hookswarm.senders.plan.destination import all_ours, beyond_loopback, load_endpoints, region_table, urls_of
from _hookswarm.senders.plan.durations import seconds_of
from _hookswarm.senders.plan.endpoint_files import File, open_file
from _hookswarm.senders.plan.endpoints import EndpointTable
from _hookswarm.senders.plan.headers import Headers, read_headers
from _hookswarm.senders.plan.observer import Observer, make_observer
from _hookswarm.senders.plan.options import OPTIONS, empty_faults, empty_options, lines_of
from _hookswarm.senders.plan.profiles import law_of
from _hookswarm.senders.plan.rates import Bound, bound_of, rate_of
from _hookswarm.senders.plan.reachable import unreachable, unreachable_addresses, unreachable_hosts
from _hookswarm.senders.plan.retry import RetryLaw
from _hookswarm.senders.plan.serviced import addresses_of, service_faults
from _hookswarm.senders.plan.strategies import BALANCERS, STRATEGIES
from _hookswarm.senders.plan.target import TargetTemplate, make_template
from _hookswarm.senders.service.table import Service, load_service
from _hookswarm.senders.transport.certificates import client_tls
from _hookswarm.senders.transport.httpx_wire import check_httpx
from _hookswarm.senders.transport.proxies import passed_by
from _hookswarm.senders.transport.wire import Timeouts

HTTPX_LINKS = "--transport httpx cannot model the links of this table: add --links real"


@dataclass(frozen=True)
class Settings:
    """Checked options of a run; the same in the master and every worker."""

    regions: tuple[Region, ...]
    links: Links | None
    """How far apart the regions are; None: nobody said."""
    modelled: bool
    """Whether the senders make those delays."""
    balancer: Balancer | None
    """What balances the load before the regions, for stages of its strategies."""
    quick: bool
    stages: tuple[str, ...]
    """Patterns of names of the stages to play; empty: all."""
    seed: int
    results: Path
    captured: Captured | None
    law: tuple[str, RetryLaw] | None
    """What the stages that retry are put under, and what to call it; None: as they are planned."""
    duration_s: float | None
    rate: float | None
    bound: Bound | None
    """Of the attempts a second; None: there is none."""
    strategy: str
    """What stages are played under that compare none; empty: as they are planned."""
    observer: Observer | None
    """What knows how many effects deliveries had; None: nothing does."""
    watched: tuple[tuple[int, str], ...]
    """Processes of others whose resources are logged, too: their ids and names."""
    keep_going: bool
    """Also after a stage in which every delivery failed."""
    allow_worker_loss: bool
    beyond_loopback: bool
    """Some target is."""
    replay: bool
    """Disturbed stages are played once more."""
    transport: str
    proxy: str
    """What to tell of a proxy that the wire does not take; empty: nothing."""
    timeouts: Timeouts
    tls: ssl.SSLContext | None
    provider: Provider
    secrets: tuple[Secret, ...]
    """What it signs with, and where that was found; none where it signs nothing, two during a rotation."""
    signer: Signer
    rotation: tuple[float, Signer] | None
    """So many seconds after each stage's start another one signs; None: the secret stays."""
    headers: Headers
    """Of the user's own."""
    acceptance: Acceptance
    """Which answers acknowledge an event."""
    probe: bool
    """Targets of others are sent one event ahead."""
    endpoints: EndpointTable | None
    """A URL for each webhook; None: the regions'."""
    template: TargetTemplate | None
    """A target whose URL has the webhook in it."""
    service: Service | None
    """The delivery service that events are published to; None: they are delivered."""
    advertise: str
    """Where it reaches our receivers; empty: at the regions' URLs."""
    options: dict[str, Any]
    """As given, for run.json; holds no secret."""

    @property
    def ours(self) -> bool:
        """Whether all receivers are."""
        return all_ours(self.regions)

    @property
    def written_in(self) -> Format:
        """What the payloads are."""
        return self.captured.format if self.captured else "json"

    @property
    def hidden(self) -> list[bytes]:
        """What nothing that is shown or kept may hold."""
        return [*(secret.key for secret in self.secrets), *self.headers.hidden()]

    def signs_as(self) -> tuple[str, str]:
        """Digests of how deliveries are signed, and with what: the same in all processes that agree on it."""
        how = (self.provider.model_dump_json().encode(), self.signer.head)
        return _digest(how), _digest([secret.key for secret in self.secrets])

    def hidden_of(self, webhook: int) -> list[bytes]:
        """The same, of a webhook's deliveries."""
        return [*self.hidden, *(self.endpoints.hidden(webhook) if self.endpoints else ())]

    @property
    def weights(self) -> Weights | None:
        """How webhooks share the events, unless stages say it themselves."""
        return self.endpoints.weights if self.endpoints else None

    def urls(self) -> list[str]:
        """Where it is sent; of endpoints their hosts; of a service its addresses."""
        if self.service:
            return list(addresses_of(self.service).values())
        return list(self.endpoints.hosts) if self.endpoints else [region.url for region in self.regions]

    def unreachable(self) -> list[str]:
        """A phrase for each place that no TCP connection reaches."""
        if self.endpoints:
            return unreachable_hosts(self.endpoints.hosts)
        return unreachable(self.regions, self.balancer) + self.service_unreachable()

    def service_unreachable(self) -> list[str]:
        """The same of the service's addresses alone."""
        return unreachable_addresses(self.service.name, addresses_of(self.service)) if self.service else []

    def told_signing(self) -> str:
        """Who is played, and with which secret, for people; empty for the default provider with a secret made up."""
        if not self.secrets or (not self.rotation and self.provider.name == DEFAULT and self.secrets[0].made_up):
            return ""
        each = ["each endpoint's own secret, else"] if self.endpoints and self.endpoints.has_keys else []
        told = " ".join([f"signed as {self.provider.name}:", *each])
        told += f" {' and '.join(secret.told() for secret in self.secrets)}"
        if self.rotation:
            told += f"; {self.rotation[0]:g} s after each stage's start the second signs alone"
        pairs = self.provider.signature and self.provider.signature.algorithm in ASYMMETRIC
        return f"{told}; --dry-run shows the public half" if pairs else told


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
    if options.service:
        faults += service_faults(options, service, table, captured)
    elif options.advertise:
        faults.append("--advertise tells a --service where our receivers are: name the service, or leave it out")
    aims = [*urls_of(table, endpoints), *_addresses(service)] if table else []
    if options.cert and table and not any(url.startswith("https:") for url in aims):
        faults.append("--cert is shown to an https target: write https:// in its URL, or leave it out")
    if options.rotate_at and endpoints and (endpoints.has_keys or endpoints.has_headers):
        faults.append("--rotate-at changes the secret of all: leave it out, or the secrets and headers of --endpoints")
    if options.replay and options.no_replay:
        faults.append("--replay and --no-replay exclude each other: leave one out")
    if options.transport == "httpx":
        collect(lambda: check_httpx(tls))
    for name in ("connect_timeout", "response_timeout"):
        if not 0 <= getattr(options, name) <= 3600:
            faults.append(f"--{name.replace('_', '-')} must lie between 0 and 3600 seconds")
    if options.memory_limit:
        try:
            parse_size(options.memory_limit)
        except ValueError as error:
            faults.append(f"--memory-limit: {error}")
    if options.strategy and options.strategy not in STRATEGIES:
        known = ", ".join(name for name in STRATEGIES if name not in BALANCERS)
        faults.append(f"--strategy: unknown strategy {options.strategy!r}; there are {known}")
    if not 0 <= options.seed < 1 << 63:
        faults.append("--seed must be a whole number from 0 on")
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
        template=template,
        service=service,
        advertise=options.advertise.rstrip("/"),
        options={
            **{name: getattr(options, name) for name in OPTIONS},
            "rate": rate,
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


def _digest(parts: Iterable[bytes]) -> str:
    whole = hashlib.blake2b(digest_size=16)
    for part in parts:
        whole.update(b"%d:%b" % (len(part), part))
    return whole.hexdigest()


def at_regions(settings: Settings, table: RegionTable) -> Settings:
    """The same settings for receivers of ours. Raises ConfigError where their links cannot be modelled."""
    if table.links and settings.modelled and settings.transport == "httpx":
        raise ConfigError([HTTPX_LINKS])
    if settings.service:  # it is the service that chooses, over ways of its own
        return replace(settings, regions=table.region)
    return replace(settings, regions=table.region, links=table.links, balancer=table.balancer)


def check_writable(option: str, folder: Path) -> None:
    """Make `folder`, and raise ConfigError unless files can be written in it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise ConfigError([f"{option} {folder} cannot be written: {error.strerror}"]) from None
