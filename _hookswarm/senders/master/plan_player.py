"""Plays a plan: one stage after the other, each as its kind is played; what cannot be played is skipped, and said."""

from _hookswarm.senders.exchange.usage import Sampler
from _hookswarm.senders.master.calibration import Calibration
from _hookswarm.senders.master.calm_player import CalmPlayer
from _hookswarm.senders.master.capacity import CapacitySearch
from _hookswarm.senders.master.run import Run
from _hookswarm.senders.master.service_capacity import ThroughService
from _hookswarm.senders.master.service_run import ServiceRun
from _hookswarm.senders.master.stage_player import StagePlayer
from _hookswarm.senders.master.workers import Workers
from _hookswarm.senders.plan.plan import Plan
from _hookswarm.senders.plan.stages import Stage


class PlanPlayer:
    """Plays the plan of one run."""

    def __init__(self, run: Run, workers: Workers, service: ServiceRun | None) -> None:
        through = (service.meanwhile, service.drain, service.introduce) if service else ()
        self._player = StagePlayer(run, workers, *through)
        self._calm = CalmPlayer(run, self._player)
        self._search = CapacitySearch(run, self._player, ThroughService(run, service) if service else None)
        self._calibration = Calibration(run, self._player) if service and run.settings.rate is None else None
        self._service = service
        self._workers = workers
        self._begun = run.inbox.begun
        self._asked = run.ending.asked
        self._say = run.say
        self.left_out: list[int] = []
        """Numbers of the stages that need not be played."""

    def calibrated(self, plan: Plan) -> Plan:
        """The plan at rates that a service under test can take, where nobody gave one."""
        if self._service and self._calibration:
            return self._calibration.calibrate(plan, self._service.fan_out())
        return plan

    def play(self, plan: Plan, machine: Sampler) -> int:
        """Play all stages until the run is to end; returns how many deliveries were settled."""
        settled = 0
        for number, stage in enumerate(plan.stages):
            if self._asked.is_set():
                break
            if fault := self._unplayable(stage):
                self._say(f"skipped because {fault}: {stage.name}")
                self.left_out.append(number)
            elif stage.limits:
                self._begun.add(number)  # what is played are its tries
                settled += self._search.run(stage)
            else:
                left_s = sum(later.length_s or 0.0 for later in plan.stages[number + 1 :])
                settled += self._calm.play(number, stage, left_s)
            machine.sample()  # or what the next stage does to the machine would be told of this one's end
        return settled

    def _unplayable(self, stage: Stage) -> str:
        if (stage.processes or 1) > self._player.processes():
            needed = f"--processes {stage.processes}" if stage.processes else "a sending process, and none is left"
            return f"it needs {needed}"
        return "" if self._workers.classes(stage.strategy) else "no sender of its strategy was picked"

    def never_played(self, plan: Plan) -> int:
        """How many stages did not begin, and should have."""
        return sum(number not in self._begun and number not in self.left_out for number in range(len(plan.stages)))
