"""Events that were delivered twice on purpose, beside the effects that the user's observer counted."""

import numpy as np

from _hookswarm.analysis.deliveries.deliveries import Frame, State, was_sent
from _hookswarm.analysis.deliveries.recorder import Recorder
from _hookswarm.analysis.deliveries.stages import PlayedStage
from _hookswarm.analysis.reading.frames import RunFrames
from _hookswarm.analysis.schema.duplicates import Duplicates
from _hookswarm.analysis.schema.sections import Sections
from _hookswarm.records.timeline import EffectsObserved

FELL = "the observer's count fell: let nothing else change what it counts meanwhile"
UNASKED = "the observer was not asked again: the run ended in the stage"


class DuplicatesRecorder(Recorder):
    """Is to see disturbed stages, too: how many effects there are does not depend on the time that it took."""

    def __init__(self, frames: RunFrames) -> None:
        super().__init__(frames)
        self.found: list[Duplicates] = []

    def add(self, stage: PlayedStage) -> None:
        if not stage.plan.duplicate or self._frames.manifest.service:  # its conformance table has them
            return
        asked = {one.when: one for one in self._frames.entries(EffectsObserved) if one.stage == stage.number}
        effects, fault = _effects(asked.get("before"), asked.get("after"))
        events, acknowledged = int(np.count_nonzero(stage.delivered.sent)), stage.delivered.count(State.ACKNOWLEDGED)
        self.found.append(
            Duplicates(
                stage=stage.plan.name,
                kind=stage.plan.duplicate.kind,
                events=events,
                acknowledged=acknowledged,
                repeated=int(np.count_nonzero(stage.delivered.sent > 1)),
                apart_ms=_apart_ms(stage.delivered),
                effects=effects,
                extra=None if effects is None else max(effects - events, 0),
                missing=None if effects is None else max(acknowledged - effects, 0),
                fault=fault,
            )
        )

    def fill(self, sections: Sections) -> None:
        sections.performance.duplicates = self.found or None


def _effects(before: EffectsObserved | None, after: EffectsObserved | None) -> tuple[float | None, str]:
    """How many the stage had, or why nobody knows."""
    if before is None or after is None:
        return None, UNASKED
    if before.effects is None or after.effects is None:
        return None, before.fault or after.fault
    made = after.effects - before.effects
    return (None, FELL) if made < 0 else (made, "")


def _apart_ms(delivered: Frame) -> float | None:
    rows = delivered.attempts.rows
    sent = was_sent(rows)
    start, event, attempt = rows["start"][sent], delivered.attempts.event[sent], rows["attempt"][sent]
    second = np.flatnonzero((attempt[1:] == 2) & (event[1:] == event[:-1])) + 1
    return round(float(np.median(start[second] - start[second - 1])) / 1e6, 3) if len(second) else None
