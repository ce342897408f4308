"""The master: walks the plan, announces each stage, gathers the workers' reports, keeps the run's folder.

Locust's shape is asked once a second for the number of users; stages are switched by the clock, which the
master announces ahead. Where Locust runs without workers, its only process is this and a worker.
"""

import os
import time
from collections import Counter
from dataclasses import replace
from typing import Any

import gevent
from gevent.event import Event
from locust import User
from locust.env import Environment
from locust.runners import LocalRunner, MasterRunner
from locust.stats import StatsEntry

from protocol.version import differs
from records.clock import Clock, boot_id
from records.exit_codes import Exit
from records.rows import Outcome
from records.run import HostRecord, WorkerReport
from senders import metrics
from senders.arrivals import Closed, at_rate
from senders.control import ControlError, Controls
from senders.gather import Chunk, Gatherer
from senders.locust_stats import REQUEST_TYPE
from senders.messages import CHUNK, FAILED, FETCH, HALT, HEARD, READY, REPORT, SAYS, TICK, Heard, Ready, WorkerTick
from senders.plan import Plan
from senders.run_folder import RunFolder
from senders.search import Try, next_rate
from senders.settings import Settings, unreachable
from senders.stage_player import POLL_S, Inbox, Played, RunFailed, StagePlayer
from senders.stages import Limits, Stage
from senders.usage import MACHINE_SAMPLE_S, Sampler, machine_log, process_log
from senders.workers import Workers

STATS_PATIENCE_S = 6.0
"""Locust's workers send statistics every 3 s."""


MAX_DISTURBED = 2
"""Tries of a rate that are played again, because the generator was the limit; a further one breaks the rate."""


class Master:
    """Walks a test's plan once for every run that is started."""

    def __init__(self, environment: Environment, settings: Settings, test: str, plan: Plan) -> None:
        runner = environment.runner
        assert isinstance(runner, LocalRunner | MasterRunner)
        self._environment = environment
        self._runner = runner
        self._settings = settings
        self._test = test
        self._plan = plan
        self._clock = Clock()
        self._walk: gevent.Greenlet | None = None
        self._halting = Event()
        self._inbox = Inbox()
        self._boot = boot_id()
        self._ready: set[str] = set()
        self._attempts: dict[tuple[int, str], list[int]] = {}
        """By stage and process: how many attempts had each outcome."""
        self._senders: dict[str, Ready] = {}
        """What the processes that listen said of themselves."""
        self._workers = Workers(runner, plan.stages[0], self._ready)
        self.finished = False
        if isinstance(runner, MasterRunner):
            self._keep_users(runner)
        runner.register_message(READY, self._on_ready)
        runner.register_message(REPORT, self._on_report)
        runner.register_message(TICK, self._on_tick)
        runner.register_message(FAILED, self._on_failed)
        self._gatherer = Gatherer(lambda node, wanted: runner.send_message(FETCH, wanted, node))
        runner.register_message(CHUNK, lambda msg, **_: self._gatherer.hear(Chunk.model_validate(msg.data)))

    # Locust's side.

    @property
    def wanted_users(self) -> int:
        """How many users Locust is to have now."""
        return self._workers.wanted

    @property
    def processes(self) -> int:
        """How many sending processes there are to hold them."""
        return len(self._workers.alive()) or 1

    @property
    def wanted_classes(self) -> list[type[User]]:
        """Of which classes."""
        return self._workers.wanted_classes

    def _keep_users(self, runner: MasterRunner) -> None:
        """Where a worker joins, Locust deals all users out anew at once; those of a stage that is on must stay."""
        start = runner.start

        def start_unless_playing(*args: Any, **kwargs: Any) -> None:
            if self._inbox.stage is None or runner.clients.missing:
                start(*args, **kwargs)
            else:
                _say("a sending process joined: it has users when Locust next changes their number")

        runner.start = start_unless_playing  # type: ignore[method-assign]

    def start(self, settings: Settings, plan: Plan, fault: str) -> None:
        """Begin a run; called when Locust starts a test. One with a `fault` ends at once and says it."""
        self._settings, self._plan = settings, plan
        self.finished, self._inbox = False, Inbox(failure=fault)
        self._attempts.clear()
        self._workers = Workers(self._runner, plan.stages[0], self._ready)
        self._halting.clear()
        self._walk = gevent.spawn(self._run)

    def stop(self, **_: Any) -> None:
        """End the run, if one is on, and leave its folder whole; called before Locust stops its users."""
        if self._walk and not self._walk.ready() and self._walk is not gevent.getcurrent():
            self._halting.set()
            self._walk.join(30)

    def _on_ready(self, msg: Any, **_: Any) -> None:
        ready = Ready.model_validate(msg.data)
        if fault := differs(f"the sending process {ready.process or msg.node_id}", ready.protocol):
            self._inbox.failure = self._inbox.failure or fault
            return
        if ready.synced:
            self._ready.add(msg.node_id)
            self._senders[msg.node_id] = ready
        heard = Heard(
            sent_ns=ready.sent_ns,
            now_ns=self._clock.now(),
            anchor_ns=self._clock.anchor_ns,
            boot=self._boot,
            accepted=ready.synced,
        )
        self._runner.send_message(HEARD, heard.model_dump(), msg.node_id)

    def _on_report(self, msg: Any, **_: Any) -> None:
        self._inbox.reports[msg.node_id] = WorkerReport.model_validate(msg.data)

    def _on_tick(self, msg: Any, **_: Any) -> None:
        self._inbox.ticks[msg.node_id] = tick = WorkerTick.model_validate(msg.data)
        self._attempts[tick.stage, msg.node_id] = tick.outcomes

    def _on_failed(self, msg: Any, **_: Any) -> None:
        self._inbox.failure = self._inbox.failure or str(msg.data["message"])

    def snapshot(self) -> metrics.Snapshot:
        """How the run stands, as Locust and the workers tell it."""
        inbox, entries = self._inbox, self._runner.stats.entries
        ticks = inbox.ticks.values() if inbox.stage else ()
        return metrics.Snapshot(
            deliveries=[
                _deliveries(name, entry) for (name, method), entry in list(entries.items()) if method == REQUEST_TYPE
            ],
            attempts={
                outcome.name.lower(): count
                for outcome in Outcome
                if (count := sum(counts[outcome] for counts in self._attempts.values() if counts))
            },
            queued=sum(tick.queued for tick in ticks),
            in_flight=sum(tick.in_flight for tick in ticks),
            workers=self.processes,
            stage=(inbox.stage.name or inbox.stage.scenario) if inbox.stage else "",
            faults=inbox.stage.faults_at((self._clock.now() - inbox.start_ns) / 1e9) if inbox.stage else (),
        )

    # The run.

    def _run(self) -> None:
        folder: RunFolder | None = None
        controls: Controls | None = None
        samplers: list[Sampler] = []
        error = ""
        try:
            if self._inbox.failure or (faults := unreachable(self._settings.regions)):
                raise RunFailed(self._inbox.failure or "; ".join(faults))
            folder = RunFolder(self._environment, self._settings, self._test, self._plan.stages)
            if left_out := self._plan.left_out:
                for need in sorted(set(left_out.values())):
                    names = ", ".join(name for name, reason in left_out.items() if reason == need)
                    _say(f"left out, for they need {need}: {names}")
            if isinstance(self._runner, MasterRunner):  # else the sending process, which is this one, keeps the log
                log = process_log(folder.path, "master", self._clock, str(os.getpid()))
                if log:
                    log.uss = False
                samplers.append(Sampler(log))
            samplers += self._watch(folder)
            machine = Sampler(machine_log(folder.path, self._clock), MACHINE_SAMPLE_S)
            samplers.append(machine)
            controls = Controls(self._settings.regions)
            self._read_clocks(folder, controls)
            controls.reset(folder.manifest.id)
            settled = self._play_all(folder, controls, machine)
            self._read_clocks(folder, controls)
            self._await_statistics(settled)
            self._gather(folder)
            self._environment.process_exit_code = None if settled else Exit.UNKNOWN
        except (RunFailed, ControlError) as failure:
            error = str(failure)
        except OSError as failure:
            error = f"cannot write the run's folder: {failure.strerror}"
        except Exception as failure:
            error = f"the master failed: {failure!r}"
            raise
        finally:
            for sampler in samplers:
                sampler.close()
            self._finish(folder, controls, error)

    def _read_clocks(self, folder: RunFolder, controls: Controls) -> None:
        """Those of receivers of other hosts drift: what they wrote in between is put right by both readings."""
        read = controls.read_clocks(self._clock)
        for one in read:
            folder.timeline.add(one)
        folder.manifest.hosts = [
            *(ready.record() for ready in self._senders.values()),
            *(
                HostRecord(
                    role="receiver",
                    name=one.region,
                    host=one.host,
                    offset_ns=one.offset_ns,
                    uncertainty_ns=one.uncertainty_ns,
                )
                for one in read
            ),
        ]

    def _gather(self, folder: RunFolder) -> None:
        """Fetch what sending processes of other hosts wrote, unless a folder is shared."""
        alive = self._workers.alive()
        processes = [(node, ready.process) for node, ready in self._senders.items() if node in alive]
        for name in self._gatherer.gather(folder.path, folder.manifest.id, processes):
            _say(f"could not fetch {name} from its host")

    def _watch(self, folder: RunFolder) -> list[Sampler]:
        """Log what the user's own processes take, too; one that is gone by now is said to be."""
        found = []
        for pid, name in self._settings.watched:
            try:
                found.append(Sampler(process_log(folder.path, f"watched-{name}", self._clock, str(pid), pid)))
            except ProcessLookupError:
                _say(f"not watched: process {pid} is gone")
        return found

    def _play_all(self, folder: RunFolder, controls: Controls, machine: Sampler) -> int:
        """Play the plan; returns how many deliveries were settled."""
        player = StagePlayer(
            self._runner, self._settings, folder, controls, self._workers, self._inbox, self._halting, self._clock
        )
        settled = 0
        for number, stage in enumerate(self._plan.stages):
            if (stage.processes or 1) > player.processes():
                _say(f"left out, for it needs --processes {stage.processes}: {stage.name or stage.scenario}")
            elif not self._workers.classes(stage.strategy):
                _say(f"left out, for no sender of its strategy was picked: {stage.name or stage.scenario}")
            elif stage.limits:
                settled += self._search(folder, player, stage)
            elif played := player.play(number, stage):
                settled += played.settled
            machine.sample()  # or what the next stage does to the machine would be told of this one's end
            if self._halting.is_set():
                break
        return settled

    def _finish(self, folder: RunFolder | None, controls: Controls | None, error: str) -> None:
        """Leave a whole folder behind, as far as the run came, and let Locust stop."""
        self._inbox.stage = None
        try:
            if error:
                _say(error)
                self._environment.process_exit_code = Exit.VOID if folder else Exit.USAGE
                self._runner.send_message(HALT)
            if controls:
                controls.release()
            if folder:
                folder.close(self._clock.now(), self._halting.is_set(), error)
                _say(f"run {folder.path}")
        except OSError as failure:
            _say(f"cannot write the end of the run: {failure.strerror}")
        finally:
            self.finished = True

    def _search(self, folder: RunFolder, player: StagePlayer, search: Stage) -> int:
        """Play a stage at one rate after the other, until its capacity is found; returns the deliveries settled."""
        assert search.limits
        settled, tries, disturbed = 0, list[Try](), Counter[float]()
        first = search.arrivals.rate if not isinstance(search.arrivals, Closed) else 0.0
        while (rate := next_rate(tries, first, search.limits)) is not None:
            played_before = sum(rate == t.rate for t in tries) + disturbed[rate]
            name = f"{search.name or search.scenario} rate={rate:g} #{1 + played_before}"
            stage = replace(search, arrivals=at_rate(search.arrivals, rate), name=name)
            played = player.play(folder.add_stage(stage), stage)
            if played is None or self._halting.is_set():
                break
            settled += played.settled
            if played.disturbed and disturbed[rate] < MAX_DISTURBED:
                disturbed[rate] += 1
            else:
                held = not played.disturbed and self._held(name, search.limits, played)
                tries.append(Try(rate, held))
        return settled

    def _held(self, name: str, limits: Limits, played: Played) -> bool:
        """Whether a try kept the limits, by Locust's own statistics of it; the analysis judges by the journals."""
        stats = self._runner.stats

        def entries() -> list[StatsEntry]:
            return [entry for (found, _), entry in stats.entries.items() if found.startswith(f"{name} ")]

        deadline = time.monotonic() + STATS_PATIENCE_S  # workers report every 3 s
        while sum(e.num_requests for e in entries()) < played.settled and time.monotonic() < deadline:
            gevent.sleep(POLL_S)
        requests, failures = (sum(getattr(e, part) for e in entries()) for part in ("num_requests", "num_failures"))
        p99_ms = max((e.get_response_time_percentile(0.99) for e in entries()), default=0)
        clogged = played.overloaded or played.abandoned > 0 or not requests
        return not clogged and p99_ms <= limits.p99_ms and failures <= limits.error_rate * requests

    def _await_statistics(self, settled: int) -> None:
        """Wait until Locust's statistics hold all that the workers counted; the analysis compares them again."""
        deadline = time.monotonic() + STATS_PATIENCE_S
        while self._runner.stats.total.num_requests < settled and time.monotonic() < deadline:
            gevent.sleep(POLL_S)


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


def _say(text: str) -> None:
    """Tell the user, on standard output; a log on a full disk must not end the run in disorder."""
    try:
        print(f"{SAYS}{text}", flush=True)
    except OSError:
        pass
