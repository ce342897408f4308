"""Each process over the whole run: CPU, memory, threads and file descriptors, in equal steps of time."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from _hookswarm.analysis.schema.cpu import Curve

STEPS = 200
"""Points of a curve, at most."""
LEVELS = ("rss", "threads", "fds")


def curves_of(logs: Iterable[pd.DataFrame], start_ns: int) -> list[Curve]:
    """One for each process's samples, of which there must be two; seconds count from `start_ns`."""
    return [_curve(log, start_ns) for log in logs if len(log) > 1]


def _curve(log: pd.DataFrame, start_ns: int) -> Curve:
    at = (log["at_ns"].to_numpy() - start_ns) / 1e9
    edges = np.linspace(at[0], at[-1], min(len(at), STEPS + 1))
    busy = np.interp(edges, at, (log["cpu_user_s"] + log["cpu_system_s"]).to_numpy(np.float64))
    step_s = max(edges[1] - edges[0], 1e-9)
    # A level is told as it was at the end of its step.
    ends = np.searchsorted(at, edges[1:] + 1e-9, side="right") - 1
    levels = {name: [_whole(value) for value in log[name].to_numpy(np.float64)[ends]] for name in LEVELS}
    return Curve(
        process=str(log["process"].iloc[0]),
        role=str(log["role"].iloc[0]),
        from_s=round(float(edges[0]), 3),
        step_s=round(float(step_s), 3),
        cpu_share=[round(float(share), 4) for share in np.diff(busy) / step_s],
        rss_bytes=levels["rss"],
        threads=levels["threads"],
        fds=levels["fds"],
    )


def _whole(value: float) -> int | None:
    return None if np.isnan(value) else int(value)
