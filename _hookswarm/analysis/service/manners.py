"""A service's manners: the rules of the conformance table that are not about how long it waits between retries."""

from _hookswarm.analysis.deliveries.stages import PlayedStage
from _hookswarm.analysis.reading.frames import RunFrames
from _hookswarm.analysis.schema.service import Rule
from _hookswarm.analysis.service.answers import answer_rules
from _hookswarm.analysis.service.looks import look_rules, timestamp_rule
from _hookswarm.analysis.service.repeats import repeat_rules
from _hookswarm.analysis.service.silence import timeout_rule
from _hookswarm.analysis.service.stream import Stream, concurrency_rule
from _hookswarm.analysis.service.watched import Watched, watched
from _hookswarm.records.manifest import ServiceRecord


class Manners:
    """Is shown every stage of a run through a service; rules come of those that ask for manners, and of all of them."""

    def __init__(self, frames: RunFrames) -> None:
        self._frames = frames
        self._stages: list[Watched] = []
        self._stream = Stream()

    def add(self, stage: PlayedStage) -> None:
        """Look at one stage."""
        self._stream.add(stage)
        if found := watched(stage):
            self._stages.append(found)

    def rules(self, service: ServiceRecord, longest_s: float | None) -> list[Rule]:
        """What was seen; where no stage asked for manners, only what any stage shows. `longest_s`: the longest wait
        before a first retry, as far as it is known.
        """
        promises, stages = service.promises, self._stages
        stream = [
            self._stream.order_rule(promises.get("order")),
            self._stream.bytes_rule(),
            self._stream.signature_rule(service.signed),
        ]
        if not stages:
            return stream
        return [
            *answer_rules(stages, promises, longest_s),
            timeout_rule(stages, promises.get("timeout_s"), _first_wait_s(service)),
            *repeat_rules(stages, promises.get("idempotency")),
            timestamp_rule(stages, promises.get("timestamps")),
            *stream,
            concurrency_rule(stages),
            *look_rules(self._frames.looks, stages),
        ]


def _first_wait_s(service: ServiceRecord) -> float | None:
    """What it promises to wait before its first retry."""
    law = service.retry or {}
    waits = law.get("waits_s") or [law.get("first_s")]
    return None if waits[0] is None else float(waits[0])
