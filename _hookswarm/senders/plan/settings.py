"""The settings of a run: the same in the master and every worker. `checked_options` makes them."""

import hashlib
import ssl
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from _hookswarm.common.errors import ConfigError
from _hookswarm.protocol.acceptance import Acceptance
from _hookswarm.protocol.credentials import Secret
from _hookswarm.protocol.formats import Format
from _hookswarm.protocol.providers import DEFAULT, Provider
from _hookswarm.protocol.regions import (
    Balancer,
    Links,
    Region,
    RegionTable,
)
from _hookswarm.protocol.signature import ASYMMETRIC
from _hookswarm.protocol.signing import Signer
from _hookswarm.senders.plan.assignment import Weights
from _hookswarm.senders.plan.captured import Captured
from _hookswarm.senders.plan.destination import all_ours
from _hookswarm.senders.plan.endpoints import EndpointTable
from _hookswarm.senders.plan.headers import Headers
from _hookswarm.senders.plan.made_payloads import Functions, Made
from _hookswarm.senders.plan.marked import Marked
from _hookswarm.senders.plan.observer import Observer
from _hookswarm.senders.plan.payloads import Generated, Payloads
from _hookswarm.senders.plan.rates import Bound
from _hookswarm.senders.plan.reachable import unreachable, unreachable_addresses, unreachable_hosts
from _hookswarm.senders.plan.retry import RetryLaw
from _hookswarm.senders.plan.serviced import addresses_of
from _hookswarm.senders.plan.stages import Stage
from _hookswarm.senders.plan.target import TargetTemplate
from _hookswarm.senders.service.table import Service
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
    functions: Functions
    """Of the locustfile's own, that make bodies."""
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
    webhooks: int | None
    """The most endpoints that a service is set up with; None: as planned."""
    template: TargetTemplate | None
    """A target whose URL has the webhook in it."""
    service: Service | None
    """The delivery service that events are published to; None: they are delivered."""
    keep_endpoints: bool
    """What the service is set up with stays there for later runs."""
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

    def payloads(self, stage: Stage) -> Payloads:
        """What makes a stage's bodies; what a service is published carries its event's mark."""
        found: Payloads | None = self.captured or self.made(stage)
        found = found or Generated(stage.payload, self.seed)
        return Marked(found) if self.service else found

    def made(self, stage: Stage) -> Made | None:
        """What makes them by a function of the locustfile's own; None: the stage names none."""
        name = str(stage.payload)
        if name not in self.functions:
            return None
        return Made(name, self.functions[name], stage.webhooks, self.seed, objects=self.service is not None)

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
