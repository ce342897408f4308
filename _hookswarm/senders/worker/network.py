"""The ways from every origin to every target, as one process has them, and its workers' connections."""

from collections.abc import Sequence
from functools import partial
from random import Random
from typing import Protocol, cast
from urllib.parse import urljoin

from _hookswarm.protocol.acceptance import LOOKED_AT
from _hookswarm.protocol.regions import Links, Region
from _hookswarm.records.clock import Clock
from _hookswarm.records.rows import BALANCED
from _hookswarm.senders.plan.settings import Settings
from _hookswarm.senders.plan.stages import CUTS, Stage
from _hookswarm.senders.plan.strategies import BALANCERS
from _hookswarm.senders.service.publishing import Publishing
from _hookswarm.senders.transport.aimed import AimedWire, Host
from _hookswarm.senders.transport.answer import SAMPLE_BYTES, Answer
from _hookswarm.senders.transport.httpx_wire import HttpxWire
from _hookswarm.senders.transport.links import Cut, Link, LinkedWire
from _hookswarm.senders.transport.wire import Endpoint, Timeouts, Transport, Wire
from _hookswarm.senders.worker.places import Places, make_places


class Network:
    """Endpoints, resolved once, and the links to them where those are modelled."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self.now = clock.now
        urls = dict(enumerate(region.url for region in settings.regions))
        if settings.balancer:
            urls |= {BALANCERS[f"haproxy-{algorithm}"]: url for algorithm, url in settings.balancer.haproxy.items()}
        self._method: str = settings.provider.method
        self._head = settings.signer.head
        self._keep = SAMPLE_BYTES if not settings.acceptance.texts else LOOKED_AT
        answer = partial(Answer, self._keep)
        self._endpoints = {
            target: Endpoint(url, settings.tls, self._method, self._head, answer) for target, url in urls.items()
        }
        self.places: Places | Publishing | None = make_places(settings)
        self._hosts: dict[int, Host] = {}
        # Another's endpoint may have no such path.
        self._health = [
            Endpoint(urljoin(region.url, "/health"), settings.tls, "GET") if region.control else None
            for region in settings.regions
        ]
        links = settings.links if settings.modelled else None
        self._links = _links(settings.regions, links, Random(settings.seed)) if links else None

    def supply(self, settings: Settings) -> None:
        """The endpoints came from the master: until now it had none, and nothing was sent."""
        self._settings = settings
        self.places = make_places(settings)

    def publish_through(self, publishing: Publishing, settings: Settings) -> None:
        """The service was set up: until now nothing was published. Its table is the master's, as all is then."""
        self._settings = settings
        self._method, self._head = publishing.method, b""
        self._keep = SAMPLE_BYTES if not settings.acceptance.texts else LOOKED_AT
        self._hosts.clear()
        self.places = publishing

    def name_of(self, region: int) -> str:
        """A region's name by its code."""
        return self._settings.regions[region].name

    def begin(self, stage: Stage, start_ns: int) -> None:
        """From now on the stage's distances and cuts hold."""
        for origin, row in enumerate(self._links or ()):
            for target, link in enumerate(row):
                link.near, link.cuts = not stage.links, _cuts(stage, start_ns, origin, target)

    def transport(self, origin: int, target: int, timeouts: Timeouts) -> Transport:
        """A connection of its own to a target's webhooks."""
        if self.places:
            aimed = AimedWire(len(self.places.hosts), lambda host: self._to_host(host, timeouts))
            return cast(Transport, aimed)  # who has places aims it before it posts
        if self._settings.transport == "httpx":
            url = self._endpoints[target].url
            return HttpxWire(url, self._settings.tls, timeouts, self._method, self._head, self._keep)
        return self._wire(self._endpoints[target], origin, target, timeouts)

    def _to_host(self, host: int, timeouts: Timeouts) -> Transport:
        assert self.places
        origin, tls = self.places.hosts[host], self._settings.tls
        if self._settings.transport == "httpx":
            return HttpxWire(origin, tls, timeouts, self._method, self._head, self._keep)
        if host not in self._hosts:
            self._hosts[host] = Host(origin, tls, partial(Answer, self._keep))
        return Wire(self._hosts[host], timeouts)

    def health_check(self, origin: int, target: int, timeouts: Timeouts) -> Wire | None:
        """A connection of its own to a target's health check, or None if we know of none there."""
        endpoint = None if self._settings.service else self._health[target]
        return self._wire(endpoint, origin, target, timeouts) if endpoint else None

    def _wire(self, endpoint: Endpoint, origin: int, target: int, timeouts: Timeouts) -> Wire:
        if self._links is None or target >= BALANCED:
            return Wire(endpoint, timeouts)
        return LinkedWire(endpoint, self._links[origin][target], timeouts, self.now)


class Connections(Protocol):
    """What an attempt finds its connection in."""

    def to(self, target: int, timeouts: Timeouts, /) -> Transport:
        """The connection to a target, whose answers are awaited so long."""


class Transports:
    """One worker's connections: at most one to each target, kept over stages."""

    def __init__(self, network: Network, origin: int) -> None:
        self._network = network
        self._origin = origin
        self._open: dict[int, tuple[Timeouts, Transport]] = {}

    def to(self, target: int, timeouts: Timeouts) -> Transport:
        """The connection to a target, whose answers are awaited so long."""
        known = self._open.get(target)
        if known and known[0] is timeouts:
            return known[1]
        if known:
            known[1].close()
        transport = self._network.transport(self._origin, target, timeouts)
        self._open[target] = timeouts, transport
        return transport

    def close(self) -> None:
        """Close all; they may be asked for anew."""
        for _, transport in self._open.values():
            transport.close()
        self._open.clear()  # an httpx client that was closed sends nothing more


def _links(regions: Sequence[Region], links: Links, random: Random) -> list[list[Link]]:
    """By origin and target."""
    return [
        [
            Link(links.rtt_s(one.name, other.name), links.jitter, links.loss, links.rto_ms / 1e3, random)
            for other in regions
        ]
        for one in regions
    ]


def _cuts(stage: Stage, start_ns: int, origin: int, target: int) -> list[Cut]:
    """When nothing passes between two regions in a stage that starts at `start_ns`."""
    return [
        Cut(
            start_ns + round(incident.from_s * 1e9),
            start_ns + round((incident.from_s + incident.for_s) * 1e9),
            incident.fault == "cut_back",
        )
        for incident in stage.incidents
        if incident.fault in CUTS
        and target in incident.regions
        and (origin in incident.origins or not incident.origins)
    ]
