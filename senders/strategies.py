"""How a sender picks the target of an attempt among the regions. Adding a strategy is one class and one line below."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random


@dataclass(slots=True, eq=False)
class Target:
    """A region as one origin sees it."""

    code: int
    weight: float = 1.0
    """What it can take, beside the others."""
    rtt_s: float = 0.0
    """The way there and back, as the table of regions has it."""
    in_flight: int = 0
    """Attempts of this origin that are under way there; counted by the caller of the strategy."""


class Strategy:
    """One for each origin, process and stage; not for threads.

    `now` is seconds on any clock that does not step. All targets are given once; `choose` picks among those that
    are healthy, never none.
    """

    def __init__(self, targets: Sequence[Target], random: Random, now: Callable[[], float]) -> None:
        self._targets = targets
        self._random = random
        self._now = now

    def choose(self, healthy: Sequence[Target], webhook: int) -> Target:
        """The target of an attempt for a webhook, before it counts as in flight."""
        raise NotImplementedError

    def observe(self, target: Target, seconds: float, failed: bool) -> None:
        """An attempt ended, so long after it was chosen. It is not in flight any more."""


class Nearest(Strategy):
    """The shortest round trip."""

    def choose(self, healthy: Sequence[Target], webhook: int) -> Target:
        return min(healthy, key=lambda target: target.rtt_s)


STRATEGIES: dict[str, type[Strategy]] = {
    "nearest": Nearest,
}
"""By name; a strategy's code in the journals is its place."""
