"""Asks the user's observer how many effects there are, before and after stages that deliver events twice."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

from _hookswarm.records.clock import Clock
from _hookswarm.records.timeline import EffectsObserved, Timeline
from _hookswarm.senders.plan.observer import Observer, ObserverError

ASK_S = 0.5
"""Between two questions after a stage."""
PATIENCE_S = 10.0
"""How long after a stage the effects may be made."""
PROBE_PATIENCE_S = 3.0
"""How long after the probe its own may; it need not have any."""


@dataclass(frozen=True)
class Effects:
    """Writes down what it is told."""

    observer: Observer
    timeline: Timeline
    clock: Clock
    wait: Callable[[float], object]
    """For so many seconds; true: the run is to end."""

    def before(self, stage: int) -> float | None:
        """Ask once; returns what was said. Raises OSError where that cannot be written."""
        return self._note(stage, "before", *self._ask())

    def after(self, stage: int, before: float | None, acknowledged: int) -> None:
        """Ask until it says the same twice running, and no acknowledged event lacks its effect; not for ever."""
        began_ns = self.clock.now()
        effects, fault = self._ask()
        for _ in range(round(PATIENCE_S / ASK_S)):
            slow = self.clock.now() - began_ns > PATIENCE_S * 1e9  # each answer may take its time
            if effects is None or before is None or slow or self.wait(ASK_S):
                break
            known, (effects, fault) = effects, self._ask()
            if effects == known and effects >= before + acknowledged:
                break
        self._note(stage, "after", effects, fault)

    def _ask(self) -> tuple[float | None, str]:
        return _ask(self.observer)

    def _note(self, stage: int, when: Literal["before", "after"], effects: float | None, fault: str) -> float | None:
        entry = EffectsObserved(at_ns=self.clock.now(), stage=stage, when=when, effects=effects, fault=fault)
        self.timeline.add(entry)
        return effects


@contextmanager
def effect_awaited(observer: Observer, wait: Callable[[float], object]) -> Iterator[None]:
    """What is sent within has its effect before the next stage counts effects; `wait` as above."""
    before, _ = _ask(observer)
    yield
    for _ in range(round(PROBE_PATIENCE_S / ASK_S)):
        effects, _ = _ask(observer)
        if effects is None or before is None or effects > before or wait(ASK_S):
            break


def _ask(observer: Observer) -> tuple[float | None, str]:
    try:
        return observer.ask(), ""
    except ObserverError as error:
        return None, str(error)
