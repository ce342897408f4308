"""What arrives from a delivery service: whose it is, by the mark in its body, and what became of it on its way."""

from collections import Counter
from functools import lru_cache, partial
from typing import NamedTuple

from _hookswarm.protocol.forms import parse_secret
from _hookswarm.protocol.identity import PROBE_STAGE, EventId, format_event_id
from _hookswarm.protocol.marks import Marked, Payload, read_mark
from _hookswarm.protocol.served import REDIRECTED, Caught, Served, endpoint_of
from _hookswarm.protocol.verifying import Verifier
from _hookswarm.receiver.request import Environ, environ_name, header_bytes, header_of
from _hookswarm.records.rows import Flag

VERIFIERS = 4096
"""Endpoints whose keys are kept ready."""
_TOLD = {
    Payload.KEPT: 0,
    Payload.REWRITTEN: int(Flag.REWRITTEN),
    Payload.CORRUPT: int(Flag.CORRUPT),
    Payload.UNKNOWN: int(Flag.VALUELESS),
}
_SERVED, _BODILESS, _UNVERIFIED = int(Flag.SERVED), int(Flag.BODILESS), int(Flag.UNVERIFIED)
_REDIRECTED = int(Flag.REDIRECTED)


class Delivered(NamedTuple):
    """One request of a service."""

    event: EventId | None
    """None: nothing of ours is in it."""
    endpoint: int | None
    """None: its path names none."""
    signed_ns: int
    """The time that it is signed with; 0: none is told."""
    flags: int
    redirected: bool
    """It followed a redirect of ours."""
    awaited: bool
    """It is of an event of this run that its endpoint gets, and has a body: what is not, nobody waits for."""

    @property
    def named(self) -> tuple[int, int]:
        """What faults are drawn by: the event within its stage, at this endpoint."""
        return (self.endpoint or 0, self.event.sequence if self.event else 0)

    @property
    def ahead(self) -> bool:
        """It was published ahead of the load, and belongs to no stage."""
        return self.event is not None and self.event.stage == PROBE_STAGE

    def caught(self, environ: Environ, body: bytes, received_ns: int) -> Caught:
        """The request whole, and what it is."""
        names = ("CONTENT_TYPE", "CONTENT_LENGTH", *(name for name in environ if name.startswith("HTTP_")))
        return Caught.model_construct(
            endpoint=self.endpoint,
            event=format_event_id(self.event).decode() if self.event else "",
            method=environ["REQUEST_METHOD"],
            headers={
                name.removeprefix("HTTP_").replace("_", "-").lower(): str(environ.get(name, "")) for name in names
            },
            body=body,
            received_ns=received_ns,
            flags=self.flags,
        )


class ServedEndpoints:
    """The endpoints of a service. What arrives there is never refused: what is wrong with it is written down."""

    def __init__(self, served: Served) -> None:
        """Raises ConfigError for secrets that are not in the provider's form."""
        self.catches = served.catch
        self._secrets = served.secrets
        self._shared, self._run = served.shared, served.run
        self._provider = served.provider
        signature = served.provider.signature
        self._form = signature.secret if signature else None
        for secret in served.secrets if self._form else ():
            parse_secret(secret, self._form or "text")
        self._verifier = lru_cache(VERIFIERS)(self._make)
        self._names = [environ_name(name) for name in Verifier(served.provider, ()).headers]
        self._tries: Counter[tuple[EventId, int]] = Counter()

    def read(self, environ: Environ, body: bytes, received_ns: int) -> Delivered:
        """What a request is. Never raises, whatever its bytes, but Refused for headers that are none."""
        path = environ.get("PATH_INFO", "")
        endpoint = endpoint_of(path)
        redirected = path.startswith(REDIRECTED)
        flags = _SERVED | _REDIRECTED if redirected else _SERVED
        marked: Marked | None = None
        if environ["REQUEST_METHOD"] == "GET" or not body:
            flags |= _BODILESS
        else:
            marked = read_mark(body)
        if marked is None:  # the id may stand in a header
            texts = [header_bytes(text) for name, text in environ.items() if name.startswith("HTTP_")]
            marked = next(filter(None, map(read_mark, texts)), None)
            if marked and not flags & _BODILESS:
                flags |= _TOLD[Payload.UNKNOWN]
        else:
            flags |= _TOLD[marked.payload]
        signed_ns = 0
        if self._form and not flags & _BODILESS:
            verifier = self._verifier((endpoint or 0) if len(self._secrets) > 1 else 0)
            texts = [header_bytes(environ.get(name, "")) for name in self._names]
            seen = verifier.seen(texts, partial(header_of, environ))
            signed_ns = _nanoseconds(seen.timestamp)
            if not verifier.is_fresh(seen, received_ns / 1e9) or not verifier.is_right(seen, body):
                flags |= _UNVERIFIED
        awaited = False
        if marked and endpoint is not None and not flags & _BODILESS and self._run in (None, marked.event.run):
            awaited = marked.event.webhook // self._shared == endpoint // self._shared
        return Delivered(marked.event if marked else None, endpoint, signed_ns, flags, redirected, awaited)

    def tried(self, delivered: Delivered) -> int:
        """How often this process was asked of this event at this endpoint while faults are played: 1, 2 …"""
        if delivered.event is None:
            return 0
        name = delivered.event, delivered.endpoint or 0
        self._tries[name] += 1
        return min(self._tries[name], (1 << 16) - 1)

    def _make(self, endpoint: int) -> Verifier:
        known = self._secrets[endpoint : endpoint + 1]
        return Verifier(self._provider, [parse_secret(secret, self._form or "text") for secret in known])


def _nanoseconds(timestamp: str) -> int:
    """Of Unix seconds or milliseconds; 0 where that is neither."""
    if not (timestamp.isascii() and timestamp.isdecimal()):
        return 0
    if len(timestamp) <= 10:
        return int(timestamp) * 1_000_000_000
    return int(timestamp) * 1_000_000 if len(timestamp) == 13 else 0
