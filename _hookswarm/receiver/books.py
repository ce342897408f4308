"""What one data-plane process writes down and counts, for the run and by the setting that its supervisor tells."""

import os
import threading
import zlib
from collections import Counter
from http import HTTPStatus

from _hookswarm.protocol.faults import FaultOrder
from _hookswarm.protocol.identity import NO_RUN, AttemptTag, EventId
from _hookswarm.receiver.arrivals import open_arrivals
from _hookswarm.receiver.bodies import BodyFile
from _hookswarm.receiver.config import Durability, ReceiverConfig
from _hookswarm.receiver.evidence import EvidenceFile
from _hookswarm.receiver.faults import Kind, Play
from _hookswarm.receiver.request import Environ
from _hookswarm.receiver.served import Delivered, ServedEndpoints
from _hookswarm.receiver.state import Counts, ProcessReport, StateReader
from _hookswarm.records.clock import Clock
from _hookswarm.records.journal import BufferedJournal, Journal
from _hookswarm.records.rows import pack_row

FOREIGN = AttemptTag(attempt=0, origin=0, target=0, strategy=0)
"""Of an attempt that no sender of ours has named."""


class Books:
    """Of one process; its threads share them. What cannot be written raises OSError."""

    def __init__(self, config: ReceiverConfig, state: StateReader, clock: Clock) -> None:
        self._config = config
        self._state = state
        self._clock = clock
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
        self._serving = 0
        self._journal: Journal | None = None
        self._bodies: BodyFile | None = None
        self._evidence: EvidenceFile | None = None
        self.order: FaultOrder | None = None
        """Faults that are to be played, if there are any."""
        self.served: ServedEndpoints | None = None
        """Of a delivery service under test."""
        self.run = NO_RUN
        """The run whose arrivals are written down."""
        self.rests = 0
        """Pauses that the supervisor told of."""

    def follow(self) -> None:
        """Take up the setting, if there is a new one."""
        if self._state.generation() != self._generation:
            self._switch()

    def record(
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
        """Write an arrival down, which came at `received` (Unix nanoseconds) and is answered by `status`. One that
        `counts`, and is taken, is told to whoever waits for arrivals.
        """
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

    def show(self, environ: Environ, delivered: Delivered, received: int) -> None:
        """Keep a service's request as evidence, where that is wanted."""
        if self._evidence:
            self._evidence.append(environ, delivered.event, delivered.endpoint, received)

    def catch(self, environ: Environ, delivered: Delivered, body: bytes, received: int) -> None:
        """Keep a service's request whole, for whoever waits for it."""
        self._state.catch(delivered.caught(environ, body, received), delivered.ahead)

    def count_refused(self, status: HTTPStatus) -> None:
        """A request was not taken."""
        with self._lock:
            self._refused[status.value] += 1

    def count_played(self, play: Play) -> None:
        """What went wrong as planned; an acceptance is nothing wrong, whatever its status."""
        if play.kind is not Kind.TAKE:
            with self._lock:
                self._played[play.name] += 1

    def keep(self) -> None:
        """Housekeeping between requests: follow the setting, flush what memory holds, leave a report.

        After an OSError (a full disk) the next call tries again.
        """
        with self._keeping:
            self.follow()
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
                self.served = None
                if setting.served:
                    self.served = ServedEndpoints(self._state.served(setting.served))
                self._serving = setting.served
            self.order = setting.order if setting.order.parts() else None
            self.rests = setting.rests
            self._generation = setting.generation

    def _open(self) -> Journal:
        with self._lock:
            if self._journal is None:
                self._journal, self._bodies, self._evidence = open_arrivals(self._config, self.run, self._clock)
            return self._journal
