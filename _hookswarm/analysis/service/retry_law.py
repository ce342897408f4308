"""A service's retry law, seen from outside over all stages of a run: rows of the conformance table."""

import numpy as np

from _hookswarm.analysis.deliveries.stages import PlayedStage
from _hookswarm.analysis.reading.frames import RunFrames
from _hookswarm.analysis.schema.service import Rule
from _hookswarm.analysis.service.ending_rules import Endings, attempts_rule, first_rule, gives_up_rules
from _hookswarm.analysis.service.failed_attempts import FailedAttempts, failed_attempts_of, first_waits_s, joined
from _hookswarm.analysis.service.promise import Floats, Promise
from _hookswarm.analysis.service.wait_rules import Watched, judge_waits
from _hookswarm.records.timeline import ServiceDrained, StageEnded


class RetryLaw:
    """Is shown each stage; then says what the law is, beside what is promised of it."""

    def __init__(self, frames: RunFrames) -> None:
        service = frames.manifest.service
        told = service.retry if service else None
        self._promise = None if told is None else Promise.model_validate(told)
        # Endpoints are deleted after the last drain: until then whatever a service sends is seen, in any stage.
        ends = [entry.at_ns for entry in frames.timeline if isinstance(entry, ServiceDrained | StageEnded)]
        self._until_ns = max(ends, default=0)
        self._failed: list[FailedAttempts] = []
        self._stages: list[str] = []
        """In which these were."""
        self._first_s: dict[str, Floats] = {}

    def add(self, stage: PlayedStage) -> None:
        failed = failed_attempts_of(stage)
        if failed is not None:
            self._first_s[stage.plan.name] = first_waits_s(stage)
            if len(failed):
                self._failed.append(failed)
                self._stages.append(stage.plan.name)

    def longest_first_s(self) -> float | None:
        """The longest wait before a first retry, of those that were seen in any stage; else the promised one."""
        failed = joined(self._failed)
        seen = failed.where(failed.number == 1).retried
        if len(seen):
            return float(seen.wait_s.max())
        return float(self._promise.range_s(np.ones(1, np.int64))[1][0]) if self._promise else None

    def rules(self) -> list[Rule]:
        failed = joined(self._failed)
        if self._promise and self._promise.counts_from == "begin":
            failed = failed.from_begin()
        watched = Watched(failed, self._until_ns, self._stages)
        waited = judge_waits(watched, self._promise)
        endings = Endings(watched, self._promise, waited.law, waited.clock_s)
        return [
            *waited.rules,
            attempts_rule(endings, self._promise, watched.where),
            *gives_up_rules(endings, self._promise, watched.where),
            first_rule(self._first_s, self._promise),
        ]
