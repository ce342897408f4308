"""Generator or target? Which side kept a stage from being faster, from the evidence of both."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from _hookswarm.analysis.deliveries.deliveries import was_sent
from _hookswarm.analysis.deliveries.recorder import Recorder
from _hookswarm.analysis.deliveries.stages import PlayedStage
from _hookswarm.analysis.reading.frames import RunFrames
from _hookswarm.analysis.resources import cpu, io
from _hookswarm.analysis.resources.bottleneck import Bottleneck, find_bottleneck
from _hookswarm.analysis.resources.evidence import Evidence
from _hookswarm.analysis.scaling import scaling
from _hookswarm.analysis.schema.cpu import RoleCpu
from _hookswarm.analysis.schema.report import Stage
from _hookswarm.analysis.schema.scalability import Limit
from _hookswarm.analysis.schema.sections import Sections
from _hookswarm.common.limits import AWAITING_CLOSED_SHARE, AWAITING_SHARE, SHORTEST_S
from _hookswarm.records.shortage import DESCRIPTORS, MEMORY, PORTS
from _hookswarm.records.worker_report import WorkerReport

ROOM = 0.7
"""Share of a core that a sending process may use and still keep its schedule."""


@dataclass(frozen=True)
class _Seen:
    """What only a stage's rows and the processes' logs can tell."""

    senders: RoleCpu | None
    receivers: RoleCpu | None
    watched: RoleCpu | None
    through_service: bool
    io: io.Seen
    reports: Sequence[WorkerReport]
    idle_share: float | None
    waiting_limit: float
    rate: float | None
    """Offered, a second; None where that is not one number."""


class LimitRecorder(Recorder):
    """Keeps what is seen of the stages, and then tells what limited them: by one judgement for all reports."""

    def __init__(self, frames: RunFrames) -> None:
        super().__init__(frames)
        self._seen: dict[str, _Seen] = {}
        self._found: dict[str, Bottleneck] = {}
        self._cpu = cpu.CpuUse(frames)
        ours = all(region.receiver for region in frames.manifest.regions)
        # Where the receiver is not ours, what was watched is the receiver.
        self._receivers = ("receiver",) if ours else ("receiver", "watched")

    def add(self, stage: PlayedStage) -> None:
        plan = self._frames.manifest.stages[stage.number]
        rate = plan["arrivals"].get("rate")
        processes = self._cpu.add(stage).processes
        idle = _idle_share(stage, plan.get("users"))
        waiting_limit = AWAITING_CLOSED_SHARE if stage.plan.arrivals.kind == "closed" else AWAITING_SHARE
        # Where nobody was kept waiting it makes no difference where they waited.
        where = self._frames.manifest.test == io.TEST or Evidence(waiting_limit, waited=_waited(idle)).kept_waiting
        self._seen[stage.plan.name] = _Seen(
            senders=cpu.cpu_of(processes, "sender"),
            receivers=cpu.cpu_of(processes, *self._receivers),
            watched=cpu.cpu_of(processes, "watched"),
            through_service=stage.published is not None,
            io=io.io_seen(self._frames, stage, inside=where),
            reports=stage.ended.reports if stage.ended else [],
            idle_share=idle,
            waiting_limit=waiting_limit,
            rate=rate if isinstance(rate, int | float) else None,
        )

    def annotate(self, stages: Sequence[Stage]) -> None:
        for stage in stages:
            if seen := self._seen.get(stage.name):
                evidence = _evidence(stage, seen)
                found = self._found[stage.name] = find_bottleneck(evidence)
                stage.limit = _limit_of(stage, seen, evidence, found)

    def fill(self, sections: Sections) -> None:
        sections.cpu = self._cpu.section()
        seen = {name: one.io for name, one in self._seen.items()}
        sections.io = io.io_section(self._frames, sections.performance.stages, seen, self._found)


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


def _waited(idle_share: float | None) -> float | None:
    return None if idle_share is None else 1 - idle_share


def _evidence(stage: Stage, seen: _Seen) -> Evidence:
    """Of a window too short for shares of a CPU only what is no such share."""
    long, generator, used = stage.window_s >= SHORTEST_S, stage.generator, seen.io.used
    busiest = seen.senders.busiest_share if seen.senders else generator.cpu_share
    return Evidence(
        waiting_limit=seen.waiting_limit,
        without_port=seen.io.lacked.get(PORTS),
        without_descriptor=seen.io.lacked.get(DESCRIPTORS),
        without_memory=seen.io.lacked.get(MEMORY),
        sender_busy=busiest if long else None,
        sender_starved=generator.starved_share if long else None,
        late_ms=generator.late_p99_ms,
        receiver_busy=_busiest(seen.receivers, long and not seen.through_service),
        service_busy=_busiest(seen.watched, long and seen.through_service),
        endpoints_busy=_busiest(seen.receivers, long and seen.through_service),
        sender_fds=seen.io.sender_fds,
        receiver_fds=seen.io.receiver_fds,
        overflows_per_s=used.overflows_per_s,
        connecting=seen.io.connecting_share,
        fsync_share=seen.io.fsync_share,
        disk_busy=used.disk_busy_share,
        memory_pressure=used.memory_pressure_share,
        waited=_waited(seen.idle_share),
        inside_receiver=seen.io.inside_receiver_share,
    )


def _limit_of(stage: Stage, seen: _Seen, evidence: Evidence, found: Bottleneck) -> Limit | None:
    """The verdict of one stage; None where there is no evidence of the sender's side, or too short a window."""
    if evidence.sender_busy is None:
        return None
    senders, receivers = seen.senders, seen.receivers
    each_us = senders.us_per_delivery if senders else _reported_us(seen.reports)
    needed, causes = None, list(found.causes)
    if found.side == "generator":
        rate = seen.rate or stage.throughput_per_s
        needed = math.ceil(round(rate * each_us / 1e6 / ROOM, 6)) if rate and each_us else None
        if needed:
            causes.append(f"{rate:,.0f}/s need {scaling.processes_phrase(needed)}")
    elif found.side == "neither":
        causes.append(_at_ease(seen.idle_share, evidence.sender_busy))
    return Limit(
        side=found.side,
        message="; ".join(causes),
        sender_cpu_share=evidence.sender_busy,
        receiver_cpu_share=evidence.receiver_busy,
        sender_us_per_delivery=each_us,
        receiver_us_per_delivery=receivers.us_per_delivery if receivers else None,
        idle_share=seen.idle_share,
        queueing_ms=stage.latency_ms.queueing.mean,
        response_ms=stage.latency_ms.attempt.mean,
        processes_needed=needed,
    )


def _busiest(processes: RoleCpu | None, told: bool) -> float | None:
    return processes.busiest_share if processes and told else None


def _reported_us(reports: Sequence[WorkerReport]) -> float | None:
    """CPU time per delivery over the whole stage, as the senders told it themselves."""
    settled = sum(report.settled for report in reports)
    return round(sum(report.cpu_s for report in reports) * 1e6 / settled, 2) if settled else None


def _at_ease(idle_share: float | None, busiest: float) -> str:
    idle = "" if idle_share is None else f", and workers were idle for {idle_share:.0%} of their time"
    return f"no process was at its limit: the busiest sending one used {busiest:.0%} of a core{idle}"
