"""What the workers tell the master, and how a run stands by it."""

from dataclasses import dataclass, field
from typing import Any

from locust.runners import LocalRunner, MasterRunner
from locust.stats import StatsEntry

from protocol.version import differs
from records.clock import Clock, boot_id
from records.rows import Outcome
from records.run import WorkerReport
from senders import metrics
from senders.locust_stats import REQUEST_TYPE
from senders.messages import FAILED, HEARD, READY, REPORT, TICK, Heard, Ready, WorkerTick
from senders.stages import Stage


@dataclass
class Inbox:
    """Of one run: what the workers told of the stage that is on, by worker; and of what ends the run."""

    reports: dict[str, WorkerReport] = field(default_factory=dict)
    ticks: dict[str, WorkerTick] = field(default_factory=dict)
    attempts: dict[tuple[int, str], list[int]] = field(default_factory=dict)
    """By stage and worker: how many attempts had each outcome."""
    failure: str = ""
    stage: Stage | None = None
    """The one that is on, from `start_ns` on."""
    start_ns: int = 0


class Reception:
    """Listens to the workers; `ready` grows by those that listen to us, `senders` has what they said of themselves."""

    def __init__(self, runner: LocalRunner | MasterRunner, clock: Clock) -> None:
        self.inbox = Inbox()
        self.ready: set[str] = set()
        self.senders: dict[str, Ready] = {}
        self._runner = runner
        self._clock = clock
        self._boot = boot_id()
        runner.register_message(READY, self._on_ready)
        runner.register_message(REPORT, self._on_report)
        runner.register_message(TICK, self._on_tick)
        runner.register_message(FAILED, self._on_failed)

    def begin(self, fault: str) -> None:
        """A new run."""
        self.inbox = Inbox(failure=fault)

    def _on_ready(self, msg: Any, **_: Any) -> None:
        ready = Ready.model_validate(msg.data)
        if fault := differs(f"the sending process {ready.process or msg.node_id}", ready.protocol):
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
        self.inbox.ticks[msg.node_id] = tick = WorkerTick.model_validate(msg.data)
        self.inbox.attempts[tick.stage, msg.node_id] = tick.outcomes

    def _on_failed(self, msg: Any, **_: Any) -> None:
        self.inbox.failure = self.inbox.failure or str(msg.data["message"])

    def snapshot(self, processes: int) -> metrics.Snapshot:
        """How the run stands, as Locust and the workers tell it."""
        inbox, entries = self.inbox, self._runner.stats.entries
        ticks = inbox.ticks.values() if inbox.stage else ()
        return metrics.Snapshot(
            deliveries=[
                _deliveries(name, entry) for (name, method), entry in list(entries.items()) if method == REQUEST_TYPE
            ],
            attempts={
                outcome.name.lower(): count
                for outcome in Outcome
                if (count := sum(counts[outcome] for counts in inbox.attempts.values() if counts))
            },
            queued=sum(tick.queued for tick in ticks),
            in_flight=sum(tick.in_flight for tick in ticks),
            workers=processes,
            stage=(inbox.stage.name or inbox.stage.scenario) if inbox.stage else "",
            faults=inbox.stage.faults_at((self._clock.now() - inbox.start_ns) / 1e9) if inbox.stage else (),
        )


def _deliveries(name: str, entry: StatsEntry) -> metrics.Deliveries:
    """What Locust counted under a name that `worker` gave it."""
    stage, origin, strategy = name.rsplit(" ", 2)
    return metrics.Deliveries(
        stage=stage,
        origin=origin,
        strategy=strategy,
        settled=entry.num_requests,
        failed=entry.num_failures,
        total_ms=entry.total_response_time,
        latencies={float(ms): count for ms, count in entry.response_times.items()},
    )
