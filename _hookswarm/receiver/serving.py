"""Takes what a delivery service delivers: whatever it is like, it is written down, and answered as faults ask for."""

import zlib
from collections.abc import Callable, Iterable
from http import HTTPStatus

from _hookswarm.protocol.identity import EventId
from _hookswarm.receiver.answers import StartResponse, answered
from _hookswarm.receiver.books import FOREIGN, Books
from _hookswarm.receiver.faults import Kind, decide_play, hold_back, played_answer
from _hookswarm.receiver.request import Environ, Refused, read_body
from _hookswarm.records.rows import Flag

# Plain integers: an IntFlag makes a new object at every use.
_WRITTEN, _FOREIGN_FLAG, _FAULT = int(Flag.WRITTEN), int(Flag.FOREIGN), int(Flag.FAULT)


class Serving:
    """The endpoints of a service, at one process."""

    def __init__(
        self,
        books: Books,
        max_body: int,
        acceptance: tuple[int, bytes],
        now: Callable[[], int],
        sleep: Callable[[float], object],
    ) -> None:
        """`acceptance`: status and body of the usual answer."""
        self._books = books
        self._max_body = max_body
        self._taken, self._answer = acceptance
        self._now = now
        self._sleep = sleep

    def take(self, environ: Environ, start_response: StartResponse, received: int) -> Iterable[bytes]:
        """Write a delivery down, whatever it is like, and answer it. Raises Refused where none is expected."""
        body = read_body(environ, self._max_body)
        books = self._books
        books.follow()
        served, order = books.served, books.order
        if served is None:
            raise Refused(HTTPStatus.GONE, "no run expects a service's deliveries here: end what delivers them")
        delivered = served.read(environ, body, received)
        if served.catches or delivered.ahead:
            if served.catches:
                try:
                    books.catch(environ, delivered, body, received)
                except OSError as error:
                    raise Refused(HTTPStatus.INSUFFICIENT_STORAGE, f"cannot keep it: {error.strerror}") from None
            return answered(start_response, self._taken, self._answer)
        faults = None if delivered.redirected or order is None else order.active(received, delivered.endpoint)
        play = None
        if faults:
            named = b"%d_%d" % delivered.named
            play = decide_play(faults, named, served.tried(delivered), self._taken)
            hold_back(play, self._sleep)
        plain = play is None or play.kind is Kind.TAKE
        event = delivered.event or EventId(0, 0, delivered.endpoint or 0, zlib.crc32(body))
        flags = _WRITTEN | delivered.flags | (0 if delivered.event else _FOREIGN_FLAG) | (0 if plain else _FAULT)
        status = play.status if play else self._taken
        endpoint = 0 if delivered.endpoint is None else delivered.endpoint + 1
        try:
            signed_ns, awaited = delivered.signed_ns, delivered.awaited
            books.record(event, FOREIGN, body, received, status, flags, signed_ns, endpoint, counts=awaited)
            books.show(environ, delivered, received)
        except OSError as error:
            raise Refused(HTTPStatus.INSUFFICIENT_STORAGE, f"cannot write the journal: {error.strerror}") from None
        if play and faults:
            books.count_played(play)
            if not play.is_usual(self._taken):
                return played_answer(play, faults, environ, start_response, self._now, self._sleep)
        return answered(start_response, self._taken, self._answer)
