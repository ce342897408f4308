"""How an event is handed to a service: for each endpoint a request that is filled once, but for what is the event's."""

import re
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import urlsplit

from _hookswarm import __version__
from _hookswarm.protocol.event_values import EVENTS_OWN
from _hookswarm.protocol.signing import Dress
from _hookswarm.protocol.templates import PLACES
from _hookswarm.senders.service.account import Account
from _hookswarm.senders.service.checking import OF_EVENT
from _hookswarm.senders.service.filling import Values, fill, in_header, in_json
from _hookswarm.senders.service.steps import request_line
from _hookswarm.senders.service.table import Service
from _hookswarm.senders.transport.aimed import Place

_EVENT = re.compile(r"\{(" + "|".join(OF_EVENT) + r")\}")
Filler = Callable[[Sequence[Any]], bytes]

_ID, _TIME, _PAYLOAD, _TYPE, _SEQUENCE = range(5)


def _escaped(values: Sequence[Any]) -> bytes:
    """The payload between the quotes of a JSON text."""
    payload: bytes = values[_PAYLOAD]
    return in_json(payload.decode("utf-8", "surrogatepass")).encode()


def _of_template(name: str) -> Filler:
    """What a provider's templates call so."""
    make = EVENTS_OWN[name]

    def filler(values: Sequence[Any]) -> bytes:
        told: list[Any] = [b""] * len(PLACES)
        told[PLACES["id"]], told[PLACES["timestamp"]] = values[_ID], b"%d" % values[_TIME]
        return make(told)

    return filler


_FILLERS: dict[str, Filler] = {
    "event_id": lambda values: values[_ID],
    "event_uuid": _of_template("uuid"),
    "payload": lambda values: values[_PAYLOAD],
    "payload_text": _escaped,
    "timestamp": lambda values: b"%d" % values[_TIME],
    "timestamp_iso": _of_template("timestamp_iso"),
    "sequence": lambda values: b"%d" % values[_SEQUENCE],
    "type": lambda values: values[_TYPE],
}
assert set(_FILLERS) == {*OF_EVENT}


class Publishing:
    """Where each webhook's events are handed over, as `worker.places.Places` has it of endpoints."""

    dress_plainly = None
    """There is no faster way: see `Signer`."""

    def __init__(self, service: Service, account: Account, httpx: bool = False) -> None:
        """`httpx`: what posts has the request's first line, and the lines that all have, by itself."""
        self._service = service
        self._account = account
        self._httpx = httpx
        method, url = request_line(service.publish.request, account.values(0), service)
        parts = urlsplit(url)
        self.method = method
        self.hosts = (f"{parts.scheme}://{parts.netloc}",)
        self.uses_type = "{type}" in f"{service.publish.headers}{service.publish.body}"
        self.type = service.publish.type.encode()
        self._kept: dict[int, Place] = {}

    def of(self, webhook: int) -> Place:
        """Where a webhook's events are handed over, and how."""
        place = self._kept.get(webhook)
        if place is None:
            place = self._kept[webhook] = self._make(webhook)
        return place

    def renew(self, values: Values) -> None:
        """From now on the run's values are these: what is on its way goes on with the old ones."""
        self._account.run.update(values)
        self._kept.clear()

    def dress(self, *_: Any) -> tuple[bytes, bytes]:
        """Each endpoint has its own."""
        raise AssertionError("an event is dressed by its endpoint's place")

    def _make(self, webhook: int) -> Place:
        publish, values = self._service.publish, self._account.values(webhook)
        method, url = request_line(publish.request, values, self._service)
        parts = urlsplit(url)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        given = {name.title(): text for name, text in publish.headers.items()}
        headers = {"User-Agent": f"hookswarm/{__version__}", "Content-Type": "application/json", **given}
        fixed = {name: fill(text, values, in_header) for name, text in headers.items() if not _EVENT.search(text)}
        own = "".join(f"{name}: {text}\r\n" for name, text in headers.items() if name not in fixed)
        lines = "".join(f"{name}: {text}\r\n" for name, text in fixed.items())
        if not self._httpx:
            lines = f"{method} {path} HTTP/1.1\r\nHost: {parts.netloc}\r\n{lines}"
        dress = _dress(_format(own, values, in_header), _format(publish.body, values, in_json), self.type)
        return Place(url.encode(), 0, lines.encode(), None, dress)


Format = tuple[bytes, tuple[Filler, ...]]


def _format(text: str, values: Values, spell: Callable[[str], str]) -> Format:
    """Bytes with a place for each of the event's values; all others are filled in."""
    parts = _EVENT.split(text)
    literals = [fill(literal, values, spell).replace("%", "%%") for literal in parts[::2]]
    return "%b".join(literals).encode(), tuple(_FILLERS[name] for name in parts[1::2])


def _dress(headers: Format, body: Format, usual: bytes) -> Dress:
    """What makes an event's own header lines and body. Its arguments are `Signer.dress`'s."""
    (lines, in_lines), (text, in_text) = headers, body

    def dress(
        event_id: bytes,
        now_s: float,
        payload: bytes,
        _tag: bytes = b"",
        type: bytes = b"",
        _webhook: int = 0,
        sequence: int = 0,
        *_: Any,
    ) -> tuple[bytes, bytes]:
        values = (event_id, now_s, payload, type or usual, sequence)
        made = text % tuple([filler(values) for filler in in_text])
        return (lines % tuple([filler(values) for filler in in_lines]) if in_lines else lines), made

    return dress
