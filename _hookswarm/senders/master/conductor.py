"""Conducts one run: looks whether it can be, makes its folder, has its plan played, and leaves the folder whole."""

from contextlib import nullcontext

from locust.env import Environment
from locust.runners import LocalRunner, MasterRunner

from _hookswarm.common.wording import with_remedy
from _hookswarm.records.clock import Clock
from _hookswarm.records.exit_codes import Exit
from _hookswarm.senders.exchange.messages import HALT
from _hookswarm.senders.master.clocks import read_clocks
from _hookswarm.senders.master.control import ControlError, Controls
from _hookswarm.senders.master.effects import effect_awaited
from _hookswarm.senders.master.ending import Ending, RunFailedError, UntestedError, ended_early
from _hookswarm.senders.master.locust_stats import await_settled
from _hookswarm.senders.master.plan_player import PlanPlayer
from _hookswarm.senders.master.probe import probe
from _hookswarm.senders.master.reception import Reception
from _hookswarm.senders.master.run import Run
from _hookswarm.senders.master.run_folder import RunFolder
from _hookswarm.senders.master.sampling import sampled
from _hookswarm.senders.master.say import say
from _hookswarm.senders.master.service_run import ServiceRun
from _hookswarm.senders.master.told import told_first
from _hookswarm.senders.master.workers import Workers
from _hookswarm.senders.plan.plan import Plan
from _hookswarm.senders.plan.settings import Settings
from _hookswarm.senders.service.processes import restart_faults


class Conductor:
    """Of one run."""

    def __init__(
        self,
        environment: Environment,
        test: str,
        settings: Settings,
        plan: Plan,
        reception: Reception,
        workers: Workers,
        ending: Ending,
        clock: Clock,
    ) -> None:
        runner = environment.runner
        assert isinstance(runner, LocalRunner | MasterRunner)
        self._environment = environment
        self._runner = runner
        self._test = test
        self._settings = settings
        self._plan = plan
        self._reception = reception
        self._workers = workers
        self._ending = ending
        self._clock = clock
        self._controls: Controls | None = None
        self._service: ServiceRun | None = None
        self._player: PlanPlayer | None = None
        self._arrived: dict[str, int] = {}
        self.folder: RunFolder | None = None
        """A refused run has none."""
        self.tearing_down = False
        """Of a service: what was set up there."""

    def arrived(self) -> dict[str, int]:
        """Arrivals by region, so far."""
        if self._controls and self._reception.inbox.stage:
            self._arrived |= self._controls.arrived()
        return self._arrived

    def conduct(self) -> None:
        """Have the run, from its checks to its end. What goes wrong with it is said, and stands in its folder."""
        error, failed = "", Exit.USAGE
        try:
            self._check()
            self.folder = folder = RunFolder(self._environment, self._settings, self._test, self._plan)
            failed = Exit.VOID
            error = self._play(folder)
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
            try:
                if self._service:
                    self.tearing_down = True
                    self._service.end()
            finally:  # what goes wrong there hides no result
                self.tearing_down = False
                self._finish(error, failed)

    def _check(self) -> None:
        """Whether it can be. Raises RunFailedError; UntestedError where a target of others does not accept a probe."""
        settings, stages = self._settings, self._plan.stages
        observer = settings.observer if any(stage.duplicate for stage in stages) else None
        absent = settings.unreachable() + (observer.faults() if observer else [])
        absent += restart_faults(settings.service, [stage.restart for stage in stages])
        if fault := self._reception.inbox.failure or "; ".join(absent):
            raise RunFailedError(fault)
        if settings.probe:
            with effect_awaited(observer, self._ending.asked.wait) if observer else nullcontext():
                probe(settings, stages[0], self._ending.asked, say)

    def _play(self, folder: RunFolder) -> str:
        """Play the plan, as far as it comes; returns what is wrong with that. Raises RunFailedError, ControlError,
        OSError.
        """
        for line in told_first(self._settings, self._plan):
            say(line)
        distributed = isinstance(self._runner, MasterRunner)  # else the sending process is this one, and logs itself
        with sampled(folder.path, self._settings, self._clock, itself=distributed) as machine:
            controls = self._controls = Controls(self._settings.regions)
            inbox, senders = self._reception.inbox, self._reception.senders
            run = Run(self._runner, self._settings, folder, controls, inbox, self._ending, self._clock, say)
            read_clocks(run, senders.values())
            controls.reset(folder.manifest.id)
            if self._settings.endpoints and distributed:
                self._reception.supplier.wait(self._workers.alive, self._ending.asked.is_set, lambda: inbox.failure)
            if self._settings.service:
                self._service = ServiceRun(run)
                self._service.begin(self._plan)
            self._player = player = PlanPlayer(run, self._workers, self._service)
            plan = player.calibrated(self._plan)
            settled = player.play(plan, machine)
            early = self._ending.asked.is_set()
            self._arrived = controls.arrived()
            read_clocks(run, senders.values())
            await_settled(self._runner.stats, inbox.settled)
            if player.never_played(plan) < len(plan.stages):
                self._gather(folder)
        all_failed, counted = self._ending.all_failed, self._runner.stats.total
        untested = all_failed or not settled or counted.num_failures == counted.num_requests > 0
        self._environment.process_exit_code = Exit.UNTESTED if untested else None
        if all_failed:
            say(all_failed.said)
        elif early and not self._ending.interrupted:
            return ended_early(self._ending.cause, player.never_played(plan), len(plan.stages))
        return ""

    def _gather(self, folder: RunFolder) -> None:
        """Fetch what sending processes of other hosts wrote, unless a folder is shared."""
        alive = self._workers.alive()
        processes = [(node, ready.process) for node, ready in self._reception.senders.items() if node in alive]
        for name in self._reception.gatherer.gather(folder.path, folder.manifest.id, processes):
            say(f"could not fetch {name} from its host")

    def _finish(self, error: str, failed: Exit) -> None:
        """Leave a whole folder, as far as the run came, and let Locust stop: after an error by `failed`."""
        inbox, folder, controls = self._reception.inbox, self.folder, self._controls
        inbox.stage, inbox.failure = None, error or self._ending.untested
        self._controls = None
        try:
            if error:
                say(error)
                self._environment.process_exit_code = failed
                self._runner.send_message(HALT)  # with which processes of their own send their statistics, too
                await_settled(self._runner.stats, inbox.settled)
            if controls:
                controls.release()
            if folder:
                left_out = self._player.left_out if self._player else []
                folder.close(self._clock.now(), self._ending.interrupted, error, self._ending.untested, left_out)
                say(f"run {folder.path}")
        except OSError as failure:
            say(f"cannot write the end of the run, {with_remedy(failure)}")
            self._environment.process_exit_code = Exit.VOID if folder else Exit.USAGE
