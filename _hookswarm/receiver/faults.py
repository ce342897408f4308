"""How faults are played: which one befalls an attempt, and the answers that break off."""

import errno
import math
import socket
import struct
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from email.utils import formatdate
from enum import StrEnum
from http import HTTPStatus
from typing import Any, NoReturn

from _hookswarm.common.errors import HookswarmError
from _hookswarm.protocol.faults import FaultOrder, Faults, draws
from _hookswarm.protocol.identity import AttemptTag, EventId
from _hookswarm.protocol.served import REDIRECTED
from _hookswarm.receiver.config import Server

SOCKET = "hookswarm.socket"
"""In the WSGI environ where a server of ours puts the connection's socket: there connections can be reset."""

BEFORE_BREAK_S = 0.005
"""Time for what is out to leave, before a connection breaks: else nobody could tell how much of it the client sees."""
_THANKS = b"taken\n"
_SENTENCE, _PART = b"a fault was asked for\n", 7

REDIRECTS = (301, 302, 303, 307, 308)
_TAKEN, _UNANSWERED = int(HTTPStatus.NO_CONTENT), 0
_PHRASES = {status.value: status.phrase for status in HTTPStatus}


class Kind(StrEnum):
    """What is played; all but the first two as `Faults` names their probabilities."""

    TAKE = "take"
    STATUS = "status"
    ACK_LOST = "ack_lost"
    CUT = "cut"
    RESET = "reset"
    HANG = "hang"


class PlayError(HookswarmError):
    """Faults that are right in themselves, but beyond the server that would have to play them."""


@dataclass(frozen=True)
class Play:
    """What befalls one attempt. `status` is what its row says: 0 where nothing is answered."""

    kind: Kind
    status: int
    delay_s: float
    """Before the answer, or before the connection breaks."""
    busy: bool = False
    """It is computed, not waited."""

    @property
    def name(self) -> str:
        """As statistics name it."""
        return f"status {self.status}" if self.kind is Kind.STATUS else self.kind

    @property
    def silent(self) -> bool:
        """Nothing is answered, so there is no answer that its row would have to wait for."""
        return self.kind in (Kind.RESET, Kind.HANG)

    def is_usual(self, taken: int) -> bool:
        """Whether it is answered as one that nothing befalls: by the status `taken`."""
        return self.kind is Kind.TAKE and self.status == taken


def decide_play(faults: Faults, event: bytes, attempt: int, taken: int = _TAKEN) -> Play:
    """What befalls this attempt: the same whenever and wherever it is asked. Attempt 0 is one without a number.

    `taken` is the status of an event that is.
    """
    taken = faults.answer or taken
    u, v = draws(faults.seed, event, attempt)
    delay_s, busy = (faults.delay.at(v), faults.delay.busy) if faults.delay else (0.0, False)
    if 1 <= attempt <= faults.fail_first:
        if not faults.fail_status:
            return Play(Kind.HANG, _UNANSWERED, faults.hang_s)
        return Play(Kind.STATUS, faults.fail_status, delay_s, busy)
    for chance, play in (
        *((chance, Play(Kind.STATUS, status, delay_s, busy)) for status, chance in sorted(faults.status.items())),
        (faults.ack_lost, Play(Kind.ACK_LOST, taken, delay_s, busy)),
        (faults.cut, Play(Kind.CUT, taken, delay_s, busy)),
        (faults.reset, Play(Kind.RESET, _UNANSWERED, delay_s)),
        (faults.hang, Play(Kind.HANG, _UNANSWERED, faults.hang_s)),
    ):
        if u < chance:
            return play
        u -= chance
    return Play(Kind.TAKE, taken, delay_s, busy)


def hold_back(play: Play, sleep: Callable[[float], object]) -> None:
    """Wait, or compute, before an attempt is written down and answered; nothing that is silent has to."""
    if not play.silent and play.delay_s:
        (_compute if play.busy else sleep)(play.delay_s)


def _compute(seconds: float) -> None:
    """Use so much CPU time in this thread."""
    end = time.thread_time() + seconds
    while time.thread_time() < end:
        pass


def faults_naming(ours: tuple[EventId, AttemptTag] | None, event_id: str, timestamp: str) -> tuple[bytes, int]:
    """The event within its stage, and the attempt's number, as `decide_play` wants them. The seed is the stage's.

    An attempt that is not ours has no number; its time stamp tells it from the others of its event.
    """
    if ours is None:
        return f"{event_id} {timestamp}".encode("latin-1"), 0
    event, tag = ours
    return b"%d_%d" % (event.webhook, event.sequence), tag.attempt


def unplayable(server: Server) -> list[str]:
    """The faults that a server cannot play. Granian keeps the sockets to itself."""
    return [] if server is Server.GEVENT else [Kind.RESET]


def check_playable(order: FaultOrder, server: Server) -> None:
    """Raise PlayError with a sentence for whoever asked."""
    if names := [name for name in unplayable(server) if any(getattr(part, name) > 0 for part in order.parts())]:
        raise PlayError(f"--server {server} cannot play {' or '.join(names)}: start the receiver with --server gevent")


def played_answer(
    play: Play, faults: Faults, environ: dict[str, Any], start: Callable[..., Any],
    now: Callable[[], int], sleep: Callable[[float], object],
) -> Iterable[bytes]:  # fmt: skip
    """The WSGI answer to an attempt that is written down already (and held back, unless `play` is silent)."""
    connection = environ.get(SOCKET)
    if play.silent:
        sleep(play.delay_s)
    match play.kind:
        case Kind.TAKE:
            return _taken(play.status, start)
        case Kind.STATUS:
            return _failure(play.status, faults, environ, start, now)
        case Kind.HANG:
            return _failure(HTTPStatus.SERVICE_UNAVAILABLE, faults, environ, start, now)
        case Kind.RESET | Kind.ACK_LOST if connection:
            _reset(connection)
    # 200, because a 204 has no length to fall short of. (A reset without the socket ends here too: check_playable.)
    start("200 OK", _described(len(_SENTENCE)))
    return _broken_off(_SENTENCE[:_PART] if play.kind is Kind.CUT else b"", connection, sleep)


def _taken(status: int, start: Callable[..., Any]) -> tuple[bytes, ...]:
    empty = status in (HTTPStatus.NO_CONTENT, HTTPStatus.RESET_CONTENT)
    start(f"{status} {_PHRASES.get(status, 'Taken')}", [] if empty else _described(len(_THANKS)))
    return () if empty else (_THANKS,)


def _failure(
    status: int, faults: Faults, environ: dict[str, Any], start: Callable[..., Any], now: Callable[[], int]
) -> tuple[bytes, ...]:
    bodiless = status == HTTPStatus.NOT_MODIFIED
    headers = [] if bodiless else _described(len(_SENTENCE))
    if faults.retry_after_s is not None and status in (429, 503):
        headers.append(("Retry-After", _retry_after(faults.retry_after_s, faults.retry_after_as == "date", now)))
    if status in REDIRECTS:
        headers.append(("Location", f"{REDIRECTED}{environ.get('PATH_INFO', '/')}"))
    start(f"{status} {_PHRASES.get(status, 'Fault')}", headers)
    return () if bodiless else (_SENTENCE,)


def _described(length: int) -> list[tuple[str, str]]:
    return [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(length))]


def _retry_after(seconds: float, as_date: bool, now: Callable[[], int]) -> str:
    """In whole seconds, as HTTP has it; rounded up, so that nobody is asked back too early."""
    return formatdate(math.ceil(now() / 1e9 + seconds), usegmt=True) if as_date else str(math.ceil(seconds))


def _broken_off(part: bytes, connection: socket.socket | None, sleep: Callable[[float], object]) -> Iterator[bytes]:
    """Less of a body than was announced: Granian then closes the connection, without a word in its log."""
    if part or connection is None:
        yield part
        sleep(BEFORE_BREAK_S)
    if connection:
        _reset(connection)


def _reset(connection: socket.socket) -> NoReturn:
    """Have gevent end the connection with a TCP reset: it closes, silently, after an error of this kind."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    raise ConnectionResetError(errno.ECONNRESET, "a fault was asked for")
