"""The way between two regions, made by the sender where all regions are one machine's.

A trip takes half the round trip, with jitter, and now and then a retransmission longer. Opening a connection takes
a round trip for TCP and one for TLS 1.3. A cut lets nothing pass, or only requests; who waits for what does not
come waits for the whole time-out.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

import gevent

from _hookswarm.records.rows import Outcome
from _hookswarm.senders.transport.connection import Connection
from _hookswarm.senders.transport.failure import WireError
from _hookswarm.senders.transport.wire import Endpoint, Timeouts, Wire

LOST_S = 3600.0
"""Longer than any time-out."""
MAX_LOST = 6
"""Retransmissions of one packet: after TCP's doubling waits that is 12 s."""


class Cut(NamedTuple):
    """When nothing passes, in wall-clock nanoseconds."""

    begin_ns: int
    end_ns: int
    back_only: bool
    """Requests pass, and answers don't."""


@dataclass
class Link:
    """From one origin to one target; all workers of a process share it."""

    rtt_s: float
    jitter: float
    loss: float
    rto_s: float
    random: Random
    cuts: Sequence[Cut] = ()
    near: bool = False
    """In this stage there is no distance."""

    def trip_s(self, sent_ns: int, back: bool) -> float:
        """How long the way there, or back, takes for what is sent at this instant; LOST_S: it never arrives."""
        if not self.passes(sent_ns, back):
            return LOST_S
        if self.near:
            return 0.0
        seconds, random = self.rtt_s / 2 * self.random.lognormvariate(0, self.jitter), self.random.random
        lost, waited_s = 0, 0.0
        while lost < MAX_LOST and random() < self.loss:
            waited_s += self.rto_s * (1 << lost)
            lost += 1
        if lost and not self.passes(sent_ns + round(waited_s * 1e9), back):
            return LOST_S  # it was sent again into a cut
        return seconds + waited_s

    def passes(self, now_ns: int, back: bool) -> bool:
        """Whether a request, or an answer, that is on its way at this instant arrives."""
        return not any(cut.begin_ns <= now_ns < cut.end_ns and (back or not cut.back_only) for cut in self.cuts)


class LinkedWire(Wire):
    """A worker's connection to a target that is far away."""

    def __init__(
        self,
        endpoint: Endpoint,
        link: Link,
        timeouts: Timeouts | None = None,
        now: Callable[[], int] = time.time_ns,
        sleep: Callable[[float], object] = gevent.sleep,
    ) -> None:
        super().__init__(endpoint, timeouts)
        self._link = link
        self._now = now
        self._sleep = sleep

    def _connect(self) -> Connection:
        limit_s = self.timeouts.connect_s
        late = WireError(Outcome.CONNECT_TIMEOUT, f"no connection in {limit_s:g} s")
        try:
            with gevent.Timeout(limit_s, late):
                self._go(back=False)
                try:
                    connection = super()._connect()
                except WireError as error:
                    if error.outcome is not Outcome.LOCAL_SHORTAGE:  # it was no further than here
                        self._go(back=True)
                    raise
                for back in (True, False, True) if self._endpoint.tls else (True,):
                    self._go(back)
        except BaseException:
            self.close()
            raise
        return connection

    def _exchange(self, connection: Connection, request: bytes) -> int:
        try:
            self._go(back=False)
            try:
                status = super()._exchange(connection, request)
            except WireError as error:
                if error.outcome not in (Outcome.READ_TIMEOUT, Outcome.LOCAL_SHORTAGE):
                    self._go(back=True)  # so long it takes to learn of it
                raise
            self._go(back=True)
            return status
        except TimeoutError:  # of the armed connection, on the way
            raise WireError(Outcome.READ_TIMEOUT, f"no whole answer in {self.timeouts.response_s:g} s") from None

    def _go(self, back: bool) -> None:
        """Be on the way, for ever if nothing passes: the time-out ends it."""
        if seconds := self._link.trip_s(self._now(), back):
            self._sleep(seconds)
