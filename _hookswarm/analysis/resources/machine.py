"""What the machine did over a window, from its log."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from _hookswarm.analysis.deliveries.figures import Window

SECOND = 1e9


@dataclass(frozen=True)
class Used:
    """Rates a second and shares of the time; None is unknown."""

    net_bytes_per_s: float | None = None
    disk_write_bytes_per_s: float | None = None
    disk_writes_per_s: float | None = None
    disk_busy_share: float | None = None
    """Of the busiest disk; before version 3 of the log, the sum over all."""
    iowait_share: float | None = None
    steal_share: float | None = None
    io_pressure_share: float | None = None
    cpu_pressure_share: float | None = None
    memory_pressure_share: float | None = None
    overflows_per_s: float | None = None
    busy_cores: float | None = None
    """Cores' worth of time that was not idle."""
    core_shares: tuple[float, ...] = ()
    """How busy each core was."""
    throttled_share: float | None = None
    slowed_share: float | None = None
    """How far the slowest core was, on average, below the fastest that any was in the run."""


def machine_used(log: pd.DataFrame, window: Window) -> Used:
    """Nothing is known of a window of which the log has less than half."""
    begin, end = window
    if not len(log) or end <= begin:
        return Used()
    at = log["at_ns"].to_numpy()
    if min(at[-1], end) - max(at[0], begin) < (end - begin) / 2:
        return Used()
    length_s = (end - begin) / SECOND

    def rate(name: str) -> float | None:
        values = log[name].to_numpy()
        # Counters are taken to grow steadily between two samples.
        grown = float(np.diff(np.interp(window, at, values))[0])
        return None if np.isnan(grown) else grown / length_s

    def share(name: str, of: float = 1.0) -> float | None:
        found = rate(name)
        return None if found is None else round(found / of, 4)

    cores = float(log["cores"].iloc[0])
    busy = _each(log, "core_busy_s", window)
    disks = [share for share in _each(log, "disk_busy_s", window) if not np.isnan(share)]
    return Used(
        net_bytes_per_s=_rounded(rate("net_sent_bytes")),
        disk_write_bytes_per_s=_rounded(rate("disk_write_bytes")),
        disk_writes_per_s=_rounded(rate("disk_writes")),
        disk_busy_share=max(disks, default=None),
        iowait_share=share("iowait_s", cores),
        steal_share=share("steal_s", cores),
        io_pressure_share=share("pressure_io_s"),
        cpu_pressure_share=share("pressure_cpu_s"),
        memory_pressure_share=share("pressure_memory_s"),
        overflows_per_s=_rounded(rate("listen_overflows")),
        busy_cores=round(sum(busy), 4),
        core_shares=busy,
        throttled_share=share("throttled_s"),
        slowed_share=_slowed(log, window),
    )


def _each(log: pd.DataFrame, name: str, window: Window) -> tuple[float, ...]:
    """How busy each core or disk was, by a column that joins their counters."""
    at = log["at_ns"].to_numpy()
    told = log[name].astype(str).str.split(";", expand=True).astype(np.float64)
    length_s = (window[1] - window[0]) / SECOND
    return tuple(round(float(np.diff(np.interp(window, at, told[one]))[0]) / length_s, 4) for one in told)


def _slowed(log: pd.DataFrame, window: Window) -> float | None:
    inside = log.loc[(log["at_ns"] >= window[0]) & (log["at_ns"] < window[1]), "mhz"].dropna()
    return round(1 - float(inside.mean() / log["mhz"].max()), 4) if len(inside) else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
