"""The master: walks the plan, announces each stage, gathers the workers' reports, keeps the run's folder.

Locust's shape is asked once a second for the number of users; stages are switched by the clock, which the
master announces ahead. Where Locust runs without workers, its only process is this and a worker.
"""

import os
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import gevent
from locust import User
from locust.env import Environment
from locust.runners import LocalRunner, MasterRunner

from _hookswarm.common.wording import with_remedy
from _hookswarm.records.clock import Clock
from _hookswarm.records.exit_codes import Exit
from _hookswarm.records.manifest import HostRecord
from _hookswarm.senders.exchange.counted import are_whole
from _hookswarm.senders.exchange.gather import Chunk, Gatherer
from _hookswarm.senders.exchange.messages import CHUNK, FETCH, GIVEN, HALT, SAYS, SIGNS, WANTED, Signs
from _hookswarm.senders.exchange.supply import Wanted
from _hookswarm.senders.exchange.usage import MACHINE_SAMPLE_S, Sampler, machine_log, process_log
from _hookswarm.senders.master import live, metrics
from _hookswarm.senders.master.agreement import disagreement
from _hookswarm.senders.master.capacity import STATS_PATIENCE_S
from _hookswarm.senders.master.control import ControlError, Controls
from _hookswarm.senders.master.effects import effect_awaited
from _hookswarm.senders.master.ending import LAST_LEFT, UNKNOWN, Ending, RunFailedError, UntestedError, ended_early
from _hookswarm.senders.master.live import Live
from _hookswarm.senders.master.plan_player import PlanPlayer
from _hookswarm.senders.master.probe import probe
from _hookswarm.senders.master.reception import Reception
from _hookswarm.senders.master.run_folder import RunFolder
from _hookswarm.senders.master.service_run import ServiceRun
from _hookswarm.senders.master.stage_player import POLL_S
from _hookswarm.senders.master.supplier import Supplier
from _hookswarm.senders.master.told import told_first
from _hookswarm.senders.master.workers import Workers
from _hookswarm.senders.plan.plan import Plan
from _hookswarm.senders.plan.settings import Settings
from _hookswarm.senders.service.processes import restart_faults


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
        self._folder: RunFolder | None = None
        self._last: Path | None = None
        self._controls: Controls | None = None
        self._arrived: dict[str, int] = {}
        self._ending = Ending()
        self._player: PlanPlayer | None = None
        self._reception = Reception(runner, self._clock)
        self._supplier = Supplier(self._reception.ready)
        self._workers = self._make_workers()
        self.finished = False
        self._tearing_down = False
        if isinstance(runner, MasterRunner):
            self._keep_users(runner)
        self._gatherer = Gatherer(lambda node, wanted: runner.send_message(FETCH, wanted, node))
        runner.register_message(WANTED, self._on_wanted)
        runner.register_message(SIGNS, self._on_signs)
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

    def _make_workers(self) -> Workers:
        ready = self._supplier.supplied if self._settings.endpoints else self._reception.ready
        return Workers(self._runner, self._plan.stages[0], ready, self._reception.silence)

    def _on_wanted(self, msg: Any, **_: Any) -> None:
        try:
            given = self._supplier.answer(msg.node_id, Wanted.model_validate(msg.data))
        except OSError as error:
            self._reception.inbox.failure = f"--endpoints: {with_remedy(error)}"
        else:
            self._runner.send_message(GIVEN, given.model_dump(), msg.node_id)

    def _on_signs(self, msg: Any, **_: Any) -> None:
        inbox = self._reception.inbox
        inbox.failure = inbox.failure or disagreement(Signs.model_validate(msg.data), self._settings)

    def _keep_users(self, runner: MasterRunner) -> None:
        """Where a worker joins, Locust deals all users out anew at once; those of a stage that is on must stay."""
        start = runner.start

        def start_unless_playing(*args: Any, **kwargs: Any) -> None:
            if self._reception.inbox.stage is None or runner.clients.missing:
                start(*args, **kwargs)
            else:
                say("a sending process joined: it has users when Locust next changes their number")

        runner.start = start_unless_playing  # type: ignore[method-assign]  # Locust has no event for it

    def start(self, settings: Settings, plan: Plan, fault: str) -> None:
        """Begin a run; called when Locust starts a test. One with a `fault` ends at once and says it."""
        self._settings, self._plan = settings, plan
        self.finished = False
        self._folder, self._arrived = None, {}
        self._reception.begin(fault)
        if settings.endpoints:
            self._supplier.begin(Path(settings.options["endpoints"]), settings.endpoints)
        self._workers = self._make_workers()
        self._ending, self._player = Ending(), None
        self._walk = gevent.spawn(self._run)

    def stop(self, **_: Any) -> None:
        """End the run, if one is on, and leave its folder whole; called before Locust stops its users."""
        if self._walk and self.playing and self._walk is not gevent.getcurrent():
            partings = list(self._reception.inbox.partings.values())
            self._ending.ask(UNKNOWN if self._workers.alive() else partings[-1] if partings else LAST_LEFT)
            self._walk.join(30)
            while self._tearing_down and not self._walk.ready():  # of very many endpoints; a second Ctrl-C ends it
                self._walk.join(1)

    def note(self, cause: str) -> None:
        """Why Locust is about to end the run that is on."""
        self._ending.note(cause)

    def snapshot(self) -> metrics.RunSnapshot:
        """How the run stands, for whoever watches it."""
        return self._reception.snapshot(self.processes)

    def live(self) -> Live:
        """The same, for the web UI's tab."""
        if self._controls and self._reception.inbox.stage:
            self._arrived |= self._controls.arrived()
        return live.live_view(
            self._reception.inbox,
            self._reception.counted(),
            self._arrived,
            len(self._plan.stages),
            [region.name for region in self._settings.regions],
            self._folder.manifest.id if self._folder else "",
            self._clock.now(),
        )

    @property
    def playing(self) -> bool:
        """Whether a run is on: from its start until its folder is whole."""
        return self._walk is not None and not self._walk.ready()

    @property
    def begun(self) -> bool:
        """Whether there is a run, or was."""
        return self._walk is not None

    @property
    def ending(self) -> bool:
        """Whether the last run is over, or about to be."""
        return self._walk is not None and (self._walk.ready() or self._ending.asked.is_set())

    def last_run(self) -> Path | None:
        """The folder of the last run that began, once that is over: a refused one has none."""
        return None if self.playing else self._last

    # The run.

    def _run(self) -> None:
        folder: RunFolder | None = None
        controls: Controls | None = None
        service: ServiceRun | None = None
        samplers: list[Sampler] = []
        error, failed = "", Exit.USAGE
        try:
            absent = self._settings.unreachable()
            if self._settings.observer and any(stage.duplicate for stage in self._plan.stages):
                absent += self._settings.observer.faults()
            absent += restart_faults(self._settings.service, [stage.restart for stage in self._plan.stages])
            if fault := self._reception.inbox.failure or "; ".join(absent):
                raise RunFailedError(fault)
            if self._settings.probe:
                self._probe()
            self._folder = folder = RunFolder(self._environment, self._settings, self._test, self._plan.stages)
            self._last = folder.path
            failed = Exit.VOID
            for line in told_first(self._settings, self._plan):
                say(line)
            if isinstance(self._runner, MasterRunner):  # else the sending process, which is this one, keeps the log
                log = process_log(folder.path, "master", self._clock, str(os.getpid()))
                if log:
                    log.uss = False
                samplers.append(Sampler(log))
            samplers += self._watch(folder)
            machine = Sampler(machine_log(folder.path, self._clock), MACHINE_SAMPLE_S)
            samplers.append(machine)
            self._controls = controls = Controls(self._settings.regions)
            self._read_clocks(folder, controls)
            controls.reset(folder.manifest.id)
            if self._settings.endpoints and isinstance(self._runner, MasterRunner):
                inbox, ending = self._reception.inbox, self._ending.asked.is_set
                self._supplier.wait(self._workers.alive, ending, lambda: inbox.failure)
            if self._settings.service:
                service = self._through_service(folder, controls)
                service.begin(self._plan)
            self._player = player = self._make_player(folder, controls, service)
            self._plan = player.calibrated(self._plan)
            settled = player.play(self._plan, machine)
            early = self._ending.asked.is_set()
            self._arrived = controls.arrived()
            self._read_clocks(folder, controls)
            self._await_statistics()
            self._gather(folder)
            all_failed, counted = self._ending.all_failed, self._runner.stats.total
            untested = all_failed or not settled or counted.num_failures == counted.num_requests > 0
            self._environment.process_exit_code = Exit.UNTESTED if untested else None
            if all_failed:
                say(all_failed.said)
            elif early and not self._ending.interrupted:
                error = ended_early(self._ending.cause, player.never_played(self._plan), len(self._plan.stages))
        except UntestedError as failure:
            error, failed = str(failure), Exit.UNTESTED
        except (RunFailedError, ControlError) as failure:
            error = str(failure)
        except OSError as failure:
            error = f"cannot write {with_remedy(failure)}"
        except Exception as failure:
            error = f"the master failed: {failure!r}"
            raise
        finally:
            for sampler in samplers:
                sampler.close()
            try:
                if service:
                    self._tearing_down = True
                    service.end()
            finally:  # what goes wrong there hides no result
                self._tearing_down = False
                self._finish(folder, controls, error, failed)

    def _probe(self) -> None:
        """Raises UntestedError where a target of others does not accept it."""
        observer = self._settings.observer if any(stage.duplicate for stage in self._plan.stages) else None
        with effect_awaited(observer, self._ending.asked.wait) if observer else nullcontext():
            probe(self._settings, self._plan.stages[0], self._ending.asked, say)

    def _read_clocks(self, folder: RunFolder, controls: Controls) -> None:
        """Those of receivers of other hosts drift: what they wrote in between is put right by both readings."""
        read = controls.read_clocks(self._clock)
        for one in read:
            folder.timeline.add(one)
        folder.manifest.hosts = [
            *(ready.record() for ready in self._reception.senders.values()),
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
        processes = [(node, ready.process) for node, ready in self._reception.senders.items() if node in alive]
        for name in self._gatherer.gather(folder.path, folder.manifest.id, processes):
            say(f"could not fetch {name} from its host")

    def _watch(self, folder: RunFolder) -> list[Sampler]:
        """Log what the user's own processes take, too; one that is gone by now is said to be."""
        found = []
        for pid, name in self._settings.watched:
            try:
                found.append(Sampler(process_log(folder.path, f"watched-{name}", self._clock, str(pid), pid)))
            except ProcessLookupError:
                say(f"not watched: process {pid} is gone")
        return found

    def _through_service(self, folder: RunFolder, controls: Controls) -> ServiceRun:
        return ServiceRun(
            self._settings, folder, controls, self._runner, self._reception.inbox, self._ending, self._clock, say
        )

    def _make_player(self, folder: RunFolder, controls: Controls, service: ServiceRun | None) -> PlanPlayer:
        inbox = self._reception.inbox
        return PlanPlayer(
            self._runner,
            self._settings,
            folder,
            controls,
            self._workers,
            inbox,
            self._ending,
            self._clock,
            service,
            say,
        )

    def _finish(self, folder: RunFolder | None, controls: Controls | None, error: str, failed: Exit) -> None:
        """Leave a whole folder, as far as the run came, and let Locust stop: after an error by `failed`."""
        self._reception.inbox.stage, self._reception.inbox.failure = None, error or self._ending.untested
        self._controls = None
        try:
            if error:
                say(error)
                self._environment.process_exit_code = failed
                self._runner.send_message(HALT)  # with which processes of their own send their statistics, too
                self._await_statistics()
            if controls:
                controls.release()
            if folder:
                left_out = self._player.left_out if self._player else []
                folder.close(self._clock.now(), self._ending.interrupted, error, self._ending.untested, left_out)
                say(f"run {folder.path}")
        except OSError as failure:
            say(f"cannot write the end of the run, {with_remedy(failure)}")
            self._environment.process_exit_code = Exit.VOID if folder else Exit.USAGE
        finally:
            self.finished = True

    def _await_statistics(self) -> None:
        """Wait until Locust's statistics hold all that the workers counted; the analysis compares them again."""
        deadline = time.monotonic() + STATS_PATIENCE_S
        while not are_whole(self._runner.stats.entries, self._reception.inbox.settled) and time.monotonic() < deadline:
            gevent.sleep(POLL_S)


def say(text: str) -> None:
    """Tell the user, on standard output; a log on a full disk must not end the run in disorder."""
    try:
        print(f"{SAYS}{text}", flush=True)
    except OSError:
        pass
