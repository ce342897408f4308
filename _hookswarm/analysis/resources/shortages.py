"""Attempts that failed for what a machine of ours lacked: the senders', or that of our own receiver."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from _hookswarm.analysis.deliveries.deliveries import was_sent
from _hookswarm.analysis.reading.frames import PlannedStage, RunFrames
from _hookswarm.analysis.reading.rows import Mask, rows_of_stage
from _hookswarm.records.reading import Rows
from _hookswarm.records.rows import Outcome
from _hookswarm.records.shortage import Shortage, shortage_of

NOT_WRITTEN = 507
"""What a receiver of ours answers where its journal cannot be written."""


@dataclass(frozen=True)
class Lack:
    """What a stage's attempts lacked, how many of them, and of how many."""

    stage: str
    cause: Shortage
    count: int
    attempts: int

    @property
    def share(self) -> float:
        """Of the attempts."""
        return self.count / self.attempts


def lacked(rows: Rows, which: Mask | bool = True) -> Counter[Shortage]:
    """How many attempts, of some of these rows, failed for which shortage at the sender."""
    theirs = rows["status"][(rows["outcome"] == Outcome.LOCAL_SHORTAGE) & which]
    numbers, counts = np.unique(theirs, return_counts=True)
    found: Counter[Shortage] = Counter()
    for number, count in zip(numbers.tolist(), counts.tolist(), strict=True):
        found[shortage_of(number)] += count
    return found


def senders_lacks(frames: RunFrames) -> Iterator[Lack]:
    """What the senders lacked, stage by stage."""
    for stage, rows in _stages(frames):
        for cause, count in lacked(rows).most_common():
            yield Lack(stage.name, cause, count, int(np.count_nonzero(was_sent(rows))))


def unwritten(frames: RunFrames) -> Iterator[tuple[str, int]]:
    """Stages in which receivers of ours could not write their journals, although none was told to say so; how often."""
    for stage, rows in _stages(frames):
        found: Mask = (rows["outcome"] == Outcome.REJECTED) & (rows["status"] == NOT_WRITTEN)
        found &= np.isin(rows["target"], frames.watched)
        if found.any() and not _answers(stage, NOT_WRITTEN):
            yield stage.name, int(np.count_nonzero(found))


def _stages(frames: RunFrames) -> Iterator[tuple[PlannedStage, Rows]]:
    for number, stage in enumerate(frames.plan):
        if len(rows := rows_of_stage(frames.attempts, number)):
            yield stage, rows


def _answers(stage: PlannedStage, status: int) -> bool:
    """Whether the plan has receivers answer a status."""
    asked = [stage.faults or {}, *(one.faults or {} for one in stage.classes)]
    by_chance = {str(code) for faults in asked for code in faults.get("status") or {}}
    at_first = {str(faults.get("fail_status")) for faults in asked if faults.get("fail_first")}
    return str(status) in by_chance | at_first
