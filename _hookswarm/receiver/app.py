"""The receiver: a WSGI app that verifies a webhook, writes it down, and answers 204.

Junk is answered 4xx, never 5xx; what a client sends reaches no file name and no log line.
"""

import os
import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial
from http import HTTPStatus
from typing import Any
from wsgiref.util import request_uri

from _hookswarm.protocol.faults import FaultOrder, Faults
from _hookswarm.protocol.handshakes import Answerer
from _hookswarm.protocol.identity import NO_RUN, AttemptTag, EventId, parse_attempt_tag, parse_event_id
from _hookswarm.protocol.providers import EVENT_HEADER
from _hookswarm.protocol.served import ENDPOINTS
from _hookswarm.protocol.verifying import Verifier
from _hookswarm.receiver.arrivals import open_arrivals
from _hookswarm.receiver.bodies import BodyFile
from _hookswarm.receiver.config import Durability, ReceiverConfig
from _hookswarm.receiver.evidence import EvidenceFile
from _hookswarm.receiver.faults import Kind, Play, decide_play, faults_naming, played_answer
from _hookswarm.receiver.request import (
    Environ,
    Refused,
    environ_name,
    header_bytes,
    header_of,
    headers_bytes,
    read_body,
)
from _hookswarm.receiver.served import ServedEndpoints
from _hookswarm.receiver.state import Counts, ProcessReport, StateReader
from _hookswarm.records.clock import Clock
from _hookswarm.records.journal import BufferedJournal, Journal
from _hookswarm.records.rows import Flag, pack_row

StartResponse = Callable[..., Any]

_FOREIGN = AttemptTag(attempt=0, origin=0, target=0, strategy=0)
# Plain integers: an IntFlag makes a new object at every use.
_WRITTEN, _FOREIGN_FLAG, _FAULT = int(Flag.WRITTEN), int(Flag.FOREIGN), int(Flag.FAULT)
_NO_CONTENT = int(HTTPStatus.NO_CONTENT)
_STATUS_LINES = {status.value: f"{status.value} {status.phrase}" for status in HTTPStatus}


class Receiver:
    """One data-plane process's WSGI callable. Arrivals are journalled before they are answered."""

    def __init__(
        self,
        config: ReceiverConfig,
        verifier: Verifier,
        answerer: Answerer,
        state: StateReader,
        clock: Clock | None = None,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self._config = config
        self._verifier, self._answerer = verifier, answerer
        provider = verifier.provider
        self._method = provider.method
        self._greets = answerer.method == self._method
        self._taken, self._answer = provider.acceptance.example()
        self._id = environ_name(provider.id_header or EVENT_HEADER)
        self._looked_at = [environ_name(name) for name in verifier.headers]
        self._needs_url = bool(provider.signature and "{url}" in provider.signature.signed)
        self._state = state
        self._clock = clock or Clock()
        self._sleep = sleep
        self._fsync = config.durability is Durability.FSYNC
        self._lock = threading.Lock()
        # At a process's end two threads do the housekeeping: the later report must stay.
        self._keeping = threading.Lock()
        self._refused: Counter[int] = Counter()
        self._played: Counter[str] = Counter()
        self._arrivals = 0
        self._before = Counts()
        """What was counted until the last reset."""
        self._generation = self._resets = -1
        self._order: FaultOrder | None = None
        self._served: ServedEndpoints | None = None
        """Of a delivery service under test."""
        self._serving = 0
        self.run = NO_RUN
        """The run whose arrivals are written down."""
        self.rests = 0
        """Pauses that the supervisor told of."""
        self._journal: Journal | None = None
        self._bodies: BodyFile | None = None
        self._evidence: EvidenceFile | None = None

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        received = self._clock.now()
        try:
            if ENDPOINTS in environ.get("PATH_INFO", ""):
                return self._serve(environ, start_response, received)
            if environ["REQUEST_METHOD"] != self._method:
                return self._answer_other(environ, start_response, received)
            body, timestamp = self._verified(environ, received)
            if self._greets and (answer := self._answerer.answer(body)) is not None:
                return _answered(start_response, self._answerer.status, answer)
            played = self._accept(environ, body, timestamp, received)
        except Refused as refusal:
            with self._lock:
                self._refused[refusal.status.value] += 1
            return _plain(start_response, refusal.status, str(refusal))
        if played is not None:
            return played_answer(*played, environ, start_response, self._clock.now, self._sleep)
        return _answered(start_response, self._taken, self._answer)

    def _serve(self, environ: Environ, start_response: StartResponse, received: int) -> Iterable[bytes]:
        """Take a delivery service's delivery, whatever it is like. Raises Refused where none is expected."""
        body = read_body(environ, self._config.max_body)
        if self._state.generation() != self._generation:
            self._switch()
        served, order = self._served, self._order
        if served is None:
            raise Refused(HTTPStatus.GONE, "no run expects a service's deliveries here: end what delivers them")
        delivered = served.read(environ, body, received)
        if served.catches or delivered.ahead:
            if served.catches:
                try:
                    self._state.catch(delivered.caught(environ, body, received), delivered.ahead)
                except OSError as error:
                    raise Refused(HTTPStatus.INSUFFICIENT_STORAGE, f"cannot keep it: {error.strerror}") from None
            return _answered(start_response, self._taken, self._answer)
        faults = None if delivered.redirected or order is None else order.active(received, delivered.endpoint)
        play = None
        if faults:
            named = b"%d_%d" % delivered.named
            play = decide_play(faults, named, served.tried(delivered), self._taken)
            if not play.silent and play.delay_s:
                (_compute if play.busy else self._sleep)(play.delay_s)
        plain = play is None or play.kind is Kind.TAKE
        event = delivered.event or EventId(0, 0, delivered.endpoint or 0, zlib.crc32(body))
        flags = _WRITTEN | delivered.flags | (0 if delivered.event else _FOREIGN_FLAG) | (0 if plain else _FAULT)
        status = play.status if play else self._taken
        endpoint = 0 if delivered.endpoint is None else delivered.endpoint + 1
        try:
            signed_ns, awaited = delivered.signed_ns, delivered.awaited
            self._record(event, _FOREIGN, body, received, status, flags, signed_ns, endpoint, counts=awaited)
            if self._evidence:
                self._evidence.append(environ, delivered.event, delivered.endpoint, received)
        except OSError as error:
            raise Refused(HTTPStatus.INSUFFICIENT_STORAGE, f"cannot write the journal: {error.strerror}") from None
        if play and faults and self._is_played(play):
            return played_answer(play, faults, environ, start_response, self._clock.now, self._sleep)
        return _answered(start_response, self._taken, self._answer)

    def _answer_other(self, environ: Environ, start_response: StartResponse, received: int) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] in ("GET", "HEAD") and environ.get("PATH_INFO") == "/health":
            faults = self._order.active(received, None) if self._order else None
            if faults and faults.unhealthy:
                return _plain(start_response, HTTPStatus.SERVICE_UNAVAILABLE, "unhealthy: a fault was asked for")
            return _plain(start_response, HTTPStatus.OK, "ready")
        query = header_bytes(environ.get("QUERY_STRING", ""))
        if self._answerer.method == environ["REQUEST_METHOD"] and (answer := self._answerer.answer(query)) is not None:
            return _answered(start_response, self._answerer.status, answer)
        return _plain(
            start_response, HTTPStatus.METHOD_NOT_ALLOWED, f"webhooks come by {self._method}", [("Allow", self._method)]
        )

    def _verified(self, environ: Environ, received: int) -> tuple[bytes, str]:
        """A request's body, and its timestamp as it was sent. Raises Refused."""
        verifier = self._verifier
        texts = headers_bytes(environ, self._looked_at, verifier.headers)
        seen = verifier.seen(texts, partial(header_of, environ))
        if not verifier.is_fresh(seen, received / 1e9):
            raise Refused(HTTPStatus.BAD_REQUEST, verifier.why_stale(seen, received / 1e9))
        body = read_body(environ, self._config.max_body)
        url = header_bytes(request_uri(environ)) if self._needs_url else b""
        if not verifier.is_right(seen, body, url, self._method.encode()):
            raise Refused(HTTPStatus.UNAUTHORIZED, f"no signature in {verifier.told_signature} is right")
        return body, seen.timestamp

    def _accept(self, environ: Environ, body: bytes, timestamp: str, received: int) -> tuple[Play, Faults] | None:
        """Write down; what is then played instead of a plain acceptance, if anything."""
        event_id = environ.get(self._id, "")
        ours = _ours(event_id, environ.get("HTTP_HOOKSWARM_ATTEMPT", ""))
        event, tag = ours or (EventId(0, 0, 0, zlib.crc32(header_bytes(event_id) or body)), _FOREIGN)
        flags = _WRITTEN if ours else _WRITTEN | _FOREIGN_FLAG
        try:
            if self._state.generation() != self._generation:
                self._switch()
            order = self._order
            if order is None or (faults := order.active(received, event.webhook if ours else None)) is None:
                self._record(event, tag, body, received, self._taken, flags)
                return None
            play = decide_play(faults, *faults_naming(ours, event_id, timestamp), self._taken)
            if not play.silent and play.delay_s:
                (_compute if play.busy else self._sleep)(play.delay_s)
            plain = play.kind is Kind.TAKE
            self._record(event, tag, body, received, play.status, flags if plain else flags | _FAULT)
        except OSError as error:
            raise Refused(HTTPStatus.INSUFFICIENT_STORAGE, f"cannot write the journal: {error.strerror}") from None
        return (play, faults) if self._is_played(play) else None

    def _is_played(self, play: Play) -> bool:
        """Whether it is anything but the usual answer. What goes wrong is counted."""
        if play.kind is Kind.TAKE:
            return play.status != self._taken
        with self._lock:
            self._played[play.name] += 1
        return True

    def _record(
        self,
        event: EventId,
        tag: AttemptTag,
        body: bytes,
        received: int,
        status: int,
        flags: int,
        signed: int = 0,
        endpoint: int = 0,
        counts: bool = True,
    ) -> None:
        journal = self._journal or self._open()
        if self._bodies:
            self._bodies.append(body)
        offset = journal.append(
            pack_row(
                webhook=event.webhook,
                sequence=event.sequence,
                due=signed,
                start=received,
                attempt=tag.attempt,
                stage=event.stage,
                origin=tag.origin,
                target=tag.target,
                strategy=tag.strategy,
                size=len(body),
                digest=zlib.crc32(body),
                late=endpoint,
                run=event.run,
                done=self._clock.now(),
                status=status,
                flags=flags,
            )
        )
        if self._fsync:
            journal.sync()
            journal.finish(offset, self._clock.now(), status, 0, flags)
        if counts and 200 <= status < 300:
            with self._lock:
                self._arrivals += 1

    def keep(self) -> None:
        """Housekeeping between requests: follow the setting, flush what memory holds, leave a report.

        Raises OSError (a full disk); the next call tries again.
        """
        with self._keeping:
            if self._state.generation() != self._generation:
                self._switch()
            if isinstance(self._journal, BufferedJournal):
                self._journal.flush()
            with self._lock:
                report = ProcessReport(
                    pid=os.getpid(),
                    generation=self._generation,
                    resets=self._resets,
                    counts=self._counts(),
                    before=self._before,
                )
            self._state.report(report)

    def _counts(self) -> Counts:
        """Since the last reset. The caller holds the lock."""
        return Counts(arrivals=self._arrivals, refused=Counter(self._refused), faults=Counter(self._played))

    def _switch(self) -> None:
        with self._lock:
            setting = self._state.setting()
            if setting.generation == self._generation:
                return
            if setting.resets != self._resets:
                if isinstance(self._journal, BufferedJournal):
                    self._journal.flush()
                # A thread may be writing to the old journal right now: it closes when the last one lets go.
                self._journal = self._bodies = self._evidence = None
                self._before += self._counts()
                self.run, self._arrivals = setting.run, 0
                self._refused.clear()
                self._played.clear()
                self._resets = setting.resets
            if setting.served != self._serving:
                self._served = None
                if setting.served:
                    self._served = ServedEndpoints(self._state.served(setting.served))
                self._serving = setting.served
            self._order = setting.order if setting.order.parts() else None
            self.rests = setting.rests
            self._generation = setting.generation

    def _open(self) -> Journal:
        with self._lock:
            if self._journal is None:
                self._journal, self._bodies, self._evidence = open_arrivals(self._config, self.run, self._clock)
            return self._journal


def _compute(seconds: float) -> None:
    """Use so much CPU time in this thread."""
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


def _ours(event_id: str, attempt: str) -> tuple[EventId, AttemptTag] | None:
    """The event and the attempt, or None where another sender named either."""
    event, tag = parse_event_id(event_id), parse_attempt_tag(attempt)
    return None if event is None or tag is None else (event, tag)


def _answered(start_response: StartResponse, status: int, body: bytes) -> Iterable[bytes]:
    if status == _NO_CONTENT:
        start_response(_STATUS_LINES[status], [])
        return ()
    kind = "application/json" if body.startswith(b"{") else "text/plain; charset=utf-8"
    start_response(_STATUS_LINES[status], [("Content-Type", kind), ("Content-Length", str(len(body)))])
    return (body,)


def _plain(
    start_response: StartResponse, status: HTTPStatus, text: str, headers: list[tuple[str, str]] | None = None
) -> Iterable[bytes]:
    body = text.encode() + b"\n"
    described = [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))]
    start_response(_STATUS_LINES[status.value], [*described, *(headers or [])])
    return (body,)
