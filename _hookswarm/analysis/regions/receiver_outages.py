"""Receivers of ours that were gone, or stood still, though nobody had planned it: told by their psutil logs.

A data-plane process writes a sample every half second, whatever is asked of it. One that is killed has a last one, and
its successor a first; one that is stopped, or has no CPU, leaves a hole. Faults, classes and limits explain neither.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from _hookswarm.analysis.deliveries.figures import Window
from _hookswarm.analysis.deliveries.recorder import Recorder
from _hookswarm.analysis.deliveries.stages import PlayedStage
from _hookswarm.analysis.reading.frames import RunFrames
from _hookswarm.analysis.reading.rows import Ints
from _hookswarm.analysis.schema.report import Outage, Stage
from _hookswarm.records.timeline import IncidentPlayed

SECOND = 1_000_000_000
SILENT_NS = SECOND * 3 // 2
"""So long without a sample, which comes every half second, is a stall."""
SLACK_NS = SECOND * 3 // 4
"""A process's samples may be so far from what befell it: a planned outage explains so much around it."""
STOPPED_NS = (SECOND * 6 // 10, SECOND // 10)
"""Of a hole, what may be before its cause began and after it ended; in between nothing was running."""
PLANNED = ("refused", "frozen")
"""Incidents that end or stop processes."""

Kind = Literal["died", "stalled", "machine_stalled"]


@dataclass(frozen=True)
class Silence:
    """A region's receiver without a sign of life, in one stage."""

    region: int
    kind: Kind
    at_ns: int
    """The last sign before it."""
    until_ns: int
    """The first one after it, or the stage's end."""
    back: bool
    """Whether there was one before the stage's end."""


class ReceiverLogs:
    """The samples of the receivers' processes, and of all others."""

    def __init__(self, frames: RunFrames) -> None:
        self._plans = frames.manifest.stages
        self._incidents = [entry for entry in frames.entries(IncidentPlayed) if entry.fault in PLANNED]
        codes = {f"receiver-{region.name}": code for code, region in enumerate(frames.manifest.regions)}
        self._own: dict[int, list[Ints]] = {}
        for (role, _), samples in frames.resources.groupby(["role", "process"], sort=False):
            if role in codes:
                self._own.setdefault(codes[role], []).append(samples["at_ns"].to_numpy())
        roles, at_ns = frames.resources["role"].to_numpy(), frames.resources["at_ns"].to_numpy()
        self._others: Mapping[int, Ints] = {
            code: at_ns[roles != role] for role, code in codes.items() if code in self._own
        }

    def of(self, stage: PlayedStage) -> list[Silence]:
        """In the order of the regions and of time; none of a stage whose end, or whose outages, nobody wrote down."""
        played = [entry for entry in self._incidents if entry.stage == stage.number]
        planned = [one for one in self._plans[stage.number].get("incidents") or [] if one["fault"] in PLANNED]
        if stage.ended is None or (planned and not played):
            return []
        whole = stage.start_ns, stage.ended.at_ns
        return [silence for region in sorted(self._own) for silence in self._of(region, stage, whole, played)]

    def _of(
        self, region: int, stage: PlayedStage, whole: Window, played: Sequence[IncidentPlayed]
    ) -> Iterator[Silence]:
        explained = [(one.at_ns - SLACK_NS, one.until_ns + SLACK_NS) for one in played if region in one.regions]
        logs = self._own[region]
        found = [*_deaths(region, logs, whole, explained)]
        for log in logs:
            for hole in _holes(log, whole, explained):
                inside = hole[0] + STOPPED_NS[0], hole[1] - STOPPED_NS[1]
                alone = not any(_any_inside(other, hole) for other in logs if other is not log)
                if alone and stage.arrivals is not None:
                    rows = stage.arrivals.rows
                    if _any_inside(rows["start"][rows["target"] == region], inside):
                        continue  # it took webhooks all the while: only its housekeeping was late
                others = self._others[region]
                machine = len(others) > 0 and not _any_inside(others, inside)
                kind: Kind = "machine_stalled" if machine else "stalled"
                found.append(Silence(region, kind, *hole, back=hole[1] < whole[1]))
        return _merged(found)


def _deaths(region: int, logs: Sequence[Ints], whole: Window, explained: Sequence[Window]) -> Iterator[Silence]:
    """Logs that end in the stage, each until the next one begins: only what dies has a successor there."""
    begin, end = whole
    births = sorted(int(log[0]) for log in logs)
    for log in logs:
        last = int(log[-1])
        if not begin <= last < end:
            continue
        born = next((at for at in births if at > last), end)
        gone = last, min(born, end)
        if born < end and not any(_overlap(gone, one) for one in explained):
            yield Silence(region, "died", *gone, back=True)
        else:
            for piece in _long_pieces(gone, explained):
                yield Silence(region, "died", *piece, back=piece[1] < end)


def _holes(log: Ints, whole: Window, explained: Sequence[Window]) -> Iterator[Window]:
    """Where a log has none of the stage's samples for too long."""
    for place in np.flatnonzero(np.diff(log) >= SILENT_NS).tolist():
        yield from _long_pieces((max(int(log[place]), whole[0]), min(int(log[place + 1]), whole[1])), explained)


def _long_pieces(span: Window, explained: Sequence[Window]) -> list[Window]:
    """What is left of a span without what is explained, where it is long enough to say anything."""
    pieces = [span]
    for begin, end in explained:
        pieces = [part for a, b in pieces for part in ((a, min(b, begin)), (max(a, end), b)) if part[0] < part[1]]
    return [(a, b) for a, b in pieces if b - a >= SILENT_NS]


def _overlap(one: Window, other: Window) -> bool:
    return one[0] < other[1] and other[0] < one[1]


def _any_inside(times: Ints, span: Window) -> bool:
    return bool(np.any((times > span[0]) & (times < span[1])))


def _merged(found: Sequence[Silence]) -> Iterator[Silence]:
    """Those of a region's processes at the same time are one; a death is the more telling."""
    open_: Silence | None = None
    for one in sorted(found, key=lambda silence: silence.at_ns):
        if open_ and one.at_ns < open_.until_ns:
            kind: Kind = "died" if "died" in (open_.kind, one.kind) else open_.kind
            until_ns = max(open_.until_ns, one.until_ns)
            open_ = Silence(one.region, kind, open_.at_ns, until_ns, open_.back and one.back)
            continue
        if open_:
            yield open_
        open_ = one
    if open_:
        yield open_


class OutagesRecorder(Recorder):
    """Writes them into the stages."""

    def __init__(self, frames: RunFrames) -> None:
        super().__init__(frames)
        self._logs = ReceiverLogs(frames)
        self._found: dict[str, list[Outage]] = {}

    def add(self, stage: PlayedStage) -> None:
        regions = self._frames.manifest.regions
        self._found[stage.plan.name] = [
            Outage(
                region=regions[one.region].name,
                kind=one.kind,
                from_s=round((one.at_ns - stage.start_ns) / SECOND, 3),
                lasted_s=round((one.until_ns - one.at_ns) / SECOND, 3),
                back=one.back,
            )
            for one in self._logs.of(stage)
        ]

    def annotate(self, stages: Sequence[Stage]) -> None:
        for stage in stages:
            stage.outages = self._found[stage.name]
