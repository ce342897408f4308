"""Plays the plan's stages, each once more if it was disturbed and that is allowed."""

import os
import time

from _hookswarm.senders.exchange.messages import RUN_VARIABLE
from _hookswarm.senders.master.bystanders import Disturbance, disturbance_between, look
from _hookswarm.senders.master.played import Played
from _hookswarm.senders.master.replays import Replays, again
from _hookswarm.senders.master.run import Run
from _hookswarm.senders.master.stage_player import StagePlayer
from _hookswarm.senders.plan.stages import Stage

BUSY_BYSTANDER = 0.1
"""Of a core: what less is busy does not keep a sender from its schedule."""


class CalmPlayer:
    """Watches what else the machine does meanwhile."""

    def __init__(self, run: Run, player: StagePlayer) -> None:
        self._player = player
        self._settings, self._folder, self._controls = run.settings, run.folder, run.controls
        self._clock, self._say, self._ending = run.clock, run.say, run.ending
        self._replays = Replays(run.settings.replay)
        self._all_known = all(region.control for region in run.settings.regions) and not run.settings.service
        """Else what is busy may be the target."""

    def play(self, number: int, stage: Stage, left_s: float) -> int:
        """Play a stage of the plan, whose rest takes `left_s`; returns how many deliveries were settled."""
        played, disturbed, lasted_s = self._play(number, stage)
        if played is None:
            return 0
        self._replays.note(lasted_s)
        if not disturbed or self._ending.asked.is_set() or not self._replays.spend(stage, lasted_s, left_s):
            return played.settled
        self._say(f"{stage.name} was disturbed, and is played once more: end what else runs here")
        repeated = again(stage, number)
        more, _, _ = self._play(self._folder.add_stage(repeated), repeated)
        return played.settled + (more.settled if more else 0)

    def _play(self, number: int, stage: Stage) -> tuple[Played | None, bool, float]:
        """How it went, whether it was disturbed, and how long it took."""
        began_s, before = time.monotonic(), look() if self._all_known else None
        played = self._player.play(number, stage)
        lasted_s = time.monotonic() - began_s
        if played is None or before is None:
            return played, played is not None and played.disturbed, lasted_s
        found = disturbance_between(before, look(), self._ours(), os.cpu_count() or 1)
        if found.busiest:
            self._folder.timeline.add(found.entry(number, self._clock.now()))
        return played, _is_disturbed(played, found), lasted_s

    def _ours(self) -> set[int]:
        """The roots of what takes part: the command's processes, or Locust's; receivers here; what is watched."""
        starter = {os.getppid()} if RUN_VARIABLE in os.environ else set()
        return {os.getpid(), *starter, *self._controls.neighbours, *(pid for pid, _ in self._settings.watched)}


def _is_disturbed(played: Played, found: Disturbance) -> bool:
    """A sender that lacks CPU where nobody else has any is the limit itself: once more would be the same."""
    busiest = found.busiest[0].core_share if found.busiest else 0.0
    return found.disturbed or (played.disturbed and busiest >= BUSY_BYSTANDER)
