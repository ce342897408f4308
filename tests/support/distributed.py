"""Runs over three regions made by hand: as far as regions and strategies read them."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from _hookswarm.analysis.deliveries import stages
from _hookswarm.analysis.reading.frames import RunFrames
from _hookswarm.analysis.reading.rows import arrange_rows
from _hookswarm.analysis.regions import strategies
from _hookswarm.analysis.schema.distribution import Strategies
from _hookswarm.records.manifest import LinksRecord, RegionRecord
from _hookswarm.records.reading import DTYPE, Rows
from _hookswarm.records.rows import Flag, Outcome
from tests.support.journals import SECOND, START, TAG, planned, run

Floats = npt.NDArray[np.float64]

RTT_MS = [[1.0, 20.0, 100.0], [20.0, 1.0, 80.0], [100.0, 80.0, 1.0]]

WORLD: dict[str, Any] = {
    "regions": [
        RegionRecord(name=name, url=f"http://{name}.test/", receiver=False, weight=weight)
        for name, weight in (("east", 1.0), ("west", 1.0), ("south", 2.0))
    ],
    "links": LinksRecord(rtt_ms=RTT_MS, modelled=True, source="made up"),
}


def sent(latency_ms: Floats | Sequence[float], stage: int = 0, seconds: float = 10) -> Rows:
    """Events that fall due evenly over so many seconds; an infinite latency is a refusal."""
    latency = np.asarray(latency_ms, np.float64)
    fine = np.isfinite(latency)
    rows = np.zeros(len(latency), DTYPE)
    rows["webhook"] = np.arange(len(latency)) % 7
    rows["sequence"] = np.arange(len(latency)) // 7
    rows["due"] = START + (np.arange(len(latency)) * seconds / len(latency) * SECOND).astype(np.int64)
    rows["start"] = rows["due"]
    rows["done"] = rows["due"] + np.round(np.where(fine, latency, 1) * 1e6).astype(np.int64)
    rows["attempt"], rows["stage"], rows["run"], rows["flags"] = 1, stage, TAG, Flag.WRITTEN
    rows["status"] = np.where(fine, 204, 503)
    rows["outcome"] = np.where(fine, Outcome.ACKNOWLEDGED, Outcome.REJECTED)
    return rows


def played(latency_ms: Mapping[str, Sequence[Floats | Sequence[float]]], **plan: Any) -> RunFrames:
    """A run of strategies by name, with the latencies of each repeat; the repeats are played in turn."""
    names = list(latency_ms)
    order = [(name, repeat) for repeat in range(max(map(len, latency_ms.values()))) for name in names]
    order = [(name, repeat) for name, repeat in order if repeat < len(latency_ms[name])]
    plans = [
        planned(f"{name} #{repeat + 1}", scenario="strategies", strategy=name, repeat=repeat + 1, **plan)
        for name, repeat in order
    ]
    rows = [sent(latency_ms[name][repeat], stage) for stage, (name, repeat) in enumerate(order)]
    return replace(run([], stages=plans, strategies=names, **WORLD), attempts=arrange_rows(rows))


def compared(frames: RunFrames) -> list[Strategies]:
    recorder = strategies.StrategiesRecorder(frames)
    stages.stage_figures(frames, recorder.add)
    return recorder.compared()
