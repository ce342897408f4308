"""Attempts that failed: how many by the journals, their texts and samples by what the sending processes told."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from _hookswarm.analysis.deliveries.recorder import Recorder
from _hookswarm.analysis.deliveries.stages import PlayedStage
from _hookswarm.analysis.reading.frames import RunFrames
from _hookswarm.analysis.schema.failures import Failure
from _hookswarm.analysis.schema.sections import Sections
from _hookswarm.records.failures import FailureKind
from _hookswarm.records.reading import Rows, answered_status
from _hookswarm.records.rows import FAILED
from _hookswarm.records.timeline import StageStarted

MOST = 100
"""Kinds in a report: the commonest."""


class _Kind(NamedTuple):
    """What failures have in common that a report tells as one."""

    planned: bool
    outcome: int
    status: int
    text: str


@dataclass
class _Told:
    """What is told of a kind."""

    stages: dict[str, int] = field(default_factory=dict)
    sample: str = ""
    hint: str = ""
    first_ns: int = 0
    last_ns: int = 0

    @property
    def attempts(self) -> int:
        return sum(self.stages.values())

    def add(self, stage: str, one: FailureKind) -> None:
        self.stages[stage] = self.stages.get(stage, 0) + one.count
        self.sample, self.hint = self.sample or one.sample, self.hint or one.hint
        self.first_ns = min(self.first_ns or one.first_ns, one.first_ns)
        self.last_ns = max(self.last_ns, one.last_ns)


class FailuresRecorder(Recorder):
    """Is to see disturbed stages, too: an attempt that failed there failed all the same."""

    def __init__(self, frames: RunFrames) -> None:
        super().__init__(frames)
        self._found: dict[_Kind, _Told] = {}

    def add(self, stage: PlayedStage) -> None:
        reports = stage.ended.reports if stage.ended else []
        kinds = [kind for report in reports for kind in report.failures]
        planned = stage.plan.may_fail(published=self._frames.manifest.service is not None)
        for one in _balanced(_counted(stage.delivered.attempts.rows), kinds):
            kind = _Kind(planned, one.outcome, one.status, one.text)
            self._found.setdefault(kind, _Told()).add(stage.plan.name, one)

    def fill(self, sections: Sections) -> None:
        names = self._frames.manifest.outcomes
        began_ns = min((entry.at_ns for entry in self._frames.entries(StageStarted)), default=0)
        found = sorted(self._found.items(), key=lambda item: (item[0].planned, -item[1].attempts))
        sections.performance.failures = [
            Failure(
                attempts=told.attempts,
                outcome=names.get(kind.outcome, f"outcome {kind.outcome}"),
                status=kind.status or None,
                text=kind.text,
                sample=told.sample,
                hint=told.hint,
                planned=kind.planned,
                stages=told.stages,
                first_s=round((told.first_ns - began_ns) / 1e9, 3),
                last_s=round((told.last_ns - began_ns) / 1e9, 3),
            )
            for kind, told in found[:MOST]
        ]


def _counted(rows: Rows) -> list[FailureKind]:
    """The failures of a stage's journals by outcome and status, without a text."""
    failed = rows[np.isin(rows["outcome"], list(FAILED))]
    keys = failed["outcome"].astype(np.uint32) << 16 | answered_status(failed)
    found = []
    for key in np.unique(keys).tolist():
        done = failed["done"][keys == key]
        first_ns, last_ns = int(done.min()), int(done.max())
        found.append(
            FailureKind(
                outcome=key >> 16, status=key & 0xFFFF, text="", count=len(done), first_ns=first_ns, last_ns=last_ns
            )
        )
    return found


def _balanced(counted: Iterable[FailureKind], told: list[FailureKind]) -> Iterator[FailureKind]:
    """As many as were counted. Those of which nobody told, or more than there are, have no text."""
    for count in counted:
        own = [one for one in told if (one.outcome, one.status) == (count.outcome, count.status)]
        untold = count.count - sum(one.count for one in own)
        if untold >= 0:
            yield from own
        if untold:
            yield count.model_copy(update={"count": untold if untold > 0 else count.count})
