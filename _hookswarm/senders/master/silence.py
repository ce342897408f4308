"""Which sending processes have gone silent: one that is killed on another machine does not say so."""

from collections.abc import Collection

SILENT_S = 3.5
"""From here on a process is lost. They say every second that they live; Locust itself waits for four to five."""
LISTENED_S = 0.5
"""The most that counts between two looks: a master that stood still heard nobody."""


class Silence:
    """For how long each process was not heard. Times are seconds of any steady clock."""

    def __init__(self) -> None:
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
        return {process for process, silent_s in self._silent_s.items() if silent_s >= SILENT_S}
