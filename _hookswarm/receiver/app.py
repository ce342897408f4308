"""The receiver: a WSGI app that verifies a webhook, writes it down, and answers 204.

Junk is answered 4xx, never 5xx; what a client sends reaches no file name and no log line.
"""

import time
import zlib
from collections.abc import Callable, Iterable
from functools import partial
from http import HTTPStatus
from wsgiref.util import request_uri

from _hookswarm.protocol.faults import Faults
from _hookswarm.protocol.handshakes import Answerer
from _hookswarm.protocol.identity import AttemptTag, EventId, parse_attempt_tag, parse_event_id
from _hookswarm.protocol.providers import EVENT_HEADER
from _hookswarm.protocol.served import ENDPOINTS
from _hookswarm.protocol.verifying import Verifier
from _hookswarm.receiver.answers import StartResponse, answered, plain
from _hookswarm.receiver.books import FOREIGN, Books
from _hookswarm.receiver.faults import Kind, Play, decide_play, faults_naming, hold_back, played_answer
from _hookswarm.receiver.request import (
    Environ,
    Refused,
    environ_name,
    header_bytes,
    header_of,
    headers_bytes,
    read_body,
)
from _hookswarm.receiver.serving import Serving
from _hookswarm.records.clock import Clock
from _hookswarm.records.rows import Flag

# Plain integers: an IntFlag makes a new object at every use.
_WRITTEN, _FOREIGN_FLAG, _FAULT = int(Flag.WRITTEN), int(Flag.FOREIGN), int(Flag.FAULT)


class Receiver:
    """One data-plane process's WSGI callable. Arrivals are journalled before they are answered."""

    def __init__(
        self,
        verifier: Verifier,
        answerer: Answerer,
        books: Books,
        max_body: int,
        clock: Clock,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        """`max_body`: bytes that a body may have. `sleep` holds back one request and lets the others go on."""
        self._books = books
        self._max_body = max_body
        self._verifier, self._answerer = verifier, answerer
        provider = verifier.provider
        self._method = provider.method
        self._greets = answerer.method == self._method
        self._taken, self._answer = provider.acceptance.example()
        self._id = environ_name(provider.id_header or EVENT_HEADER)
        self._looked_at = [environ_name(name) for name in verifier.headers]
        self._needs_url = bool(provider.signature and "{url}" in provider.signature.signed)
        self._clock = clock
        self._sleep = sleep
        self._serving = Serving(books, max_body, provider.acceptance.example(), clock.now, sleep)

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        received = self._clock.now()
        try:
            if ENDPOINTS in environ.get("PATH_INFO", ""):
                return self._serving.take(environ, start_response, received)
            if environ["REQUEST_METHOD"] != self._method:
                return self._answer_other(environ, start_response, received)
            body, timestamp = self._verified(environ, received)
            if self._greets and (answer := self._answerer.answer(body)) is not None:
                return answered(start_response, self._answerer.status, answer)
            played = self._accept(environ, body, timestamp, received)
        except Refused as refusal:
            self._books.count_refused(refusal.status)
            return plain(start_response, refusal.status, str(refusal))
        if played is not None:
            return played_answer(*played, environ, start_response, self._clock.now, self._sleep)
        return answered(start_response, self._taken, self._answer)

    def _answer_other(self, environ: Environ, start_response: StartResponse, received: int) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] in ("GET", "HEAD") and environ.get("PATH_INFO") == "/health":
            order = self._books.order
            faults = order.active(received, None) if order else None
            if faults and faults.unhealthy:
                return plain(start_response, HTTPStatus.SERVICE_UNAVAILABLE, "unhealthy: a fault was asked for")
            return plain(start_response, HTTPStatus.OK, "ready")
        query = header_bytes(environ.get("QUERY_STRING", ""))
        if self._answerer.method == environ["REQUEST_METHOD"] and (answer := self._answerer.answer(query)) is not None:
            return answered(start_response, self._answerer.status, answer)
        return plain(
            start_response, HTTPStatus.METHOD_NOT_ALLOWED, f"webhooks come by {self._method}", [("Allow", self._method)]
        )

    def _verified(self, environ: Environ, received: int) -> tuple[bytes, str]:
        """A request's body, and its timestamp as it was sent. Raises Refused."""
        verifier = self._verifier
        texts = headers_bytes(environ, self._looked_at, verifier.headers)
        seen = verifier.seen(texts, partial(header_of, environ))
        if not verifier.is_fresh(seen, received / 1e9):
            raise Refused(HTTPStatus.BAD_REQUEST, verifier.why_stale(seen, received / 1e9))
        body = read_body(environ, self._max_body)
        url = header_bytes(request_uri(environ)) if self._needs_url else b""
        if not verifier.is_right(seen, body, url, self._method.encode()):
            raise Refused(HTTPStatus.UNAUTHORIZED, f"no signature in {verifier.told_signature} is right")
        return body, seen.timestamp

    def _accept(self, environ: Environ, body: bytes, timestamp: str, received: int) -> tuple[Play, Faults] | None:
        """Write down; what is then played instead of a plain acceptance, if anything."""
        event_id = environ.get(self._id, "")
        ours = _ours(event_id, environ.get("HTTP_HOOKSWARM_ATTEMPT", ""))
        event, tag = ours or (EventId(0, 0, 0, zlib.crc32(header_bytes(event_id) or body)), FOREIGN)
        flags = _WRITTEN if ours else _WRITTEN | _FOREIGN_FLAG
        try:
            books = self._books
            books.follow()
            order = books.order
            if order is None or (faults := order.active(received, event.webhook if ours else None)) is None:
                books.record(event, tag, body, received, self._taken, flags)
                return None
            play = decide_play(faults, *faults_naming(ours, event_id, timestamp), self._taken)
            hold_back(play, self._sleep)
            flags = flags if play.kind is Kind.TAKE else flags | _FAULT
            books.record(event, tag, body, received, play.status, flags)
        except OSError as error:
            raise Refused(HTTPStatus.INSUFFICIENT_STORAGE, f"cannot write the journal: {error.strerror}") from None
        books.count_played(play)
        return None if play.is_usual(self._taken) else (play, faults)


def _ours(event_id: str, attempt: str) -> tuple[EventId, AttemptTag] | None:
    """The event and the attempt, or None where another sender named either."""
    event, tag = parse_event_id(event_id), parse_attempt_tag(attempt)
    return None if event is None or tag is None else (event, tag)
