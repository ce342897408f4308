"""Who has gone silent: a process that is killed on another machine, or stands still, does not say so."""

from collections.abc import Collection

LISTENED_S = 0.5
"""The most that counts between two looks: whoever stood still heard nobody."""


class Silence:
    """For how long each process was not heard. Times are seconds of any steady clock."""

    def __init__(self, limit_s: float) -> None:
        """Who is silent for `limit_s` is lost."""
        self._limit_s = limit_s
        self._silent_s: dict[str, float] = {}
        self._looked_s = float("inf")

    def heard(self, process: str) -> None:
        """It said something: its silence begins anew."""
        self._silent_s[process] = 0.0

    def lost(self, now_s: float, processes: Collection[str]) -> set[str]:
        """Take a look; those of the processes that were silent for too long."""
        listened = min(max(now_s - self._looked_s, 0.0), LISTENED_S)
        self._looked_s = now_s
        self._silent_s = {process: self._silent_s.get(process, 0.0) + listened for process in processes}
        return {process for process, silent_s in self._silent_s.items() if silent_s >= self._limit_s}
