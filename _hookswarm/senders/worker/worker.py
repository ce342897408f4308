"""The stages' side of a sending process: takes those that the master announces, and reports when each is done.

Its users ask `work` for something to send. In a run without worker processes, Locust's only process is this too.
"""

import os
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import gevent
from gevent.event import Event
from locust.env import Environment
from locust.runners import LocalRunner, WorkerRunner

from _hookswarm.common.errors import ConfigError
from _hookswarm.common.wording import with_remedy
from _hookswarm.records.clock import Clock
from _hookswarm.records.exit_codes import Exit
from _hookswarm.records.garbage import spare_start_up
from _hookswarm.records.journal import Header, Journal
from _hookswarm.records.resources import ResourceLog, give_back
from _hookswarm.records.worker_report import WorkerReport
from _hookswarm.senders.exchange import gather
from _hookswarm.senders.exchange.messages import (
    ALIVE,
    CHUNK,
    FAILED,
    FETCH,
    GIVEN,
    HALT,
    HEARD,
    PARTING,
    PUBLISH,
    READY,
    RENEWED,
    REPORT,
    SAYS,
    SIGNS,
    STAGE,
    TICK,
    WANTED,
    Announcement,
    Heard,
    Published,
    Renewed,
    Signs,
)
from _hookswarm.senders.exchange.supply import Given
from _hookswarm.senders.exchange.usage import Lags, Sampler, Usage, host_name, process_log
from _hookswarm.senders.plan.made_payloads import PayloadError
from _hookswarm.senders.plan.settings import Settings
from _hookswarm.senders.plan.stages import from_plain
from _hookswarm.senders.service.account import Account
from _hookswarm.senders.service.publishing import Publishing
from _hookswarm.senders.service.table import Service
from _hookswarm.senders.transport.wire import Timeouts
from _hookswarm.senders.worker.delivery_workers import DeliveryWorkers
from _hookswarm.senders.worker.failures import Failures
from _hookswarm.senders.worker.lanes import LaneMaker
from _hookswarm.senders.worker.master_watch import MasterWatch
from _hookswarm.senders.worker.network import Network
from _hookswarm.senders.worker.playing import Playing
from _hookswarm.senders.worker.supplied import Supplied
from _hookswarm.senders.worker.sync import Sync

PULSE_S = 0.02
"""How often the event loop's lateness is measured, and the end of a stage looked for."""
READY_EVERY_S = 0.1
"""How often a process says that it listens: the master may not do so yet."""
SAMPLE_AHEAD_S = 0.02
"""How long before a stage its first psutil sample is taken: it takes milliseconds, which are not to be the stage's."""
ALIVE_EVERY_S = 0.25
"""How often a process says that it lives while it plays no stage."""
TICK_EVERY = 10
"""Pulses between two progress messages."""
HALT_GRACE_S = 2.0
"""How long answers under way are waited for when a run is stopped."""
ORPHAN_ENDS_S = 5
"""How long a process without a master may take to end in order."""


class SendingProcess:
    """Stages, queues and journal of one process."""

    def __init__(self, environment: Environment, settings: Settings, parent: int | None = None) -> None:
        """`parent` forked this process; None: nobody did."""
        runner = environment.runner
        assert isinstance(runner, LocalRunner | WorkerRunner)
        self._clock = Clock()
        self._workers = DeliveryWorkers(environment, self._failed)
        self.configure(settings)
        self.name = f"{host_name()}-{os.getpid()}"
        self._runner = runner
        self._run = ""
        self._journal: Journal | None = None
        self._log: ResourceLog | None = None
        self._sampler: Sampler | None = None
        self._halted_by = 0.0
        self._watcher: gevent.Greenlet | None = None
        self._fetching: gevent.Greenlet | None = None
        self._dismissed = False
        """The master, or Locust itself, wants no more of this process; else its end is somebody's who killed it."""
        environment.events.test_stopping.add_listener(self._dismiss)
        runner.register_message(STAGE, self._on_stage)
        runner.register_message(FETCH, self._on_fetch)
        runner.register_message(PUBLISH, self._on_publish)
        runner.register_message(RENEWED, self._on_renewed)
        runner.register_message(HALT, lambda **_: gevent.spawn(self.halt), concurrent=True)
        self._supplied = Supplied(lambda wanted: self._tell(WANTED, wanted.model_dump()))
        runner.register_message(GIVEN, lambda msg, **_: self._supplied.hear(Given.model_validate(msg.data)))
        self._sync, self._heard = Sync(self._clock), Event()
        runner.register_message(HEARD, self._on_heard)
        if isinstance(runner, WorkerRunner):
            gevent.spawn(self._say_ready)
            gevent.spawn(self._say_alive)
            MasterWatch(runner, parent, self._is_sending, self._orphaned)

    def configure(self, settings: Settings) -> None:
        """Take the settings of the next run; its users come after this."""
        self.settings = settings
        self._network = self._workers.network = Network(settings, self._clock)
        self._publishing: Publishing | None = None
        spare_start_up()

    def have_endpoints(self, anew: Callable[[bytes], Settings]) -> None:
        """Have those that the master has; `anew` makes the run's settings of their file."""

        def take(content: bytes) -> None:
            self.settings = anew(content)
            self._network.supply(self.settings)

        def fetch() -> None:
            digest = self.settings.endpoints.digest if self.settings.endpoints else ""
            try:
                fault = self._supplied.fetch(digest, take)
            except ConfigError as error:
                fault = str(error)
            if fault:
                self.refuse(fault)

        if self._fetching:
            self._fetching.kill()
        self._fetching = gevent.spawn(fetch)

    def tell_signing(self) -> None:
        """Let the master see whether this process signs as it does."""
        how, keys = self.settings.signs_as()
        self._tell(SIGNS, Signs(process=self.name, how=how, keys=keys).model_dump())

    def refuse(self, fault: str) -> None:
        """It cannot do what the master's options ask for: a file or a variable that only the master has."""
        self._tell(FAILED, {"message": f"{self.name}: {fault}; let every host have what the master has"})

    def work(self, origin: int) -> None:
        """Send an origin's deliveries, stage after stage, until the worker is killed."""
        self._workers.work(origin)

    def _say_ready(self) -> None:
        """Locust takes a process for ready once it is connected, when it may not listen to us yet."""
        while not self._sync.accepted:
            self._tell(READY, self._sync.ready(self.name).model_dump())
            self._heard.wait(READY_EVERY_S)
            self._heard.clear()

    def _say_alive(self) -> None:
        while True:
            if not self._is_sending():
                self._tell(ALIVE, {})
            gevent.sleep(ALIVE_EVERY_S)

    def _on_heard(self, msg: Any, **_: Any) -> None:
        if self._sync.hear(Heard.model_validate(msg.data)):
            self._clock = self._sync.corrected()
            self.configure(self.settings)
        self._heard.set()

    def _on_stage(self, msg: Any, **_: Any) -> None:
        announcement = Announcement.model_validate(msg.data)
        stage = from_plain(announcement.stage)
        try:
            self._open_journal(announcement.run)
        except OSError as error:
            self._journal_failed(error)
            return
        assert self._journal
        if self._log:
            self._log.uss = stage.settle_s > 0
        timeouts = self.settings.timeouts
        if stage.timeout_s:
            timeouts = Timeouts(stage.timeout_s, stage.timeout_s)
        self._network.begin(stage, announcement.start_ns)
        failures = Failures()
        maker = LaneMaker(self.settings, self._publishing, self._network, self._clock, self._journal)
        try:
            lanes = {part.origin: maker.lane(stage, announcement, part, failures) for part in announcement.parts}
        except ConfigError as error:  # another locustfile than the master's: it has no such payload
            self.refuse(str(error))
            return
        playing = Playing(announcement.number, stage, timeouts, lanes, failures)
        self._halted_by, self._dismissed = 0.0, False
        self._workers.begin(playing)
        self._watcher = gevent.spawn(self._watch, playing, announcement.start_ns)

    def _on_publish(self, msg: Any, **_: Any) -> None:
        told = Published.model_validate(msg.data)
        service, account = Service.model_validate(told.service), Account.model_validate(told.account)
        self.settings = replace(self.settings, service=service, acceptance=service.publish.acceptance)
        self._publishing = Publishing(service, account, self.settings.transport == "httpx")
        self._network.publish_through(self._publishing, self.settings)

    def _on_renewed(self, msg: Any, **_: Any) -> None:
        if self._publishing:
            self._publishing.renew(Renewed.model_validate(msg.data).values)

    def _on_fetch(self, msg: Any, **_: Any) -> None:
        chunk = gather.read_chunk(self.settings.results, self.name, gather.Fetch.model_validate(msg.data))
        self._tell(CHUNK, chunk.model_dump())

    def _open_journal(self, run: str) -> None:
        if run != self._run:
            if self._journal:
                self._journal.close()
            folder = self.settings.results / run
            folder.mkdir(parents=True, exist_ok=True)
            header = Header("attempts", run, self.name, self._clock.anchor_ns)
            self._journal = Journal(folder / f"attempts-{self.name}.journal", header)
            if self._sampler:
                self._sampler.close()
            self._log = process_log(folder, "sender", self._clock, self.name)
            self._sampler = Sampler(self._log)
            self._run = run

    def _watch(self, playing: Playing, start_ns: int) -> None:
        """Stay with a stage until it is over, then report."""
        assert self._sampler
        gevent.sleep(max(start_ns - self._clock.now() - round(SAMPLE_AHEAD_S * 1e9), 0) / 1e9)
        self._sampler.sample()
        gevent.sleep(max(start_ns - self._clock.now(), 0) / 1e9)
        probes = [probe for lane in playing.lanes.values() for probe in lane.origin.watch(self._network)]
        usage, lags, drained_by = Usage(), Lags(), float("inf")
        pulses = 0
        while not (playing.finished() or self._halted_by or time.monotonic() > drained_by):
            before = time.monotonic()
            gevent.sleep(PULSE_S)
            lags.add(time.monotonic() - before - PULSE_S)
            playing.note(self._clock.now())
            if playing.exhausted() and drained_by == float("inf"):
                drained_by = time.monotonic() + playing.stage.drain_s
            pulses += 1
            if pulses % TICK_EVERY == 0:
                wall, _, starved = usage.since()
                self._tell(TICK, playing.tick(wall, starved))
        gevent.killall(probes)
        playing.stop()
        self._workers.await_answers(playing, lambda: self._halted_by)
        abandoned = 0
        try:
            abandoned = playing.give_up()
        except OSError as error:
            self._journal_failed(error)
        self._sampler.sample()
        if playing.stage.settle_s:
            give_back()
        wall, cpu, starved = usage.since()
        self._tell(TICK, playing.tick(wall, starved))
        queues = playing.queues()
        report = WorkerReport(
            worker=self.name,
            stage=playing.number,
            users=self._runner.user_count,
            due=sum(queue.taken for queue in queues),
            settled=sum(queue.settled for queue in queues),
            abandoned=abandoned,
            late=sum(queue.late for queue in queues),
            lag_p99_ms=lags.p99_ms(),
            wall_s=wall,
            cpu_s=cpu,
            starved_s=starved,
            connecting_s=playing.connecting_s(),
            flips=[flip for lane in playing.lanes.values() for flip in lane.origin.flips],
            failures=playing.failures.told(self.settings.hidden_of),
        )
        self._tell(REPORT, report.model_dump(mode="json"))

    def _tell(self, kind: str, data: dict[str, Any]) -> None:
        self._runner.send_message(kind, data)

    def _failed(self, error: OSError | PayloadError) -> None:
        if isinstance(error, OSError):
            self._journal_failed(error)
        else:
            self._tell(FAILED, {"message": f"{self.name}: {error}"})

    def _journal_failed(self, error: OSError) -> None:
        if error.filename is None and self._journal:  # a write names no file
            error = OSError(error.errno, error.strerror, str(self._journal.path))
        self._tell(FAILED, {"message": f"{self.name}: cannot write {with_remedy(error)}"})

    def _is_sending(self) -> bool:
        return self._watcher is not None and not self._watcher.ready()

    def _orphaned(self, cause: str) -> None:
        """Nobody conducts this process any more, nor will: send nothing more, and end."""
        signal.alarm(ORPHAN_ENDS_S)  # by the kernel, should what follows stand still
        try:
            todo = "see why the master ended, or the network to it, and start the run again"
            print(f"{SAYS}{self.name} sends nothing more and ends: {cause}; {todo}", file=sys.stderr, flush=True)
        except OSError:
            pass  # nobody is left to read it
        self.halt(grace_s=0)
        self._runner.environment.process_exit_code = Exit.VOID
        self._runner.quit()

    def halt(self, grace_s: float = HALT_GRACE_S) -> None:
        """End the stage now: give up what is queued, wait a little for answers, report."""
        self._halted_by = time.monotonic() + grace_s
        if self._watcher:
            self._watcher.join(HALT_GRACE_S + 3)
        if isinstance(self._runner, WorkerRunner):
            self._runner._send_stats()  # the master may be gone before the next regular report

    def quit(self, **_: Any) -> None:
        """Locust ends this process, perhaps without a word from the master."""
        if not self._dismissed:
            self._tell(PARTING, {"message": f"the sending process {self.name} was told to end (SIGTERM or SIGINT)"})
        self.halt()

    def _dismiss(self, **_: Any) -> None:
        self._dismissed = True
