"""Generator or target? Which side kept a stage from being faster, from the evidence of both."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from _hookswarm.analysis.deliveries.deliveries import was_sent
from _hookswarm.analysis.deliveries.recorder import Recorder
from _hookswarm.analysis.deliveries.stages import PlayedStage
from _hookswarm.analysis.reading.frames import RunFrames
from _hookswarm.analysis.resources.cpu import CpuUse
from _hookswarm.analysis.scaling import scaling
from _hookswarm.analysis.schema.cpu import RoleCpu
from _hookswarm.analysis.schema.report import Stage
from _hookswarm.analysis.schema.scalability import Limit
from _hookswarm.analysis.schema.sections import Sections
from _hookswarm.common.limits import (
    AWAITING_CLOSED_SHARE,
    AWAITING_SHARE,
    BUSY_SHARE,
    LATE_MS,
    SHORTEST_S,
    STARVED_SHARE,
)
from _hookswarm.records.timeline import WorkerReport

ROOM = 0.7
"""Share of a core that a sending process may use and still keep its schedule."""


@dataclass(frozen=True)
class _LimitEvidence:
    """What only a stage's rows and the processes' logs can tell."""

    cpu: dict[str, RoleCpu]
    reports: Sequence[WorkerReport]
    idle_share: float | None
    arrivals: str
    rate: float | None
    """Offered, a second; None where that is not one number."""


class LimitRecorder(Recorder):
    """Keeps the evidence of the stages, and then tells what limited them."""

    def __init__(self, frames: RunFrames) -> None:
        super().__init__(frames)
        self._evidence: dict[str, _LimitEvidence] = {}
        self._cpu = CpuUse(frames)

    def add(self, stage: PlayedStage) -> None:
        plan = self._frames.manifest.stages[stage.number]
        rate = plan["arrivals"].get("rate")
        self._evidence[stage.plan.name] = _LimitEvidence(
            cpu=self._cpu.add(stage).roles,
            reports=stage.ended.reports if stage.ended else [],
            idle_share=_idle_share(stage, plan.get("users")),
            arrivals=stage.plan.arrivals.kind,
            rate=rate if isinstance(rate, int | float) else None,
        )

    def annotate(self, stages: Sequence[Stage]) -> None:
        for stage in stages:
            if found := self._evidence.get(stage.name):
                stage.limit = _limit_of(stage, found)

    def fill(self, sections: Sections) -> None:
        sections.cpu = self._cpu.section()


def _idle_share(stage: PlayedStage, users: int | None) -> float | None:
    """The share of the workers' time, in the window, in which no attempt of theirs was under way."""
    begin, end = stage.window
    if not users or end <= begin:
        return None
    rows = stage.delivered.attempts.rows
    sent = was_sent(rows)
    start, done = rows["start"][sent], rows["done"][sent]
    done[done == 0] = end  # never answered
    under_way = int((done.clip(begin, end) - start.clip(begin, end)).sum())
    return round(max(0.0, 1 - under_way / (users * (end - begin))), 4)


def _limit_of(stage: Stage, evidence: _LimitEvidence) -> Limit | None:
    """The verdict of one stage; None where there is no evidence of the sender's side, or too short a window.

    The generator comes first: what it cannot send, or sends late, says nothing of the target.
    """
    senders, receivers = evidence.cpu.get("sender"), evidence.cpu.get("receiver")
    busiest = senders.busiest_share if senders else stage.generator.cpu_share
    if busiest is None or stage.window_s < SHORTEST_S:
        return None
    each_us = senders.us_per_delivery if senders else _reported_us(evidence.reports)
    target_share = receivers.busiest_share if receivers else None
    needed = None
    if causes := list(_generator(stage, busiest)):
        side = "generator"
        rate = evidence.rate or stage.throughput_per_s
        needed = math.ceil(round(rate * each_us / 1e6 / ROOM, 6)) if rate and each_us else None
        if needed:
            causes.append(f"{rate:,.0f}/s need {scaling.processes_phrase(needed)}")
    elif causes := list(_target(evidence, target_share)):
        side = "target"
    else:
        side = "neither"
        causes = [_at_ease(evidence.idle_share, busiest)]
    return Limit.model_validate(
        {
            "side": side,
            "message": "; ".join(causes),
            "sender_cpu_share": busiest,
            "receiver_cpu_share": target_share,
            "sender_us_per_delivery": each_us,
            "receiver_us_per_delivery": receivers.us_per_delivery if receivers else None,
            "idle_share": evidence.idle_share,
            "queueing_ms": stage.latency_ms.queueing.mean,
            "response_ms": stage.latency_ms.attempt.mean,
            "processes_needed": needed,
        }
    )


def _reported_us(reports: Sequence[WorkerReport]) -> float | None:
    """CPU time per delivery over the whole stage, as the senders told it themselves."""
    settled = sum(report.settled for report in reports)
    return round(sum(report.cpu_s for report in reports) * 1e6 / settled, 2) if settled else None


def _generator(stage: Stage, busiest: float) -> Iterator[str]:
    late_ms, starved = stage.generator.late_p99_ms, stage.generator.starved_share
    if busiest > BUSY_SHARE:
        yield f"the busiest sending process used {busiest:.0%} of a core"
    if starved is not None and starved > STARVED_SHARE:
        yield f"a sending process was ready to run and had no CPU for {starved:.0%} of the stage"
    if late_ms is not None and late_ms > LATE_MS:
        yield f"idle workers woke {late_ms:.0f} ms late (p99)"


def _target(evidence: _LimitEvidence, busiest: float | None) -> Iterator[str]:
    if busiest is not None and busiest > BUSY_SHARE:
        yield f"the busiest receiving process used {busiest:.0%} of a core"
    if evidence.idle_share is not None:
        waited = 1 - evidence.idle_share
        if waited >= (AWAITING_CLOSED_SHARE if evidence.arrivals == "closed" else AWAITING_SHARE):
            yield f"workers awaited answers for {waited:.0%} of their time"


def _at_ease(idle_share: float | None, busiest: float) -> str:
    idle = "" if idle_share is None else f", and workers were idle for {idle_share:.0%} of their time"
    return f"no process was at its limit: the busiest sending one used {busiest:.0%} of a core{idle}"
