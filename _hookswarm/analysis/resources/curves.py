"""Each process over the whole run: CPU, memory, threads and file descriptors, in equal steps of time."""

from collections.abc import Iterable

import numpy as np
import pandas as pd

from _hookswarm.analysis.resources.slopes import Floats
from _hookswarm.analysis.schema.curves import Curve

STEPS = 200
"""Points of a curve, at most."""
LEVELS = ("rss", "threads", "fds")


def curves_of(logs: Iterable[pd.DataFrame], start_ns: int) -> list[Curve]:
    """One for each process's samples, of which there must be two; seconds count from `start_ns`."""
    return [_curve(log, start_ns) for log in logs if len(log) > 1]


def rates_of(log: pd.DataFrame, counter: Floats, digits: int) -> list[float]:
    """How fast a counter of a process's samples grew, a second, in each step of its curve."""
    at = log["at_ns"].to_numpy() / 1e9
    edges, step_s = _steps(at)
    return [round(float(rate), digits) for rate in np.diff(np.interp(edges, at, counter)) / step_s]


def _steps(at: Floats) -> tuple[Floats, float]:
    """Their edges, and how long each is."""
    edges = np.linspace(at[0], at[-1], min(len(at), STEPS + 1))
    return edges, max(float(edges[1] - edges[0]), 1e-9)


def _curve(log: pd.DataFrame, start_ns: int) -> Curve:
    at = (log["at_ns"].to_numpy() - start_ns) / 1e9
    edges, step_s = _steps(at)
    busy = np.interp(edges, at, (log["cpu_user_s"] + log["cpu_system_s"]).to_numpy(np.float64))
    # A level is told as it was at the end of its step.
    ends = np.searchsorted(at, edges[1:] + 1e-9, side="right") - 1
    levels = {name: [_whole(value) for value in log[name].to_numpy(np.float64)[ends]] for name in LEVELS}
    return Curve(
        process=str(log["process"].iloc[0]),
        role=str(log["role"].iloc[0]),
        from_s=round(float(edges[0]), 3),
        step_s=round(step_s, 3),
        cpu_share=[round(float(share), 4) for share in np.diff(busy) / step_s],
        rss_bytes=levels["rss"],
        threads=levels["threads"],
        fds=levels["fds"],
    )


def _whole(value: float) -> int | None:
    return None if np.isnan(value) else int(value)
