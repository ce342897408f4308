"""What each stage did to disk and network, and what its rows and logs tell of which resource gave out first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from _hookswarm.analysis.deliveries import ledger, quantiles
from _hookswarm.analysis.deliveries.deliveries import was_sent
from _hookswarm.analysis.deliveries.figures import Window
from _hookswarm.analysis.deliveries.stages import PlayedStage
from _hookswarm.analysis.reading.frames import RunFrames
from _hookswarm.analysis.reading.rows import Ints, Mask
from _hookswarm.analysis.resources import cpu, machine, shortages
from _hookswarm.analysis.resources.bottleneck import Bottleneck
from _hookswarm.analysis.resources.machine import Used
from _hookswarm.analysis.schema.base import Quantiles
from _hookswarm.analysis.schema.io import IoSection, IoStage
from _hookswarm.analysis.schema.report import Run, Stage
from _hookswarm.records.rows import Flag
from _hookswarm.records.shortage import Shortage

TEST = "resource"
"""The one that has a section in the report."""

SENDERS = ("sender", "master")
"""Roles of the generator's processes; all others are the target's."""


@dataclass(frozen=True)
class Seen:
    """What only a stage's rows and the logs can tell."""

    used: Used
    fsync_ms: Quantiles
    fsync_share: float | None
    sender_fds: float | None
    """File descriptors by their limit, of the process that came nearest to its own."""
    receiver_fds: float | None
    connections_share: float | None
    connecting_share: float | None
    inside_receiver_share: float | None
    lacked: dict[Shortage, float]
    """Attempts, of all, that failed for what their sender lacked."""


def io_seen(frames: RunFrames, stage: PlayedStage, inside: bool = True) -> Seen:
    """`inside`: whether to ask for the share inside the receiver, for which arrivals are joined with attempts."""
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
        sender_fds=_fd_share(frames, stage.window, senders=True),
        receiver_fds=_fd_share(frames, stage.window, senders=False),
        connections_share=round(opened / count, 4) if count else None,
        connecting_share=_connecting(stage),
        inside_receiver_share=_inside(stage, sent) if inside else None,
        lacked={cause: round(failed / count, 6) for cause, failed in shortages.lacked(rows, sent).items()},
    )


def io_section(
    frames: RunFrames, stages: Sequence[Stage], seen: Mapping[str, Seen], found: Mapping[str, Bottleneck]
) -> IoSection | None:
    """None where the run's test tells nothing of it; `seen` and `found` are by the stages' names."""
    if frames.manifest.test != TEST:
        return None
    missing = None
    if not len(frames.resources):
        missing = str(frames.manifest.environment.get("psutil") or "no resource log in the run's folder")
    run = Run.model_validate(frames.manifest, from_attributes=True)
    told = [_stage(one, seen[one.name], found[one.name]) for one in stages if one.name in found]
    return IoSection(run=run, skipped=missing, stages=told)


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


def _fd_share(frames: RunFrames, window: Window, senders: bool) -> float | None:
    log = frames.resources
    inside = log[(log["at_ns"] >= window[0]) & (log["at_ns"] < window[1])]
    own = inside["role"].map(cpu.kind_of).isin(SENDERS) == senders
    shares = (inside["fds"] / inside["fd_limit"])[own].dropna()
    return round(float(shares.max()), 4) if len(shares) else None


def _connecting(stage: PlayedStage) -> float | None:
    """Of the whole stage, as the senders told it; None where one of them did not."""
    told = [report.connecting_s for report in stage.ended.reports] if stage.ended else []
    rows = stage.delivered.attempts.rows
    awaited_ns = int((rows["done"] - rows["start"])[was_sent(rows) & (rows["done"] != 0)].sum())
    spent = [seconds for seconds in told if seconds is not None]
    if not spent or len(spent) < len(told) or not awaited_ns:
        return None
    return round(min(sum(spent) * 1e9 / awaited_ns, 1.0), 4)


def _inside(stage: PlayedStage, sent: Mask) -> float | None:
    """The time from received to answered, by the receivers, of the time from sent to answered, by the senders."""
    arrivals, attempts = stage.arrivals, stage.delivered.attempts
    if arrivals is None or not len(arrivals.rows) or stage.published:  # a service's API is not our receiver
        return None
    place = ledger.match_arrivals(attempts, arrivals)
    known = place >= 0
    known[known] = (sent & (attempts.rows["done"] != 0))[place[known]]
    inside = int((arrivals.rows["done"] - arrivals.rows["start"])[known].sum())
    whole = int((attempts.rows["done"] - attempts.rows["start"])[place[known]].sum())
    return round(min(inside / whole, 1.0), 4) if whole else None


def _stage(stage: Stage, seen: Seen, verdict: Bottleneck) -> IoStage:
    used = seen.used
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
        connecting_share=seen.connecting_share,
        inside_receiver_share=seen.inside_receiver_share,
        bottleneck=verdict.name,
        evidence=verdict.evidence,
        runner_up=verdict.runner_up,
        try_next=verdict.try_next,
        suspects=verdict.suspects,
    )
