"""Delivers each event of a stage twice or more often, on purpose: see `senders.plan.duplicates`."""

from collections.abc import Callable, Sequence
from functools import reduce
from typing import NoReturn, cast

import gevent

from _hookswarm.senders.plan.duplicates import Duplicate
from _hookswarm.senders.transport.aimed import AimedWire, Place
from _hookswarm.senders.transport.failure import WireError
from _hookswarm.senders.transport.wire import Timeouts, Transport, Wire
from _hookswarm.senders.worker.network import Connections
from _hookswarm.senders.worker.playing import Lane
from _hookswarm.senders.worker.queue import Delivery
from _hookswarm.senders.worker.sender import AttemptResult, Halted

Attempt = Callable[[Lane, Delivery, Connections, Timeouts], AttemptResult]
"""Makes one attempt, and says how it ended. Raises OSError if that cannot be written down."""

GONE = 410


class Twice:
    """An `Attempt` that makes several of one event. It is over with the last: its worker takes no other meanwhile."""

    def __init__(
        self, duplicate: Duplicate, pause_s: float, once: Attempt, spares: Sequence[Connections], now: Callable[[], int]
    ) -> None:
        """`spares` are connections for what goes out at the same instant; `now` tells wall-clock nanoseconds."""
        self._at_once = duplicate.kind == "at_once"
        self._breaks_off = duplicate.kind == "ack_lost"
        self._pause_s = pause_s
        self._once = once
        self._spares = spares
        self._now = now

    def __call__(self, lane: Lane, delivery: Delivery, own: Connections, timeouts: Timeouts) -> AttemptResult:
        """What the event comes to: its first acknowledgement, else its last attempt's failure."""
        if self._at_once:
            return self._all(lane, delivery, own, timeouts)
        first = self._once(lane, delivery, _BrokenOff(own) if self._breaks_off else own, timeouts)
        if first.failure and first.failure.status == GONE:
            return first
        due_ns = lane.sender.queue.second(first.done_ns + round(self._pause_s * 1e9))
        try:
            gevent.sleep(max(due_ns - self._now(), 0) / 1e9)
        except Halted:
            return first
        return _better(first, self._once(lane, _again(delivery, due_ns), own, timeouts))

    def _all(self, lane: Lane, delivery: Delivery, own: Connections, timeouts: Timeouts) -> AttemptResult:
        for connections in (own, *self._spares):
            for target in lane.origin.likely:
                try:
                    # Or the others would be later by a handshake.
                    lane.sender.aimed(delivery, connections.to(target, timeouts)).open()
                except WireError:
                    pass  # the attempt will tell
        # They run as soon as the first one waits for its answer.
        others: list[gevent.Greenlet] = [
            gevent.spawn(self._once, lane, _again(delivery, delivery.due_ns, later), spare, timeouts)
            for later, spare in enumerate(self._spares, 1)
        ]
        try:
            first = self._once(lane, delivery, own, timeouts)
            try:
                gevent.joinall(others)
            except Halted:
                pass
        finally:
            gevent.killall(others, Halted)
        results: list[AttemptResult] = [first, *(other.get() for other in others)]
        return reduce(_better, results)


def _again(delivery: Delivery, due_ns: int, later: int = 1) -> Delivery:
    return Delivery(
        delivery.webhook, delivery.sequence, due_ns, attempt=delivery.attempt + later, since_ns=delivery.began_ns
    )


def _better(first: AttemptResult, second: AttemptResult) -> AttemptResult:
    """The one that was acknowledged, of two the earlier; the second of none."""
    good = [one for one in (first, second) if not one.error]
    return min(good, key=lambda one: one.done_ns) if good else second


class _BrokenOff:
    """Connections on which nobody reads an answer."""

    def __init__(self, own: Connections) -> None:
        self._own = own

    def to(self, target: int, timeouts: Timeouts) -> Transport:
        return _Unread(self._own.to(target, timeouts))


class _Unread:
    """A Transport, or what is yet to be aimed, whose posts are broken off."""

    def __init__(self, wire: Transport) -> None:
        self._wire = wire
        self.url = getattr(wire, "url", b"")
        self.reused = False
        self.retry_after = self.body = b""
        self.connecting_s: float | None = 0.0

    def aim(self, place: Place) -> Transport:
        """The one to post with."""
        return _Unread(cast(AimedWire, self._wire).aim(place))

    def open(self) -> None:
        self._wire.open()

    def post(self, headers: bytes, body: bytes) -> NoReturn:
        assert isinstance(self._wire, Wire)  # a plan for httpx has no such stage
        try:
            self._wire.break_off(headers, body)
        finally:
            self.reused, self.connecting_s = self._wire.reused, self._wire.connecting_s

    def close(self) -> None:
        self._wire.close()
