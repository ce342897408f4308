"""Where each webhook's deliveries go in one process: made of the endpoints' table when it is used, and kept a while."""

from functools import lru_cache

from _hookswarm.protocol.signing import Signer
from _hookswarm.senders.plan.endpoints import EndpointTable
from _hookswarm.senders.plan.settings import Settings
from _hookswarm.senders.plan.target import TargetTemplate
from _hookswarm.senders.transport.aimed import Place

KEPT = 1024
"""Places that stay made. One takes 3 kB and some microseconds."""


class Places:
    """Places by their webhooks' numbers."""

    def __init__(self, settings: Settings, addresses: EndpointTable | TargetTemplate) -> None:
        self._settings = settings
        self._addresses = addresses
        self._table = addresses if isinstance(addresses, EndpointTable) else None
        self.hosts = addresses.hosts
        self._origins = [host.encode() for host in addresses.hosts]
        httpx = settings.transport == "httpx"  # its client has the lines that are the same for all
        method = settings.provider.method.encode()
        starts = [
            b"%b %%b HTTP/1.1\r\nHost: %b\r\n" % (method, origin.partition(b"://")[2]) for origin in self._origins
        ]
        self._starts = None if httpx else starts
        self._replacing = lru_cache(64)(self._without)
        self._kept: dict[int, Place] = {}

    def of(self, webhook: int) -> Place:
        """Where a webhook's deliveries go."""
        place = self._kept.get(webhook)
        if place is None:
            if len(self._kept) >= KEPT:
                self._kept.clear()
            place = self._kept[webhook] = self._make(webhook)
        return place

    def _make(self, webhook: int) -> Place:
        host, path = self._addresses.host(webhook), self._addresses.path(webhook)
        signer, own = self._settings.signer, b""
        if self._table:
            if headers := self._table.headers(webhook):
                signer = self._replacing(tuple(map(str.lower, headers)))
                own = "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode()
            if key := self._table.key(webhook):
                signer = signer.keyed((key,))
        start = self._starts[host] % path + signer.head if self._starts else b""
        return Place(self._origins[host] + path, host, start + own, signer)

    def _without(self, names: tuple[str, ...]) -> Signer:
        """What signs where an endpoint has headers of its own in the place of these."""
        settings = self._settings
        return Signer(settings.provider, [one.key for one in settings.secrets], settings.headers.sent, names)


def make_places(settings: Settings) -> Places | None:
    """None where all deliveries go to one URL, or a region's."""
    addresses = settings.endpoints or settings.template
    return Places(settings, addresses) if addresses else None
