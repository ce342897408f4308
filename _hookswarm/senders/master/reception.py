"""What the workers tell the master, and are answered; and how a run stands by it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from locust.runners import LocalRunner, MasterRunner
from locust.stats import RequestStats

from _hookswarm.common.wording import with_remedy
from _hookswarm.protocol.version import version_difference
from _hookswarm.records.clock import Clock, boot_id
from _hookswarm.records.worker_report import WorkerReport
from _hookswarm.senders.exchange import counted
from _hookswarm.senders.exchange.counted import CountedDeliveries
from _hookswarm.senders.exchange.gather import Chunk, Gatherer
from _hookswarm.senders.exchange.messages import (
    ALIVE,
    CHUNK,
    FAILED,
    FETCH,
    GIVEN,
    HEARD,
    PARTING,
    READY,
    REPORT,
    SIGNS,
    TICK,
    WANTED,
    Heard,
    Ready,
    Signs,
    WorkerTick,
)
from _hookswarm.senders.exchange.silence import Silence
from _hookswarm.senders.exchange.supply import Wanted
from _hookswarm.senders.master.agreement import disagreement
from _hookswarm.senders.master.inbox import Inbox
from _hookswarm.senders.master.snapshot import Before, RunSnapshot, snapshot_of
from _hookswarm.senders.master.supplier import Supplier
from _hookswarm.senders.plan.settings import Settings

SILENT_S = 4.0
"""From here on a process is lost. They say several times a second that they live, so one may stand still for 3 s."""


class Reception:
    """Listens to the workers; `ready` grows by those that listen to us, `senders` has what they said of themselves."""

    def __init__(self, runner: LocalRunner | MasterRunner, clock: Clock, settings: Settings) -> None:
        """`settings` are those of the first run, until it begins."""
        self.inbox = Inbox()
        self.ready: set[str] = set()
        self.senders: dict[str, Ready] = {}
        self.silence = Silence(SILENT_S)
        self.supplier = Supplier(self.ready)
        self.gatherer = Gatherer(lambda node, wanted: runner.send_message(FETCH, wanted, node))
        self._settings = settings
        self._runner = runner
        self._clock = clock
        self._boot = boot_id()
        self._before = Before()
        self._keep_counts(runner.stats)
        runner.register_message(READY, self._on_ready)
        runner.register_message(REPORT, self._on_report)
        runner.register_message(TICK, self._on_tick)
        runner.register_message(FAILED, self._on_failed)
        runner.register_message(PARTING, self._on_parting)
        runner.register_message(WANTED, self._on_wanted)
        runner.register_message(SIGNS, self._on_signs)
        runner.register_message(CHUNK, lambda msg, **_: self.gatherer.hear(Chunk.model_validate(msg.data)))
        runner.register_message(ALIVE, lambda msg, **_: self.silence.heard(msg.node_id))
        # Locust's name for it is the answer's, which the master sends at once.
        runner.environment.events.heartbeat_sent.add_listener(lambda client_id, **_: self.silence.heard(client_id))

    def begin(self, settings: Settings, fault: str) -> None:
        """A new run; one with a `fault` is to end at once."""
        self._before.keep_run(self._snapshot())
        self.inbox = Inbox(failure=fault)
        self._settings = settings
        if settings.endpoints:
            self.supplier.begin(Path(settings.options["endpoints"]), settings.endpoints)

    def _on_ready(self, msg: Any, **_: Any) -> None:
        ready = Ready.model_validate(msg.data)
        if fault := version_difference(f"the sending process {ready.process or msg.node_id}", ready.protocol):
            self.inbox.failure = self.inbox.failure or fault
            return
        if ready.synced:
            self.ready.add(msg.node_id)
            self.senders[msg.node_id] = ready
        heard = Heard(
            sent_ns=ready.sent_ns,
            now_ns=self._clock.now(),
            anchor_ns=self._clock.anchor_ns,
            boot=self._boot,
            accepted=ready.synced,
        )
        self._runner.send_message(HEARD, heard.model_dump(), msg.node_id)

    def _on_report(self, msg: Any, **_: Any) -> None:
        self.inbox.reports[msg.node_id] = WorkerReport.model_validate(msg.data)

    def _on_tick(self, msg: Any, **_: Any) -> None:
        tick = WorkerTick.model_validate(msg.data)
        self.inbox.ticks[tick.stage, msg.node_id] = tick
        self.silence.heard(msg.node_id)

    def _on_failed(self, msg: Any, **_: Any) -> None:
        self.inbox.failure = self.inbox.failure or str(msg.data["message"])

    def _on_parting(self, msg: Any, **_: Any) -> None:
        self.inbox.partings[msg.node_id] = str(msg.data["message"])

    def _on_wanted(self, msg: Any, **_: Any) -> None:
        try:
            given = self.supplier.answer(msg.node_id, Wanted.model_validate(msg.data))
        except OSError as error:
            self.inbox.failure = f"--endpoints: {with_remedy(error)}"
        else:
            self._runner.send_message(GIVEN, given.model_dump(), msg.node_id)

    def _on_signs(self, msg: Any, **_: Any) -> None:
        self.inbox.failure = self.inbox.failure or disagreement(Signs.model_validate(msg.data), self._settings)

    def counted(self) -> list[CountedDeliveries]:
        """What Locust counted so far; processes of their own tell it every three seconds."""
        return counted.counted_deliveries(self._runner.stats.entries)

    def snapshot(self, processes: int) -> RunSnapshot:
        """How the run stands, as Locust and the workers tell it; counts are of all runs of this process."""
        return replace(self._before.with_it(self._snapshot()), workers=processes)

    def _snapshot(self) -> RunSnapshot:
        regions = [region.name for region in self._settings.regions]
        return snapshot_of(self.inbox, self.counted(), regions, self._clock.now())

    def _keep_counts(self, stats: RequestStats) -> None:
        """Locust clears its statistics when a run begins, and resets them when a user asks: we go on from there."""

        def keeping(begin_again: Callable[[], None]) -> Callable[[], None]:
            def kept() -> None:
                self._before.keep_deliveries(self.counted())
                begin_again()

            return kept

        stats.clear_all = keeping(stats.clear_all)  # type: ignore[method-assign]  # Locust has no event for it
        stats.reset_all = keeping(stats.reset_all)  # type: ignore[method-assign]  # only for the web UI's
