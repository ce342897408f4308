"""The master: walks the plan, announces each stage, gathers the workers' reports, keeps the run's folder.

Locust's shape is asked once a second for the number of users; stages are switched by the clock, which the
master announces ahead. Where Locust runs without workers, its only process is this and a worker.
"""

import time
from dataclasses import replace
from typing import Any

import gevent
from gevent.event import Event
from locust.env import Environment
from locust.runners import STATE_RUNNING, LocalRunner, MasterRunner

from protocol.faults import FaultOrder, Faults
from records.clock import Clock
from records.exit_codes import Exit
from records.run import (
    FaultsSet,
    Progress,
    StageEnded,
    StageStarted,
    Timeline,
    WorkerLost,
    WorkerReport,
)
from senders.control import ControlError, Controls
from senders.messages import FAILED, HALT, REPORT, SAYS, STAGE, TICK, Announcement, WorkerTick
from senders.plan import Plan
from senders.run_folder import RunFolder
from senders.settings import Settings, unreachable
from senders.stages import Stage

LEAD_S = {True: 0.05, False: 0.3}
"""How far ahead a stage is announced: in the same process, and to others."""
FAULTS_LEAD_S = 0.5
"""How much further ahead where receivers have to be told of faults first."""
POLL_S = 0.02
PROGRESS_S = 1.0
SETTLE_S = 30.0
"""How long the users of a stage may take to come and go."""
REPORT_PATIENCE_S = 120.0
"""How long a stage's reports may lag behind its planned end."""
HALT_PATIENCE_S = 8.0
"""How long workers may take to report once they are told to end."""
STATS_PATIENCE_S = 6.0
"""Locust's workers send statistics every 3 s."""


class RunFailed(Exception):
    """The run cannot go on; the text says why, for people."""


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
        self._failure = ""
        self._reports: dict[str, WorkerReport] = {}
        self._ticks: dict[str, WorkerTick] = {}
        self.wanted_users = plan.stages[0].users
        self.finished = False
        runner.register_message(REPORT, self._on_report)
        runner.register_message(TICK, self._on_tick)
        runner.register_message(FAILED, self._on_failed)

    # Locust's side.

    def start(self, settings: Settings, plan: Plan, fault: str) -> None:
        """Begin a run; called when Locust starts a test. One with a `fault` ends at once and says it."""
        self._settings, self._plan = settings, plan
        self.finished, self._failure = False, fault
        self._halting.clear()
        self._walk = gevent.spawn(self._run)

    def stop(self, **_: Any) -> None:
        """End the run, if one is on, and leave its folder whole; called before Locust stops its users."""
        if self._walk and not self._walk.ready() and self._walk is not gevent.getcurrent():
            self._halting.set()
            self._walk.join(30)

    def _on_report(self, msg: Any, **_: Any) -> None:
        self._reports[msg.node_id] = WorkerReport.model_validate(msg.data)

    def _on_tick(self, msg: Any, **_: Any) -> None:
        self._ticks[msg.node_id] = WorkerTick.model_validate(msg.data)

    def _on_failed(self, msg: Any, **_: Any) -> None:
        self._failure = self._failure or str(msg.data["message"])

    # The run.

    def _run(self) -> None:
        folder: RunFolder | None = None
        controls: Controls | None = None
        error = ""
        try:
            if self._failure or (faults := unreachable(self._settings.regions)):
                raise RunFailed(self._failure or "; ".join(faults))
            folder = RunFolder(self._environment, self._settings, self._test, self._plan.stages)
            if left_out := self._plan.left_out:
                _say(f"left out, for they need receivers of ours: {', '.join(left_out)}")
            controls = Controls(self._settings.regions)
            controls.reset(folder.manifest.id)
            settled = 0
            for number, stage in enumerate(self._plan.stages):
                settled += self._play(folder, controls, number, stage)
                if stage.settle_s:
                    controls.rest()
                if self._halting.wait(stage.settle_s):
                    break
            self._await_statistics(settled)
            self._environment.process_exit_code = None if settled else Exit.UNKNOWN
        except (RunFailed, ControlError) as failure:
            error = str(failure)
        except OSError as failure:
            error = f"cannot write the run's folder: {failure.strerror}"
        finally:
            self._finish(folder, controls, error)

    def _finish(self, folder: RunFolder | None, controls: Controls | None, error: str) -> None:
        """Leave a whole folder behind, as far as the run came, and let Locust stop."""
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

    def _play(self, folder: RunFolder, controls: Controls, number: int, stage: Stage) -> int:
        """Run one stage to its end; returns how many deliveries were settled in it."""
        self.wanted_users = stage.users
        users = self._await_users(stage.users)
        if self._halting.is_set():
            return 0
        self._reports.clear()
        self._ticks.clear()
        # Before the stage begins: setting faults takes a while, but they hold by the clock.
        start = self._clock.now() + round(self._lead_s(stage) * 1e9)
        begin, end = _fault_times(stage, start)
        faults, otherwise = (_seeded(part, self._settings.seed) for part in stage.orders())
        controls.set_faults(FaultOrder(faults, begin, end, otherwise))
        first = 0
        for client, count in users.items():
            announcement = Announcement(
                run=folder.manifest.id,
                seed=self._settings.seed,
                number=number,
                stage=folder.manifest.stages[number],
                start_ns=start,
                first=first,
                last=first + count,
                of=stage.users,
            )
            first += count
            self._runner.send_message(STAGE, announcement.model_dump(), client)
        name = folder.manifest.stages[number]["name"]
        folder.timeline.add(StageStarted(at_ns=start, stage=number, name=name))
        if stage.faults:
            plain = folder.manifest.stages[number]["faults"]
            folder.timeline.add(FaultsSet(at_ns=begin, until_ns=end, stage=number, faults=plain))
        self._await_reports(folder.timeline, number, stage, set(users))
        return sum(report.settled for report in self._reports.values())

    def _lead_s(self, stage: Stage) -> float:
        return LEAD_S[isinstance(self._runner, LocalRunner)] + (FAULTS_LEAD_S if any(stage.orders()) else 0)

    def _await_users(self, wanted: int) -> dict[str, int]:
        """Users of each sending process, once Locust has as many as the stage asks for."""
        deadline = time.monotonic() + SETTLE_S
        while not self._halting.is_set():
            users = self._users()
            if sum(users.values()) == wanted and self._runner.state == STATE_RUNNING:
                return users
            if self._failure or time.monotonic() > deadline:
                raise RunFailed(self._failure or f"Locust has not {wanted} users after {SETTLE_S:.0f} s, but {users}")
            gevent.sleep(POLL_S)
        return {}

    def _users(self) -> dict[str, int]:
        if isinstance(self._runner, LocalRunner):
            return {"local": self._runner.user_count}
        return {client.id: client.user_count for client in self._runner.clients.all if client.user_count}

    def _alive(self) -> set[str]:
        if isinstance(self._runner, LocalRunner):
            return {"local"}
        return {client.id for client in self._runner.clients.all if client.state != "missing"}

    def _await_reports(self, timeline: Timeline, number: int, stage: Stage, workers: set[str]) -> None:
        """Wait until every worker reported the stage; writes its progress and its end.

        A worker that is lost, or cannot go on, ends the stage for the others too, and then the run: RunFailed.
        """
        told = time.monotonic()
        timeouts = self._settings.timeouts
        limit_s = (stage.length_s or float("inf")) + stage.drain_s + timeouts.connect_s + timeouts.response_s
        deadline = told + limit_s + REPORT_PATIENCE_S
        lost: set[str] = set()
        halted, failure = False, ""
        while missing := workers - lost - self._reports.keys():
            now = time.monotonic()
            for worker in sorted(missing - self._alive()):
                lost.add(worker)
                timeline.add(WorkerLost(at_ns=self._clock.now(), worker=worker))
                failure = f"lost {len(lost)} of {len(workers)} workers"
            failure = failure or self._failure
            if now > deadline:
                failure = failure or f"stage {stage.name!r}: {len(missing)} workers never reported"
                if halted:
                    break
            if (failure or self._halting.is_set()) and not halted:
                halted, deadline = True, now + HALT_PATIENCE_S
                self._runner.send_message(HALT)
            if now - told >= PROGRESS_S:
                told = now
                timeline.add(self._progress(number))
            gevent.sleep(POLL_S)
        timeline.add(self._progress(number))
        reports = [self._reports[worker] for worker in sorted(workers & self._reports.keys())]
        timeline.add(StageEnded(at_ns=self._clock.now(), stage=number, reports=reports))
        if failure:
            raise RunFailed(failure)

    def _progress(self, number: int) -> Progress:
        ticks = [tick for tick in self._ticks.values() if tick.stage == number]
        return Progress(
            at_ns=self._clock.now(),
            stage=number,
            settled=sum(tick.settled for tick in ticks),
            failed=sum(tick.failed for tick in ticks),
            queued=sum(tick.queued for tick in ticks),
            in_flight=sum(tick.in_flight for tick in ticks),
        )

    def _await_statistics(self, settled: int) -> None:
        """Wait until Locust's statistics hold all that the workers counted; the analysis compares them again."""
        deadline = time.monotonic() + STATS_PATIENCE_S
        while self._runner.stats.total.num_requests < settled and time.monotonic() < deadline:
            gevent.sleep(POLL_S)


def _fault_times(stage: Stage, start_ns: int) -> tuple[int, int | None]:
    """When a stage's faults begin and end; None: with the stage."""
    begin = start_ns + round(stage.faults_from_s * 1e9)
    return begin, None if stage.faults_for_s is None else begin + round(stage.faults_for_s * 1e9)


def _seeded(faults: Faults | None, seed: int) -> Faults | None:
    return replace(faults, seed=faults.seed or seed) if faults else None


def _say(text: str) -> None:
    """Tell the user, on standard output; a log on a full disk must not end the run in disorder."""
    try:
        print(f"{SAYS}{text}", flush=True)
    except OSError:
        pass
