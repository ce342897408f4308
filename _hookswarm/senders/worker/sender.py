"""Sending one attempt: payload, signature, journal, wire, outcome. The hot path of the project."""

import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from _hookswarm.protocol.acceptance import ANY_2XX, Acceptance
from _hookswarm.protocol.identity import AttemptTag, event_prefix, extend_event_id, format_attempt_tag
from _hookswarm.protocol.rotation import RotatingSigner
from _hookswarm.protocol.signing import Dress, Signer
from _hookswarm.records.clock import Clock
from _hookswarm.records.journal import Journal
from _hookswarm.records.rows import FAILED, Flag, Outcome, pack_row
from _hookswarm.senders.plan.payloads import Payloads
from _hookswarm.senders.plan.retry import Failure
from _hookswarm.senders.service.publishing import Publishing
from _hookswarm.senders.transport.failure import WireError
from _hookswarm.senders.transport.wire import Transport
from _hookswarm.senders.worker.failures import Failures
from _hookswarm.senders.worker.places import Places
from _hookswarm.senders.worker.queue import Delivery, DeliveryQueue
from _hookswarm.senders.worker.retrier import Retrier
from _hookswarm.senders.worker.retry_after import parse_retry_after

# Plain integers: an IntFlag makes a new object at every use.
_WRITTEN, _REUSED, _HINTED = int(Flag.WRITTEN), int(Flag.REUSED), int(Flag.HINTED)


class Halted(Exception):
    """Thrown into a worker whose answer will not be waited for any longer. No fault: a stage ends like that."""


@dataclass(frozen=True)
class Route:
    """Codes of where a delivery comes from, where it goes, and which strategy chose."""

    origin: int
    target: int
    strategy: int

    def tag(self, attempt: int) -> bytes:
        """How an attempt that goes this way is named on the wire."""
        return format_attempt_tag(AttemptTag(attempt, self.origin, self.target, self.strategy))

    @cached_property
    def first_tag(self) -> bytes:
        """Of first attempts, which nearly all are."""
        return self.tag(1)


class AttemptResult(NamedTuple):
    """How an attempt ended, and when it began and did so (wall-clock ns)."""

    start_ns: int
    done_ns: int
    latency_ms: float
    """From when the event's first attempt was due."""
    error: str | None
    """What Locust is told of a failure."""
    failure: Failure | None
    """What the retry law is told of it."""


class StageSender:
    """Sends the deliveries of one stage from one process; its workers share it."""

    def __init__(
        self,
        stage: int,
        webhooks: int,
        run: int,
        queue: DeliveryQueue,
        retrier: Retrier,
        journal: Journal,
        payloads: Payloads,
        signer: Signer | RotatingSigner | Publishing,
        clock: Clock,
        wall: Callable[[], float] = time.time,
        failures: Failures | None = None,
        places: Places | Publishing | None = None,
        acceptance: Acceptance = ANY_2XX,
    ) -> None:
        """`failures`: what the process tells of them, for all its senders of a stage. `places`: where each webhook's
        deliveries go, and who signs them; None: all alike.
        """
        self.queue = queue
        self.retrier = retrier
        self._stage = stage
        self._webhooks = webhooks
        self._run = run
        self._prefix = event_prefix(run, stage)
        self._journal = journal
        self._payloads = payloads
        self._plainly = signer.dress_plainly
        self._dress = signer.dress
        self._places = places
        self._kind = payloads.kind if signer.uses_type else _untold
        self._clock = clock
        self._wall = wall
        self._lacks = None if acceptance.is_plain else acceptance.lacks
        self.outcomes = [0] * len(Outcome)
        """Attempts by outcome."""
        self._failures = failures or Failures()
        self.connecting_s: float | None = 0.0
        """What all attempts together spent on connecting; None: the transport does not tell."""

    def aimed(self, delivery: Delivery, wire: Transport) -> Transport:
        """What an attempt would post with."""
        if not self._places:
            return wire
        aimed: Transport = wire.aim(self._places.of(delivery.webhook))  # type: ignore[attr-defined]  # see `attempt`
        return aimed

    def attempt(self, delivery: Delivery, route: Route, wire: Transport) -> AttemptResult:
        """Send one attempt and write down how it went. Raises OSError if the journal cannot be written."""
        event_id = extend_event_id(self._prefix, delivery.webhook, delivery.sequence)
        n = delivery.sequence * self._webhooks + delivery.webhook
        payload = self._payloads.body(event_id, n)
        tag = route.first_tag if delivery.attempt == 1 else route.tag(delivery.attempt)
        plainly, lines = self._plainly, b""
        dress: Dress = self._dress
        if self._places:
            place = self._places.of(delivery.webhook)
            wire = wire.aim(place)  # type: ignore[attr-defined]  # a process with places has such alone
            _, _, lines, own, own_dress = place
            if own_dress:
                plainly, dress = own, own_dress
        if plainly:
            headers, body = plainly(event_id, self._wall(), payload, tag), payload
        else:
            numbers = delivery.webhook, delivery.sequence, delivery.attempt
            headers, body = dress(event_id, self._wall(), payload, tag, self._kind(n), *numbers, wire.url)
        start_ns = self._clock.now()
        row = self._journal.append(self._row(delivery, route, start_ns, len(body), zlib.crc32(body), Outcome.PENDING))
        status, number, outcome, message, hinted = 0, 0, Outcome.ACKNOWLEDGED, "", False
        try:
            status = wire.post(lines + headers if lines else headers, body)
        except WireError as error:
            outcome, number, message = error.outcome, error.number, f"{error.outcome.name.lower()}: {error}"
        except BaseException as cause:
            outcome, message = Outcome.INTERRUPTED, "interrupted"
            if not isinstance(cause, Halted):
                self._journal.finish(row, self._clock.now(), 0, outcome, 0)
                raise
        else:
            if self._lacks or not 200 <= status < 300:
                message = self._lacks(status, wire.body) if self._lacks else f"status {status}"
                if message:
                    outcome, hinted = Outcome.REJECTED, bool(wire.retry_after)
        done_ns = self._clock.now()
        self.outcomes[outcome] += 1
        flags = _REUSED
        if not wire.reused:
            flags = 0
            self.connecting_s = _sum(self.connecting_s, wire.connecting_s)
        self._journal.finish(row, done_ns, status or number, outcome, flags | _HINTED if hinted else flags)
        latency_ms = (done_ns - delivery.began_ns) / 1e6
        if not message:
            return AttemptResult(start_ns, done_ns, latency_ms, None, None)
        if outcome in FAILED:
            self._failures.note(outcome, status, message, wire.body, delivery.webhook, done_ns)
        hint = parse_retry_after(wire.retry_after, self._wall()) if hinted else None
        return AttemptResult(start_ns, done_ns, latency_ms, message, Failure(outcome, status, hint))

    def never_sent(self, delivery: Delivery, route: Route, outcome: Outcome) -> None:
        """Write down an event that was due, and why it was not sent (again)."""
        self._journal.append(self._row(delivery, route, 0, 0, 0, outcome))

    def _row(self, delivery: Delivery, route: Route, start_ns: int, size: int, digest: int, outcome: Outcome) -> bytes:
        return pack_row(
            webhook=delivery.webhook,
            sequence=delivery.sequence,
            due=delivery.due_ns,
            start=start_ns,
            attempt=delivery.attempt,
            stage=self._stage,
            origin=route.origin,
            target=route.target,
            strategy=route.strategy,
            size=size,
            digest=digest,
            late=delivery.late_ns,
            run=self._run,
            outcome=outcome,
            flags=_WRITTEN,
        )


def _untold(_n: int) -> bytes:
    return b""


def _sum(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one + other
