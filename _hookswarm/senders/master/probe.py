"""The probe: before any load one event goes to each target of others, after the handshake that its provider wants.

It is an ordinary delivery, signed as all others, of an event that belongs to no run: the journals do not have it.
"""

import secrets
import time
from collections.abc import Callable
from functools import partial
from urllib.parse import urlsplit, urlunsplit

import gevent
from gevent.event import Event

from _hookswarm.common.wording import and_more, one_line
from _hookswarm.protocol.acceptance import LOOKED_AT
from _hookswarm.protocol.credentials import masked
from _hookswarm.protocol.handshakes import ask
from _hookswarm.protocol.identity import AttemptTag, EventId, format_attempt_tag, format_event_id
from _hookswarm.records.rows import Outcome
from _hookswarm.senders.master.probe_advice import Probed, advice
from _hookswarm.senders.master.stage_player import UntestedError
from _hookswarm.senders.plan.payloads import Generated
from _hookswarm.senders.plan.settings import Settings
from _hookswarm.senders.plan.stages import Stage
from _hookswarm.senders.transport.answer import WholeAnswer
from _hookswarm.senders.transport.failure import WireError
from _hookswarm.senders.transport.httpx_wire import HttpxWire
from _hookswarm.senders.transport.wire import Endpoint, Wire

SHOWN = 3
"""Targets that are told of; there may be 250."""


def probe(settings: Settings, stage: Stage, asked: Event, say: Callable[[str], None]) -> None:
    """Send every target that is not ours the first event of a stage, to all at once, and say what came back.

    Raises UntestedError where one does not accept it, with the likeliest reason and its mend. It returns at once where
    the run is `asked` to end.
    """
    urls = [region.url for region in settings.regions if not region.control]
    lookers = [gevent.spawn(_look, settings, stage, url) for url in urls]
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
        raise UntestedError(refused[0] + and_more(len(refused) - 1, "targets refused it, too"))
    for one in found[:SHOWN]:
        say(f"probe: {one.url} answered {_told(settings, one)}")
    if more := and_more(len(found) - SHOWN, "targets accepted it"):
        say(f"probe:{more}")


def _look(settings: Settings, stage: Stage, url: str) -> Probed:
    """What came back from a target: to the event, or to the handshake before it if that was wrong."""
    event, keys = EventId(secrets.randbits(32), 0, 0, 0), [secret.key for secret in settings.secrets]
    signer, provider = settings.signer, settings.provider
    if provider.handshake:
        asked = ask(signer, keys, secrets.token_hex(16).encode(), time.time(), url.encode())
        there = urlunsplit(urlsplit(url)._replace(query=asked.query)) if asked.query else url
        found = _send(settings, there, asked.method, asked.headers, asked.body, asked.lacks)
        if found.lacks:
            return found._replace(url=url, handshake=True)
    payloads = settings.captured or Generated(stage.payload, settings.seed)
    event_id = format_event_id(event)
    headers, body = signer.dress(
        event_id,
        time.time(),
        payloads.body(event_id, 0),
        format_attempt_tag(AttemptTag(1, 0, 0, 0)),
        payloads.kind(0),
        url=url.encode(),
    )
    return _send(settings, url, provider.method, headers, body, settings.acceptance.lacks)


def _send(
    settings: Settings, url: str, method: str, headers: bytes, body: bytes, lacks: Callable[[int, bytes], str]
) -> Probed:
    wire = _transport(settings, url, method)
    began_s = time.monotonic()
    try:
        status, failure = wire.post(headers, body), None
    except WireError as error:
        status, failure = 0, error
    ms = (time.monotonic() - began_s) * 1e3
    wire.close()
    return Probed(
        url=url,
        status=status,
        ms=ms,
        body=wire.body,
        sent_bytes=len(body),
        location=wire.location.decode("latin-1"),
        retry_after=wire.retry_after.decode("latin-1"),
        outcome=failure.outcome if failure else None,
        lacks=str(failure) if failure else lacks(status, wire.body),
    )


def _transport(settings: Settings, url: str, method: str) -> Wire | HttpxWire:
    if settings.transport == "httpx":
        return HttpxWire(url, settings.tls, settings.timeouts, method, settings.signer.head, LOOKED_AT)
    answer = partial(WholeAnswer, LOOKED_AT)
    return Wire(Endpoint(url, settings.tls, method, settings.signer.head, answer), settings.timeouts)


def _refusal(settings: Settings, found: Probed) -> str:
    what = f"the handshake of {settings.provider.name}" if found.handshake else "the probe"
    return ": ".join(filter(None, (f"{found.url} refused {what}", _told(settings, found), advice(found, settings))))


def _told(settings: Settings, found: Probed) -> str:
    """What came back, in a line, without a secret that is in it."""
    if found.outcome:
        return f"TLS: {found.lacks}" if found.outcome is Outcome.TLS else found.lacks
    body = one_line(masked(found.body, settings.hidden()))
    why = f"; {found.lacks}" if found.lacks and found.lacks != f"status {found.status}" else ""
    return f"status {found.status} in {found.ms:.3g} ms" + f", {body!r}" * bool(body) + why
