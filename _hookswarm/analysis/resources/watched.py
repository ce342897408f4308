"""The processes that `--watch` and `--watch-name` had logged: of the user's own server, mostly."""

import numpy as np
import pandas as pd

from _hookswarm.analysis.reading.frames import RunFrames
from _hookswarm.analysis.resources import cpu, curves
from _hookswarm.analysis.schema.curves import Watched
from _hookswarm.records.timeline import StageStarted

ROLE = "watched-"


def watched_of(frames: RunFrames) -> list[Watched]:
    """Each of them of which there are two samples at least, the busiest first; none where no stage began."""
    started = next((entry.at_ns for entry in frames.entries(StageStarted)), None)
    if started is None:
        return []
    logs = [log for log in cpu.split_logs(frames.resources) if str(log["role"].iloc[0]).startswith(ROLE)]
    found = [_watched(log, started) for log in logs if len(log) > 1]
    return sorted(found, key=lambda one: -one.cpu_share)


def _watched(log: pd.DataFrame, start_ns: int) -> Watched:
    (curve,) = curves.curves_of([log], start_ns)
    memory = log["rss"].dropna().to_numpy(np.int64)
    used = (log["cpu_user_s"] + log["cpu_system_s"]).to_numpy(np.float64)
    length_s = max((log["at_ns"].iloc[-1] - log["at_ns"].iloc[0]) / 1e9, 1e-9)
    return Watched(
        name=curve.role.removeprefix(ROLE),
        process=curve.process,
        cpu_share=round(float(used[-1] - used[0]) / length_s, 4),
        cpu_peak_share=max(curve.cpu_share),
        memory_first_bytes=int(memory[0]) if len(memory) else None,
        memory_last_bytes=int(memory[-1]) if len(memory) else None,
        memory_peak_bytes=int(memory.max()) if len(memory) else None,
        read_bytes=_grown(log, "read_bytes"),
        write_bytes=_grown(log, "write_bytes"),
        read_bytes_per_s=_rates(log, "read_bytes"),
        write_bytes_per_s=_rates(log, "write_bytes"),
        curve=curve,
    )


def _grown(log: pd.DataFrame, counter: str) -> int | None:
    return None if log[counter].isna().any() else int(log[counter].iloc[-1] - log[counter].iloc[0])


def _rates(log: pd.DataFrame, counter: str) -> list[float] | None:
    return None if log[counter].isna().any() else curves.rates_of(log, log[counter].to_numpy(np.float64), 0)
