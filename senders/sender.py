"""Sending one attempt: payload, signature, journal, wire, outcome. The hot path of the project."""

import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from protocol.identity import AttemptTag, EventId, format_attempt_tag, format_event_id
from protocol.signature import sign
from records.clock import Clock
from records.journal import Journal
from records.rows import ROW, Flag, Outcome
from senders.payloads import Payloads
from senders.queue import Delivery, DeliveryQueue
from senders.wire import Transport, WireError

# Plain integers: an IntFlag makes a new object at every use.
_WRITTEN, _REUSED = int(Flag.WRITTEN), int(Flag.REUSED)


STRATEGIES = ("nearest",)
"""Names of the strategies; one's code in the journals is its place."""


class Halted(Exception):
    """Thrown into a worker whose answer will not be waited for any longer."""


@dataclass(frozen=True, slots=True)
class Route:
    """Codes of where a delivery comes from, where it goes, and which strategy chose."""

    origin: int
    target: int
    strategy: int


class Result(NamedTuple):
    """How an attempt ended: its latency from due, and what Locust is told of a failure."""

    latency_ms: float
    error: str | None


class StageSender:
    """Sends the deliveries of one stage from one process; its workers share it."""

    def __init__(
        self,
        stage: int,
        webhooks: int,
        run: int,
        queue: DeliveryQueue,
        journal: Journal,
        payloads: Payloads,
        key: bytes,
        clock: Clock,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.queue = queue
        self._stage = stage
        self._webhooks = webhooks
        self._run = run
        self._journal = journal
        self._payloads = payloads
        self._key = key
        self._clock = clock
        self._wall = wall

    def attempt(self, delivery: Delivery, route: Route, wire: Transport) -> Result:
        """Send one attempt and write down how it went. Raises OSError if the journal cannot be written."""
        event_id = format_event_id(EventId(self._run, self._stage, delivery.webhook, delivery.sequence))
        body = self._payloads.body(event_id, delivery.sequence * self._webhooks + delivery.webhook)
        timestamp = b"%d" % self._wall()
        tag = AttemptTag(delivery.attempt, route.origin, route.target, route.strategy)
        headers = b"webhook-id: %b\r\nwebhook-timestamp: %b\r\nwebhook-signature: %b\r\nhookswarm-attempt: %b\r\n" % (
            event_id,
            timestamp,
            sign(self._key, event_id, timestamp, body),
            format_attempt_tag(tag),
        )
        row = self._journal.append(
            self._row(delivery, route, self._clock.now(), len(body), zlib.crc32(body), Outcome.PENDING)
        )
        status, outcome, error = 0, Outcome.ACKNOWLEDGED, None
        try:
            status = wire.post(headers, body)
            if not 200 <= status < 300:
                outcome, error = Outcome.REJECTED, f"status {status}"
        except WireError as failure:
            outcome, error = failure.outcome, f"{failure.outcome.name.lower()}: {failure}"
        except BaseException as cause:
            self._journal.finish(row, self._clock.now(), 0, Outcome.INTERRUPTED, 0)
            if not isinstance(cause, Halted):
                raise
            return Result((self._clock.now() - delivery.due - delivery.late) / 1e6, "interrupted")
        done = self._clock.now()
        self._journal.finish(row, done, status, outcome, _REUSED if wire.reused else 0)
        return Result((done - delivery.due - delivery.late) / 1e6, error)

    def abandon(self, delivery: Delivery, route: Route) -> None:
        """Write down an event that was due and never sent."""
        self._journal.append(self._row(delivery, route, 0, 0, 0, Outcome.ABANDONED))

    def _row(self, delivery: Delivery, route: Route, start: int, size: int, digest: int, outcome: Outcome) -> bytes:
        return ROW.pack(
            delivery.webhook, delivery.sequence, delivery.due, start, delivery.attempt, self._stage,
            route.origin, route.target, route.strategy, size, digest, delivery.late, self._run,
            0, 0, outcome, _WRITTEN,
        )  # fmt: skip
