"""Where each webhook's deliveries go in one process: made of the endpoints' table when they are used."""

from functools import lru_cache

from _hookswarm.protocol.signing import Dress, Signer
from _hookswarm.senders.plan.endpoints import EndpointTable
from _hookswarm.senders.plan.settings import Settings
from _hookswarm.senders.plan.target import TargetTemplate
from _hookswarm.senders.transport.aimed import Place

KEPT = 512
"""Tables up to here have their places made once. Of larger ones each is made when it is used: that takes microseconds,
and keeping some would take more, of the garbage collector.
"""


class Places:
    """Places by their webhooks' numbers."""

    def __init__(self, settings: Settings, addresses: EndpointTable | TargetTemplate) -> None:
        self.hosts = addresses.hosts
        self._settings = settings
        self._signer = settings.signer
        self._row = addresses.row
        self._table = addresses if isinstance(addresses, EndpointTable) and addresses.has_headers else None
        self._origins = [host.encode() for host in addresses.hosts]
        self._wire = settings.transport == "wire"  # httpx's client has the lines that are the same for all
        self._lines = self._starts(settings.signer)
        self._replacing = lru_cache(64)(self._without)
        self._few = isinstance(addresses, EndpointTable) and len(addresses) <= KEPT
        self._kept: dict[int, Place] = {}

    def of(self, webhook: int) -> Place:
        """Where a webhook's deliveries go."""
        if self._few and (place := self._kept.get(webhook)):
            return place
        host, path, key = self._row(webhook)
        signer, starts, own, plainly = self._signer, self._lines, b"", None
        dress: Dress | None = None
        if self._table and (headers := self._table.headers(webhook)):
            signer, starts = self._replacing(tuple(map(str.lower, headers)))
            own = "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode()
            plainly, dress = signer.dress_plainly, signer.dress
        if key:
            plainly, dress = signer.keyed(key)
        lines = own
        if self._wire:
            lines = starts[host] % path + own if own else starts[host] % path
        # In a third of the time of Place(…).
        place = tuple.__new__(Place, (self._origins[host] + path, host, lines, plainly, dress))
        if self._few:
            self._kept[webhook] = place
        return place

    def _starts(self, signer: Signer) -> list[bytes]:
        """By host, the lines that a request begins with, all but its path."""
        method, lines = self._settings.provider.method.encode(), signer.head.replace(b"%", b"%%")
        hosts = [origin.partition(b"://")[2].replace(b"%", b"%%") for origin in self._origins]
        return [b"%b %%b HTTP/1.1\r\nHost: %b\r\n%b" % (method, host, lines) for host in hosts]

    def _without(self, names: tuple[str, ...]) -> tuple[Signer, list[bytes]]:
        """What signs where an endpoint has headers of its own in the place of these, and how its requests begin."""
        signer = self._signer.without(names)
        return signer, self._starts(signer)


def make_places(settings: Settings) -> Places | None:
    """None where all deliveries go to one URL, or a region's."""
    addresses = settings.endpoints or settings.template
    return Places(settings, addresses) if addresses else None
