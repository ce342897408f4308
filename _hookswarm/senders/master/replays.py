"""Which disturbed stages are played once more: short ones, as long as that stays a small part of the plan."""

from dataclasses import replace

from _hookswarm.senders.plan.stages import Stage

LONGEST_S = 60.0
"""A stage that lasted longer is not played again."""
SHARE = 1 / 3
"""Of the plan's length, so much may be played again."""


class Replays:
    """Counts what was played, and what was played again."""

    def __init__(self, allowed: bool) -> None:
        self._allowed = allowed
        self._played_s = 0.0
        self._again_s = 0.0

    def note(self, lasted_s: float) -> None:
        """A stage of the plan was played."""
        self._played_s += lasted_s

    def spend(self, stage: Stage, lasted_s: float, left_s: float) -> bool:
        """Take a replay of a disturbed stage, if there is room for one; the rest of the plan takes `left_s`."""
        if not self._allowed or stage.limits or lasted_s > LONGEST_S:
            return False
        if self._again_s + lasted_s > SHARE * (self._played_s + left_s):
            return False
        self._again_s += lasted_s
        return True


def again(stage: Stage, number: int) -> Stage:
    """The stage of this number, to be played once more."""
    return replace(stage, name=f"{stage.name} (again)", replay_of=number)
