"""Memory over numbers of webhooks and events: the stages of the scenario "memory"."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from _hookswarm.analysis.deliveries.recorder import Recorder
from _hookswarm.analysis.deliveries.stages import PlayedStage
from _hookswarm.analysis.reading.frames import RunFrames
from _hookswarm.analysis.resources import memory_effects, memory_trends, slopes
from _hookswarm.analysis.schema.memory import (
    Growth,
    Measure,
    Memory,
    MemoryFit,
    MemorySection,
    MemoryStage,
    MemoryTrend,
    ProcessMemory,
)
from _hookswarm.analysis.schema.report import Run
from _hookswarm.analysis.schema.sections import Sections
from _hookswarm.records.timeline import StageEnded, StageStarted

SCENARIO = "memory"
ROLES = ("sender", "receiver", "watched")
"""Whose processes are added up and fitted."""


@dataclass(frozen=True)
class Window:
    """When a stage began, from when on its processes had rested, and until when its samples count."""

    stage: int
    start_ns: int
    rested_ns: int
    end_ns: int


class MemoryRecorder(Recorder):
    """Notes the trends of the stages that sustain a load for it."""

    def __init__(self, frames: RunFrames) -> None:
        super().__init__(frames)
        self._trends: list[MemoryTrend] = []

    def add(self, stage: PlayedStage) -> None:
        if stage.plan.scenario == memory_trends.SCENARIO:
            self._trends += memory_trends.memory_trends_of(self._frames, stage)

    def fill(self, sections: Sections) -> None:
        if any(stage.scenario in (SCENARIO, memory_trends.SCENARIO) for stage in self._frames.plan):
            sections.memory = memory_section(self._frames, self._trends)


def memory_section(frames: RunFrames, trends: Sequence[MemoryTrend] = ()) -> MemorySection:
    """What the run's memory stages needed, by process and role, and how that grows.

    For each role, over the stages: growth = a + b * webhooks + c * events, where growth is peak - start or
    settled - start; b and c by `slopes.fit_slopes`, which outliers (a first stage that loads code, a cache that
    doubles) do not move.
    """
    stages = _stages(frames)
    return MemorySection(
        run=Run.model_validate(frames.manifest, from_attributes=True),
        skipped=_missing(frames),
        stages=stages,
        fits={role: _fit(role, stages) for role in ROLES if any(role in stage.roles for stage in stages)},
        trends=list(trends),
        effects=memory_effects.memory_effects_of(trends, {plan["name"]: plan for plan in frames.manifest.stages}),
    )


def _missing(frames: RunFrames) -> str | None:
    if len(frames.resources):
        return None
    return str(frames.manifest.environment.get("psutil") or "no resource log in the run's folder")


def _stages(frames: RunFrames) -> list[MemoryStage]:
    windows = list(_windows(frames))
    processes: dict[int, list[ProcessMemory]] = {window.stage: [] for window in windows}
    for _, samples in frames.resources.groupby(frames.resources["role"].map(_kind)):
        measure = _measure(samples, windows)
        for (role, process), own in samples.dropna(subset=[measure]).groupby(["role", "process"]):
            for window in windows:
                if found := _within(window, own, measure):
                    processes[window.stage].append(
                        ProcessMemory(process=str(process), role=str(role), **found.model_dump())
                    )
    first = frames.attempts["attempt"] == 1
    return [
        MemoryStage(
            name=frames.plan[number].name,
            webhooks=frames.plan[number].webhooks,
            events=int(np.count_nonzero(first & (frames.attempts["stage"] == number))),
            processes=found,
            roles={role: total for role in ROLES if (total := _total(role, found))},
        )
        for number, found in processes.items()
        if found
    ]


def _windows(frames: RunFrames) -> Iterator[Window]:
    """Of the memory stages that came to their end."""
    starts = {entry.stage: entry.at_ns for entry in frames.entries(StageStarted)}
    for entry in frames.entries(StageEnded):
        stage, start = frames.plan[entry.stage], starts.get(entry.stage)
        if stage.scenario == SCENARIO and start is not None:
            settle = round(stage.settle_s * 1e9)
            done = frames.attempts["done"][frames.attempts["stage"] == entry.stage]
            following = min((at for at in starts.values() if at > start), default=entry.at_ns + settle)
            end = min(following, entry.at_ns + settle)
            # Rested: at least half of the pause after the last answer. Without a pause, never.
            rested = int(done.max(initial=start)) + settle // 2 if settle else end + 1
            yield Window(entry.stage, start, rested, end)


def _kind(role: str) -> str:
    """sender, master or receiver. A receiver's own role also names its region."""
    return role.partition("-")[0]


def _measure(samples: pd.DataFrame, windows: list[Window]) -> Measure:
    """USS where every sample of the stages has it: two measures cannot be subtracted or added."""
    at = samples["at_ns"].to_numpy()
    inside = np.zeros(len(at), np.bool_)
    for window in windows:
        inside |= (window.start_ns <= at) & (at <= window.end_ns)
    return "uss" if inside.any() and samples["uss"].notna().to_numpy()[inside].all() else "rss"


def _within(window: Window, samples: pd.DataFrame, measure: Measure) -> Memory | None:
    """One process's memory in a stage, or None if it was not sampled in it."""
    at, size = samples["at_ns"].to_numpy(), samples[measure].to_numpy()
    begin, end = np.searchsorted(at, [window.start_ns, window.end_ns], side="right")
    if begin == end:
        return None
    first = max(begin - 1, 0)  # the last sample before the stage, or the first in it
    return Memory(
        measure=measure,
        start_bytes=int(size[first]),
        peak_bytes=int(size[first:end].max()),
        settled_bytes=int(size[end - 1]) if at[end - 1] >= window.rested_ns else None,
    )


def _total(role: str, processes: list[ProcessMemory]) -> Memory | None:
    """All processes of a role together. Peaks add up as if they came at once: an upper bound."""
    own = [process for process in processes if _kind(process.role) == role]
    if not own:
        return None
    settled = [process.settled_bytes for process in own if process.settled_bytes is not None]
    return Memory(
        measure=own[0].measure,
        start_bytes=sum(process.start_bytes for process in own),
        peak_bytes=sum(process.peak_bytes for process in own),
        settled_bytes=sum(settled) if len(settled) == len(own) else None,
    )


def _fit(role: str, stages: list[MemoryStage]) -> MemoryFit:
    of = [(stage, stage.roles[role]) for stage in stages if role in stage.roles]
    return MemoryFit(
        peak=_growth([(stage, memory.peak_bytes - memory.start_bytes) for stage, memory in of]),
        settled=_growth(
            [
                (stage, memory.settled_bytes - memory.start_bytes)
                for stage, memory in of
                if memory.settled_bytes is not None
            ]
        ),
    )


def _growth(points: list[tuple[MemoryStage, int]]) -> Growth:
    """growth = a + b * webhooks + c * events."""
    grown = np.array([growth for _, growth in points], np.float64)
    webhooks = np.array([stage.webhooks for stage, _ in points], np.float64)
    events = np.array([stage.events for stage, _ in points], np.float64)
    per_webhook, per_event = slopes.fit_slopes(grown, [webhooks, events])
    return Growth(bytes_per_webhook=per_webhook, bytes_per_event=per_event)
