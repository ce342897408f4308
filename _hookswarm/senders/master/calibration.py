"""A calibration, as the master plays it before the plan's first stage: how fast a service accepts, and delivers."""

import time

import gevent

from _hookswarm.records.manifest import CalibrationRecord
from _hookswarm.records.rows import Outcome
from _hookswarm.senders.master.all_failed import AllFailed
from _hookswarm.senders.master.run import Run
from _hookswarm.senders.master.stage_player import StagePlayer
from _hookswarm.senders.master.trial import not_answering
from _hookswarm.senders.plan.calibrated import (
    SHARE,
    Rates,
    Round,
    calibrated,
    first_round,
    next_round,
    rates_of,
    through_per_s,
    told_calibration,
)
from _hookswarm.senders.plan.plan import Plan
from _hookswarm.senders.plan.stages import Stage

LOOK_S = 0.05


class Calibration:
    """Of one run."""

    def __init__(self, run: Run, player: StagePlayer) -> None:
        self._player = player
        self._settings, self._folder, self._controls = run.settings, run.folder, run.controls
        self._inbox, self._ending, self._say = run.inbox, run.ending, run.say

    def calibrate(self, plan: Plan, fan_out: int) -> Plan:
        """The plan at rates that the service takes; an event goes to `fan_out` endpoints. Where nothing arrives, or the
        run is to end, it is the plan as it was. Raises RunFailedError, ControlError, OSError.
        """
        bound = self._settings.bound.per_s if self._settings.bound else None
        service, quick = self._settings.service, self._settings.quick
        assert service
        stage: Stage | None = first_round(max(one.webhooks for one in plan.stages), bound, quick)
        found: list[Rates] = []
        while stage:
            seen = self._round(stage)
            if not seen or self._ending.asked.is_set():
                return plan
            found.append(seen)
            stage = next_round(stage, found, fan_out, quick)
        rates = found[-1]
        stages = calibrated(plan.stages, rates, fan_out, bound)
        self._say(told_calibration(service.name, rates, fan_out, plan.stages, stages, bound))
        self._folder.replan(
            stages,
            CalibrationRecord(
                accepts_per_s=round(rates.accepts_per_s, 3),
                delivers_per_s=round(rates.delivers_per_s, 3),
                at_most_per_s=round(SHARE * through_per_s(rates, fan_out), 3),
            ),
        )
        return plan._replace(stages=stages)

    def _round(self, stage: Stage) -> Rates | None:
        """None: nothing came of it."""
        before, accepted = self._taken(), self._accepted()
        began = time.monotonic()
        samples: list[tuple[float, int]] = [(0.0, 0)]

        def watch() -> None:
            while True:
                gevent.sleep(LOOK_S)
                taken = self._taken() - before
                samples.append((time.monotonic() - began, taken))

        watcher = gevent.spawn(watch)
        try:
            played = self._player.play(self._folder.add_stage(stage), stage)
        finally:
            watcher.kill()
        if played is None or self._ending.asked.is_set():
            return None
        publishing_s = max((report.wall_s for report in self._inbox.reports.values()), default=0.0)
        accepted = self._accepted() - accepted
        rates = rates_of(Round(accepted, publishing_s, samples))
        if accepted and not rates.delivers_per_s and not self._settings.keep_going:
            reason = f"nothing of the {accepted} events that were accepted first has arrived"
            name = self._settings.service.name if self._settings.service else ""
            todo = f"see whether {name} reaches our receivers at {self._settings.regions[0].url}, and --advertise"
            todo = (self._settings.service and not_answering(self._settings.service)) or todo
            self._ending.give_up(AllFailed(f"{reason}: {todo}", f"{reason}: {todo}; --keep-going would play on"))
            return None
        return rates if accepted and rates.delivers_per_s else None

    def _taken(self) -> int:
        return sum(self._controls.arrived().values())

    def _accepted(self) -> int:
        return self._inbox.outcomes().get(Outcome.ACKNOWLEDGED, 0)
