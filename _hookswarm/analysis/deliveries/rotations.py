"""Deliveries around the rotation of a secret: how many no secret of the receiver's verified."""

from http import HTTPStatus

import numpy as np

from _hookswarm.analysis.deliveries.deliveries import was_sent
from _hookswarm.analysis.deliveries.recorder import Recorder
from _hookswarm.analysis.deliveries.stages import PlayedStage
from _hookswarm.analysis.reading.frames import RunFrames
from _hookswarm.analysis.reading.rows import Mask
from _hookswarm.analysis.schema.rotations import Rotation
from _hookswarm.analysis.schema.sections import Sections
from _hookswarm.records.rows import Outcome

UNTOLD = (Outcome.ACKNOWLEDGED, Outcome.PENDING, Outcome.INTERRUPTED, Outcome.LOCAL_SHORTAGE, Outcome.BROKEN_OFF)
"""Outcomes that do not say that a receiver did not accept."""


class RotationsRecorder(Recorder):
    """Is to see disturbed stages, too: what is verified does not depend on the time that it took."""

    def __init__(self, frames: RunFrames) -> None:
        super().__init__(frames)
        self._at_s = float(frames.manifest.options.get("rotate_at") or 0)
        self.found: list[Rotation] = []

    def add(self, stage: PlayedStage) -> None:
        at_ns = stage.start_ns + round(self._at_s * 1e9)
        if not self._at_s or (stage.ended and stage.ended.at_ns < at_ns):
            return
        rows = stage.delivered.attempts.rows
        sent = was_sent(rows)
        before, after = sent & (rows["start"] < at_ns), sent & (rows["start"] >= at_ns)
        refused = self._refused(stage)
        self.found.append(
            Rotation(
                stage=stage.plan.name,
                at_s=self._at_s,
                before=_events(stage, before),
                unverified_before=_left(stage, refused, before),
                after=_events(stage, after),
                unverified_after=_left(stage, refused, after),
            )
        )

    def _refused(self, stage: PlayedStage) -> Mask:
        """Attempts that no secret verified: ours answer 401, unless that was a fault; of others nothing else is known
        than that they did not accept."""
        rows = stage.delivered.attempts.rows
        refused = ~np.isin(rows["outcome"], UNTOLD)
        unauthorized = rows["status"] == HTTPStatus.UNAUTHORIZED
        if stage.arrivals is not None:
            played = stage.arrivals.event[stage.arrivals.rows["status"] == HTTPStatus.UNAUTHORIZED]
            grouped = stage.delivered.attempts
            unauthorized &= ~np.isin(grouped.key[grouped.event], stage.arrivals.key[played])
        ours = np.isin(rows["target"], self._frames.watched)
        unverified: Mask = refused & (unauthorized | ~ours)
        return unverified

    def fill(self, sections: Sections) -> None:
        sections.performance.rotations = self.found or None


def _events(stage: PlayedStage, which: Mask) -> int:
    return len(np.unique(stage.delivered.attempts.event[which]))


def _left(stage: PlayedStage, refused: Mask, phase: Mask) -> int:
    """Deliveries that were refused in that phase, and not accepted in it by another attempt."""
    event, outcome = stage.delivered.attempts.event, stage.delivered.attempts.rows["outcome"]
    taken = event[phase & (outcome == Outcome.ACKNOWLEDGED)]
    return len(np.setdiff1d(event[phase & refused], taken))
