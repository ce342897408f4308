"""Memory while a load lasts: each process's level, peak and trend over the window of a stage."""

from typing import Any

import numpy as np
import pandas as pd

from _hookswarm.analysis.deliveries.stages import PlayedStage
from _hookswarm.analysis.reading.frames import RunFrames
from _hookswarm.analysis.resources import trend
from _hookswarm.analysis.resources.trend import Growth
from _hookswarm.analysis.schema.memory import Measure, MemoryTrend, Slope
from _hookswarm.records.sizes import parse_size

SCENARIO = "sustained memory"
COVERED = 0.8
"""A process that was sampled over less of the window than this came or went in it: its trend says nothing."""


def limit_of(frames: RunFrames, samples: pd.DataFrame) -> tuple[int | None, str | None]:
    """How much memory a process may have, and who says so: `--memory-limit`, else the less of machine and group."""
    if given := frames.manifest.options.get("memory_limit"):
        return parse_size(str(given)), "--memory-limit"
    machine = int(frames.machine["memory_bytes"].iloc[0]) if len(frames.machine) else None
    group, unknown = (_first(samples, name) for name in ("memory_limit", "memory_limit_unknown"))
    if group is not None and (machine is None or group < machine):
        return int(group), "control group"
    told = f"machine; not known of its control group: {unknown}" if unknown else "machine"
    return machine, told if machine or unknown else None


def _first(samples: pd.DataFrame, name: str) -> Any:
    """What a log's header told; None where it told nothing."""
    told = samples[name].iloc[0] if name in samples else None
    return None if pd.isna(told) else told


def memory_trends_of(frames: RunFrames, stage: PlayedStage) -> list[MemoryTrend]:
    """One for each process that was there all the time."""
    begin, end = stage.window
    due = stage.delivered.due_ns
    rate = int(np.count_nonzero((due >= begin) & (due < end))) / max((end - begin) / 1e9, 1e-9)
    found = []
    for (role, process), samples in frames.resources.groupby(["role", "process"]):
        at = samples["at_ns"].to_numpy()
        inside = (at >= begin) & (at < end)
        # By the samples on both sides of the window: those inside may be far from its ends.
        if not inside.any() or min(at[-1], end) - max(at[0], begin) < COVERED * (end - begin):
            continue
        own, at = samples[inside], at[inside]
        measure: Measure = "uss" if own["uss"].notna().all() else "rss"
        level = own[measure].to_numpy(np.float64)
        told = trend.trend_of((at - begin) / 1e9, level)
        limit_bytes, limit_from = limit_of(frames, samples)
        grows = told.growth in (Growth.GROWING, Growth.LEAK) and told.slope
        found.append(
            MemoryTrend(
                stage=stage.plan.name,
                process=str(process),
                role=str(role),
                measure=measure,
                samples=len(level),
                level_bytes=int(np.median(level)),
                peak_bytes=int(level.max()),
                bytes_per_s=_slope(told),
                bytes_per_event=round(told.slope / rate, 4) if told.slope is not None and rate else None,
                verdict=told.growth.value,
                limit_bytes=limit_bytes,
                limit_from=limit_from,
                s_to_limit=round((limit_bytes - level[-1]) / told.slope)
                if grows and told.slope and limit_bytes
                else None,
            )
        )
    return found


def _slope(told: trend.Trend) -> Slope | None:
    if told.slope is None or told.low is None or told.high is None:
        return None
    return Slope(value=round(told.slope, 3), low=round(told.low, 3), high=round(told.high, 3))
