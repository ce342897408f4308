"""The settings of a run, made of its options and checked."""

import argparse
import os
import re
import socket
import ssl
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import repeat
from pathlib import Path
from typing import Any

from _hookswarm.common.errors import ConfigError
from _hookswarm.common.wording import and_more
from _hookswarm.protocol.acceptance import ANY_2XX, Acceptance, parse_acceptance
from _hookswarm.protocol.credentials import Secret, signing_secrets
from _hookswarm.protocol.formats import Format, misfit
from _hookswarm.protocol.providers import DEFAULT, Provider, load_provider
from _hookswarm.protocol.regions import (
    DEFAULT_TABLE,
    Balancer,
    Links,
    Region,
    RegionTable,
    address_of,
    check_url,
    is_loopback,
    load_table,
)
from _hookswarm.protocol.rotation import signers
from _hookswarm.protocol.signature import ASYMMETRIC
from _hookswarm.protocol.signing import Signer
from _hookswarm.records.sizes import parse_size
from _hookswarm.senders.plan import processes
from _hookswarm.senders.plan.assignment import Weights
from _hookswarm.senders.plan.captured import Captured, load_captured
from _hookswarm.senders.plan.endpoints import EndpointTable, File, open_file, parse_endpoints
from _hookswarm.senders.plan.headers import Headers, read_headers
from _hookswarm.senders.plan.observer import Observer, make_observer
from _hookswarm.senders.plan.options import OPTIONS, empty_faults, empty_options, lines_of
from _hookswarm.senders.plan.profiles import DEFAULT_PROFILES, profile
from _hookswarm.senders.plan.rates import Bound, bound_of, rate_of
from _hookswarm.senders.plan.retry import RetryLaw, scaled_law
from _hookswarm.senders.plan.strategies import BALANCERS, STRATEGIES
from _hookswarm.senders.plan.target import TargetTemplate, make_template
from _hookswarm.senders.transport.certificates import client_tls
from _hookswarm.senders.transport.httpx_wire import check_httpx
from _hookswarm.senders.transport.proxies import passed_by
from _hookswarm.senders.transport.wire import Timeouts

SHOWN = 5
"""Of hosts that are refused, or not reached; the others are counted."""
MOST_TRIED = 256
"""Hosts of endpoints that are tried before a run."""
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
    options: dict[str, Any]
    """As given, for run.json; holds no secret."""

    @property
    def ours(self) -> bool:
        """Whether all receivers are."""
        return _all_ours(self.regions)

    @property
    def written_in(self) -> Format:
        """What the payloads are."""
        return self.captured.format if self.captured else "json"

    @property
    def hidden(self) -> list[bytes]:
        """What nothing that is shown or kept may hold."""
        return [*(secret.key for secret in self.secrets), *self.headers.hidden()]

    def hidden_of(self, webhook: int) -> list[bytes]:
        """The same, of a webhook's deliveries."""
        return [*self.hidden, *(self.endpoints.hidden(webhook) if self.endpoints else ())]

    @property
    def weights(self) -> Weights | None:
        """How webhooks share the events, unless stages say it themselves."""
        return self.endpoints.weights if self.endpoints else None

    def urls(self) -> list[str]:
        """Where it is sent; of endpoints their hosts."""
        return list(self.endpoints.hosts) if self.endpoints else [region.url for region in self.regions]

    def unreachable(self) -> list[str]:
        """A phrase for each place that no TCP connection reaches."""
        if self.endpoints:
            return unreachable_hosts(self.endpoints.hosts)
        return unreachable(self.regions, self.balancer)

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


def check_options(options: argparse.Namespace, read: Callable[[Path], File | None] = open_file) -> Settings:
    """The settings that parsed options ask for. Raises ConfigError that names every fault at once.

    `read` gives what the file of `--endpoints` holds; None: it is yet to come from the master, and they are none.
    """
    faults = empty_faults(empty_options(options))

    def collect(part: Any) -> Any:
        try:
            return part()
        except ConfigError as error:
            faults.extend(error.faults)

    provider = collect(lambda: load_provider(options.provider or DEFAULT))
    endpoints = collect(lambda: _endpoints(options, read, provider)) if options.endpoints else None
    template = collect(lambda: make_template(options.target))
    table = collect(lambda: _table(options, endpoints))
    captured = collect(lambda: load_captured(Path(options.payloads), options.seed) if options.payloads else None)
    duration_s = collect(lambda: _seconds("--duration", options.duration))
    rotate_at_s = collect(lambda: _seconds("--rotate-at", options.rotate_at))
    watched = collect(lambda: processes.find_processes(options.watch, options.watch_name))
    tls = collect(lambda: client_tls(options.ca_file, options.cert, options.key))
    secrets = collect(lambda: signing_secrets(provider) if provider else ())
    headers = collect(lambda: read_headers(lines_of(options.header), provider))
    signing = collect(lambda: _signing(provider, secrets, captured, headers, bool(options.rotate_at)))
    acceptance = collect(lambda: _acceptance(options.accept, provider))
    observer = collect(lambda: make_observer(options.observe, tls) if options.observe else None)
    law = collect(lambda: _law(options, provider))
    rate = collect(lambda: rate_of("--rate", options.rate))
    max_rate = collect(lambda: rate_of("--max-rate", options.max_rate))
    if provider and captured and (most := provider.largest_bytes) and captured.largest > most:
        faults.append(f"--payloads: {provider.name} sends no body above {most:,} B: leave larger ones out")
    collect(lambda: check_writable("--results", Path(options.results)))
    if table and table.links and options.links == "modelled" and options.transport == "httpx":
        faults.append(HTTPX_LINKS)
    if options.cert and table and not any(url.startswith("https:") for url in _urls(table, endpoints)):
        faults.append("--cert is shown to an https target: write https:// in its URL, or leave it out")
    if options.rotate_at and endpoints and (endpoints.has_keys or endpoints.has_headers):
        faults.append("--rotate-at changes the secret of all: leave it, or secret and headers of --endpoints, out")
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
    remote = _beyond_loopback(_urls(table, endpoints))
    bound = bound_of(max_rate, rate, _all_ours(table.region), bool(remote))
    signer, next_signer = signing
    timeouts = Timeouts(
        options.connect_timeout or provider.connect_timeout_s, options.response_timeout or provider.response_timeout_s
    )
    return Settings(
        regions=table.region,
        links=table.links,
        modelled=options.links == "modelled",
        balancer=table.balancer,
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
        acceptance=acceptance,
        probe=not options.no_probe,
        endpoints=endpoints,
        template=template,
        options={
            **{name: getattr(options, name) for name in OPTIONS},
            "rate": rate,
            "max_rate": bound.per_s if bound else None,
            "connect_timeout": timeouts.connect_s,
            "response_timeout": timeouts.response_s,
            "rotate_at": rotate_at_s,
        },
    )


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


def at_regions(settings: Settings, table: RegionTable) -> Settings:
    """The same settings for receivers of ours. Raises ConfigError where their links cannot be modelled."""
    if table.links and settings.modelled and settings.transport == "httpx":
        raise ConfigError([HTTPX_LINKS])
    return replace(settings, regions=table.region, links=table.links, balancer=table.balancer)


def _table(options: argparse.Namespace, endpoints: EndpointTable | None) -> RegionTable:
    given = [f"--{name}" for name in ("target", "endpoints", "regions") if getattr(options, name)]
    if len(given) > 1:
        raise ConfigError([f"{' and '.join(given)} exclude each other: leave all but one out"])
    if options.endpoints:
        origin = endpoints.hosts[0] if endpoints else "http://127.0.0.1"
        table = RegionTable(region=(Region(name="target", url=f"{origin}/"),))
    elif options.target:
        try:
            table = RegionTable(region=(Region(name="target", url=check_url(options.target)),))
        except ValueError as error:
            raise ConfigError([f"--target: {error}"]) from None
    else:
        table = load_table(Path(options.regions) if options.regions else DEFAULT_TABLE)
    remote = _beyond_loopback(_urls(table, endpoints))
    if remote and not options.allow_remote:
        refused = [f"{url} is beyond loopback; if it is yours to load, add --allow-remote" for url in remote[:SHOWN]]
        raise ConfigError(refused + [f"so are {len(remote) - SHOWN:,} more hosts"] * (len(remote) > SHOWN))
    if strange := [url for url in _urls(table) if not url.isascii()]:
        raise ConfigError([f"{url}: write it in ASCII (punycode, percent-encoding)" for url in strange])
    return table


def _all_ours(regions: Sequence[Region]) -> bool:
    return all(region.control for region in regions)


def _endpoints(
    options: argparse.Namespace, read: Callable[[Path], File | None], provider: Provider | None
) -> EndpointTable | None:
    path = Path(options.endpoints)
    file = read(path)
    if file is None:
        return None
    with file:
        return parse_endpoints(file, path, provider)


def _urls(table: RegionTable, endpoints: EndpointTable | None = None) -> Sequence[str]:
    if endpoints:
        return endpoints.hosts
    return [*(region.url for region in table.region), *(table.balancer.haproxy.values() if table.balancer else ())]


def _beyond_loopback(urls: Sequence[str]) -> list[str]:
    hosts = {address_of(url)[0] for url in urls}
    with ThreadPoolExecutor(64) as pool:  # a name service may take seconds, and there may be thousands of hosts
        near = dict(zip(hosts, pool.map(is_loopback, hosts), strict=True))
    return [url for url in urls if not near[address_of(url)[0]]]


def _law(options: argparse.Namespace, provider: Provider | None) -> tuple[str, RetryLaw] | None:
    name, table, scale, faults = options.retry_profile, options.retry_profiles, options.time_scale, []
    if name == OF_PROVIDER and provider:
        if not provider.retry:
            raise ConfigError([f"--retry-profile: how {provider.name} retries is not known: name a profile"])
        name = provider.retry
    if not name and (table or scale != 1):
        faults.append("--retry-profiles and --time-scale need --retry-profile")
    if not 0 < scale <= 1e3:
        faults.append(f"--time-scale must be above 0 and at most 1000, not {scale:g}")
    law = None
    try:
        law = profile(name, Path(table) if table else DEFAULT_PROFILES).law if name else None
    except ConfigError as error:
        faults += error.faults
    if faults:
        raise ConfigError(faults)
    label = f"profile={name}" + (f" x{scale:g}" if scale != 1 else "")
    return (label, scaled_law(law, scale)) if law else None


OF_PROVIDER = "provider"
"""The name of a profile that stands for the provider's own."""


# Locust has a parser for this, but importing it patches the whole process.
_TIME = re.compile(r"(?:(\d{1,5})h)?(?:(\d{1,6})m)?(?:(\d{1,7})s?)?").fullmatch


def _seconds(option: str, text: str) -> float | None:
    found = _TIME(text)
    seconds = (
        sum(int(part or 0) * unit for part, unit in zip(found.groups(), (3600, 60, 1), strict=True)) if found else 0
    )
    if text and not 0 < seconds <= 1e7:
        raise ConfigError([f"{option} {text!r} is no time: write 90s, 30m or 1h30m"])
    return float(seconds) or None


def check_writable(option: str, folder: Path) -> None:
    """Make `folder`, and raise ConfigError unless files can be written in it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".probe-{os.getpid()}"
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise ConfigError([f"{option} {folder} cannot be written: {error.strerror}"]) from None


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


def _connect_fault(url: str, timeout_s: float) -> str:
    host, port = address_of(url)
    try:
        socket.create_connection((host, port), timeout=timeout_s).close()
    except (OSError, UnicodeError) as error:
        said = getattr(error, "strerror", None) or error
        return f"cannot reach {host}:{port}: {said}: start it, or look at the address"
    return ""
