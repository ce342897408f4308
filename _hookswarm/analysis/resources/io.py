"""What each stage did to disk and network, and which resource gave out first."""

from dataclasses import dataclass

import numpy as np

from _hookswarm.analysis.deliveries import ledger, quantiles
from _hookswarm.analysis.deliveries.deliveries import was_sent
from _hookswarm.analysis.deliveries.figures import Window
from _hookswarm.analysis.deliveries.recorder import Recorder
from _hookswarm.analysis.deliveries.stages import PlayedStage
from _hookswarm.analysis.reading.frames import RunFrames
from _hookswarm.analysis.reading.rows import Ints, Mask
from _hookswarm.analysis.resources import bottleneck, machine, shortages
from _hookswarm.analysis.resources.bottleneck import Evidence
from _hookswarm.analysis.resources.machine import Used
from _hookswarm.analysis.schema.base import Quantiles
from _hookswarm.analysis.schema.io import IoSection, IoStage
from _hookswarm.analysis.schema.report import Run, Stage
from _hookswarm.analysis.schema.sections import Sections
from _hookswarm.records.rows import Flag
from _hookswarm.records.shortage import DESCRIPTORS, MEMORY, PORTS, Shortage


@dataclass(frozen=True)
class Seen:
    """What only a stage's rows and the logs can tell."""

    used: Used
    fsync_ms: Quantiles
    fsync_share: float | None
    fd_share: float | None
    connections_share: float | None
    inside_receiver_share: float | None
    lacked: dict[Shortage, float]
    """Attempts, of all, that failed for what their sender lacked."""


class IoRecorder(Recorder):
    """Keeps what is seen of the stages, and then says what limited each."""

    def __init__(self, frames: RunFrames) -> None:
        super().__init__(frames)
        self._seen: dict[str, Seen] = {}

    def add(self, stage: PlayedStage) -> None:
        self._seen[stage.plan.name] = _io_seen(self._frames, stage)

    def fill(self, sections: Sections) -> None:
        """The stages know their limits by now."""
        missing = None
        if not len(self._frames.resources):
            missing = str(self._frames.manifest.environment.get("psutil") or "no resource log in the run's folder")
        run = Run.model_validate(self._frames.manifest, from_attributes=True)
        stages = [_stage(one, self._seen[one.name]) for one in sections.performance.stages]
        sections.io = IoSection(run=run, skipped=missing, stages=stages)


def _io_seen(frames: RunFrames, stage: PlayedStage) -> Seen:
    begin, end = stage.window
    rows = stage.delivered.attempts.rows
    sent: Mask = was_sent(rows) & (rows["start"] >= begin) & (rows["start"] < end)
    count = int(np.count_nonzero(sent))
    opened = int(np.count_nonzero(sent & ((rows["flags"] & Flag.REUSED) == 0)))
    fsync_ms, fsync_share = _fsyncs(frames, stage.window)
    return Seen(
        used=machine.machine_used(frames.machine, stage.window),
        fsync_ms=fsync_ms,
        fsync_share=fsync_share,
        fd_share=_fd_share(frames, stage.window),
        connections_share=round(opened / count, 4) if count else None,
        inside_receiver_share=_inside(stage, sent),
        lacked={cause: round(failed / count, 6) for cause, failed in shortages.lacked(rows, sent).items()},
    )


def _fsyncs(frames: RunFrames, window: Window) -> tuple[Quantiles, float | None]:
    """How long each took, and the share of the time that the busiest process was in one; null where none was made."""
    begin, end = window
    busiest = 0.0
    took: list[Ints] = []
    for rows in frames.fsyncs:
        own = rows[(rows["start"] >= begin) & (rows["done"] < end)]
        took.append(own["done"] - own["start"])
        busiest = max(busiest, float(took[-1].sum()) / max(end - begin, 1))
    found = np.concatenate([np.empty(0, np.int64), *took])
    return quantiles.quantiles_of(found / 1e6), round(busiest, 4) if len(found) else None


def _fd_share(frames: RunFrames, window: Window) -> float | None:
    """Open file descriptors by their limit, of the process that came nearest to its own."""
    log = frames.resources
    inside = log[(log["at_ns"] >= window[0]) & (log["at_ns"] < window[1])]
    shares = (inside["fds"] / inside["fd_limit"]).dropna()
    return round(float(shares.max()), 4) if len(shares) else None


def _inside(stage: PlayedStage, sent: Mask) -> float | None:
    """The time from received to answered, by the receivers, of the time from sent to answered, by the senders."""
    arrivals, attempts = stage.arrivals, stage.delivered.attempts
    if arrivals is None or not len(arrivals.rows):
        return None
    place = ledger.match_arrivals(attempts, arrivals)
    known = place >= 0
    known[known] = (sent & (attempts.rows["done"] != 0))[place[known]]
    inside = int((arrivals.rows["done"] - arrivals.rows["start"])[known].sum())
    whole = int((attempts.rows["done"] - attempts.rows["start"])[place[known]].sum())
    return round(min(inside / whole, 1.0), 4) if whole else None


def _stage(stage: Stage, seen: Seen) -> IoStage:
    limit, used = stage.limit, seen.used
    waited = None if limit is None or limit.idle_share is None else 1 - limit.idle_share
    verdict = bottleneck.find_bottleneck(
        Evidence(
            without_port=seen.lacked.get(PORTS),
            without_descriptor=seen.lacked.get(DESCRIPTORS),
            without_memory=seen.lacked.get(MEMORY),
            sender_busy=limit.sender_cpu_share if limit else stage.generator.cpu_share,
            sender_starved=stage.generator.starved_share,
            receiver_busy=limit.receiver_cpu_share if limit else None,
            fd_share=seen.fd_share,
            overflows_per_s=used.overflows_per_s,
            new_connections=seen.connections_share,
            fsync_share=seen.fsync_share,
            disk_busy=used.disk_busy_share,
            memory_pressure=used.memory_pressure_share,
            waited=waited,
            inside_receiver=seen.inside_receiver_share,
        )
    )
    return IoStage(
        name=stage.name,
        scenario=stage.scenario,
        parameters=stage.parameters,
        throughput_per_s=stage.throughput_per_s,
        net_bytes_per_s=used.net_bytes_per_s,
        disk_write_bytes_per_s=used.disk_write_bytes_per_s,
        disk_writes_per_s=used.disk_writes_per_s,
        disk_busy_share=used.disk_busy_share,
        iowait_share=used.iowait_share,
        steal_share=used.steal_share,
        io_pressure_share=used.io_pressure_share,
        cpu_pressure_share=used.cpu_pressure_share,
        fsync_ms=seen.fsync_ms,
        fsync_share=seen.fsync_share,
        connections_share=seen.connections_share,
        inside_receiver_share=seen.inside_receiver_share,
        bottleneck=verdict.name,
        evidence=verdict.evidence,
        runner_up=verdict.runner_up,
        try_next=verdict.try_next,
        suspects=verdict.suspects,
    )
