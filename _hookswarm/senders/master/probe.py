"""The probe: before any load one event goes to each target of others, after the handshake that its provider wants.

It is an ordinary delivery, signed as all others, of an event that belongs to no run: the journals do not have it.
"""

import os
import secrets
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import NamedTuple
from urllib.parse import urlsplit, urlunsplit

import gevent
from gevent.event import Event

from _hookswarm.common.wording import and_more, figure, one_line
from _hookswarm.protocol.acceptance import LOOKED_AT
from _hookswarm.protocol.credentials import masked
from _hookswarm.protocol.handshakes import VERIFY_TOKEN, ask
from _hookswarm.protocol.identity import AttemptTag, EventId, format_attempt_tag, format_event_id
from _hookswarm.protocol.signing import Signer
from _hookswarm.records.rows import Outcome
from _hookswarm.senders.master.ending import UntestedError
from _hookswarm.senders.master.probe_advice import Probed, advice, doubt
from _hookswarm.senders.plan.settings import Settings
from _hookswarm.senders.plan.stages import Stage
from _hookswarm.senders.transport.answer import WholeAnswer
from _hookswarm.senders.transport.failure import WireError
from _hookswarm.senders.transport.httpx_wire import HttpxWire
from _hookswarm.senders.transport.wire import Endpoint, Wire

SHOWN = 3
"""Targets that are told of."""
MOST = 250
"""Targets that are probed: as many as there can be regions; a file of endpoints may name more hosts."""


class Aim(NamedTuple):
    """Where an event goes, and as whose."""

    url: str
    name: str
    """For people. The URLs of a file of endpoints may be secret."""
    webhook: int
    signer: Signer
    keys: tuple[bytes, ...]
    own: bool = False
    """The key is an endpoint's own."""
    hidden: tuple[bytes, ...] = ()
    """What an answer may repeat, and nobody is to see."""


def probe(settings: Settings, stage: Stage, asked: Event, say: Callable[[str], None]) -> None:
    """Send every target that is not ours the first event of a stage, to all at once, and say what came back.

    Raises UntestedError where one does not accept it, with the likeliest reason and its mend. It returns at once where
    the run is `asked` to end.
    """
    lookers = [gevent.spawn(_look, settings, stage, aim) for aim in _aims(settings)]
    halted = gevent.spawn(asked.wait)
    try:
        for looker in lookers:
            gevent.wait([looker, halted], count=1)
            if not looker.ready():
                return
        found = [looker.get() for looker in lookers]
    finally:
        gevent.killall([halted, *lookers])
    refused = [_refusal(settings, one) for one in found if one.lacks]
    if refused:
        others = len(refused) - 1
        too = f"; {others:,} other target{'s' * (others > 1)} refused it, too" if others else ""
        raise UntestedError(refused[0] + too)
    for one in found[:SHOWN]:
        say(f"probe: {one.name} answered {_told(one)}{doubt(one, settings)}")
    if more := and_more(len(found) - SHOWN, "targets accepted it"):
        say(f"probe:{more}")


def _aims(settings: Settings) -> Iterator[Aim]:
    """Each region that is not ours; of endpoints the first one on each host."""
    keys = tuple(secret.key for secret in settings.secrets)
    token = filter(None, [os.environ.get(VERIFY_TOKEN, "").encode()])
    hidden = (*settings.hidden, *token)
    table = settings.endpoints or settings.template
    if not table:
        for region in settings.regions:
            if not region.control:
                yield Aim(region.url, region.url, 0, settings.signer, keys, hidden=hidden)
        return
    for webhook, (host, path, key) in _firsts(table.hosts, table.row):
        headers = settings.endpoints.headers(webhook) if settings.endpoints else {}
        signer, used = settings.signer, (key,) if key else keys
        if key or headers:
            replaced = {*map(str.lower, headers)}
            kept = {name: text for name, text in settings.headers.sent.items() if name.lower() not in replaced}
            signer = Signer(settings.provider, used, {**kept, **headers}, settings.written_in)
        own = settings.endpoints.hidden(webhook) if settings.endpoints else ()
        url = table.hosts[host] + path.decode()
        name = f"webhook {webhook} at {table.hosts[host]}" if settings.endpoints else url
        yield Aim(url, name, webhook, signer, used, bool(key), (*hidden, *own))


Row = tuple[int, bytes, bytes]


def _firsts(hosts: tuple[str, ...], row: Callable[[int], Row]) -> Iterator[tuple[int, Row]]:
    """The first webhook of each host, and its row. Hosts are numbered as they first occur."""
    webhook = 0
    for host in range(min(len(hosts), MOST)):
        while (found := row(webhook))[0] != host:
            webhook += 1
        yield webhook, found


def _look(settings: Settings, stage: Stage, aim: Aim) -> Probed:
    """What came back from a target: to the event, or to the handshake before it if that was wrong."""
    if settings.provider.handshake:
        asked = ask(aim.signer, aim.keys, secrets.token_hex(16).encode(), time.time(), aim.url.encode())
        there = _asking(aim.url, asked.query)
        found = _send(settings, aim, there, asked.method, asked.headers, asked.body, asked.lacks)
        if found.lacks:
            return found._replace(handshake=True)
    payloads = settings.payloads(stage)
    event_id = format_event_id(EventId(secrets.randbits(32), 0, aim.webhook, 0))
    headers, body = aim.signer.dress(
        event_id,
        time.time(),
        payloads.body(event_id, 0),
        format_attempt_tag(AttemptTag(1, 0, 0, 0)),
        payloads.kind(0),
        aim.webhook,
        url=aim.url.encode(),
    )
    return _send(settings, aim, aim.url, settings.provider.method, headers, body, settings.acceptance.lacks)


def _asking(url: str, query: str) -> str:
    """A URL with more in its query."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(query="&".join(filter(None, (parts.query, query)))))


def _send(
    settings: Settings,
    aim: Aim,
    url: str,
    method: str,
    headers: bytes,
    body: bytes,
    lacks: Callable[[int, bytes], str],
) -> Probed:
    wire = _transport(settings, url, method, aim.signer.head)
    began_s = time.monotonic()
    try:
        status, failure = wire.post(headers, body), None
    except WireError as error:
        status, failure = 0, error
    ms = (time.monotonic() - began_s) * 1e3
    wire.close()
    return Probed(
        url=url,
        name=aim.name,
        status=status,
        ms=ms,
        body=masked(wire.body, aim.hidden),
        sent_bytes=len(body),
        location=wire.location.decode("latin-1"),
        retry_after=wire.retry_after.decode("latin-1"),
        outcome=failure.outcome if failure else None,
        lacks=str(failure) if failure else lacks(status, wire.body),
        own_secret=aim.own,
    )


def _transport(settings: Settings, url: str, method: str, head: bytes) -> Wire | HttpxWire:
    if settings.transport == "httpx":
        return HttpxWire(url, settings.tls, settings.timeouts, method, head, LOOKED_AT)
    return Wire(Endpoint(url, settings.tls, method, head, partial(WholeAnswer, LOOKED_AT)), settings.timeouts)


def _refusal(settings: Settings, found: Probed) -> str:
    what = f"the handshake of {settings.provider.name}" if found.handshake else "the probe"
    return ": ".join(filter(None, (f"{found.name} refused {what}", _told(found), advice(found, settings))))


def _told(found: Probed) -> str:
    """What came back, in a line."""
    if found.outcome:
        return "TLS: " * (found.outcome is Outcome.TLS) + found.lacks.rstrip(".")
    body, status = one_line(found.body), f"status {found.status}"
    why = found.lacks.removeprefix(status).removeprefix(", ")
    return f"{status} in {figure(found.ms)} ms" + f", {body!r}" * bool(body) + f"; {why}" * bool(why)
