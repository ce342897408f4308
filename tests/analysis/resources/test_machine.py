"""The machine over a window, from its counters."""

import numpy as np
import pandas as pd

from _hookswarm.analysis.resources.machine import Used, machine_used
from tests.support.journals import SECOND, START
from tests.support.samples import machine_log


def test_rates_and_shares_of_a_window() -> None:
    """Counters grow steadily between samples: a window that begins and ends amid them has its part."""
    frame = machine_log(10, disk_write_bytes=1_000, disk_busy_s=0.25, iowait_s=0.5, steal_s=0.1, listen_overflows=3)
    found = machine_used(frame, (START + SECOND * 5 // 2, START + SECOND * 13 // 2))
    assert (found.disk_write_bytes_per_s, found.disk_busy_share, found.overflows_per_s) == (1000.0, 0.25, 3.0)
    assert (found.iowait_share, found.steal_share) == (0.25, 0.05)  # of both cores
    assert found.io_pressure_share == 0


def test_the_busiest_disk_is_told() -> None:
    """Two disks at 90 % and 40 % are no disk at 130 %; one whose counter is not known, or is gone, says nothing."""
    frame = machine_log(10).assign(disk_busy_s=[f"{0.4 * s:.3f};{7 + 0.9 * s:.3f};nan" for s in range(11)])
    assert machine_used(frame, (START, START + 5 * SECOND)).disk_busy_share == 0.9
    gone = frame.assign(disk_busy_s=[f"{0.4 * s:.3f};{'nan' if s > 3 else '0.0'}" for s in range(11)])
    assert machine_used(gone, (START, START + 5 * SECOND)).disk_busy_share == 0.4
    assert machine_used(frame.assign(disk_busy_s=np.nan), (START, START + 5 * SECOND)).disk_busy_share is None


def test_what_the_platform_does_not_tell_is_null() -> None:
    """An empty column is unknown, not zero."""
    frame = machine_log(10).assign(pressure_io_s=np.nan)
    assert machine_used(frame, (START, START + 5 * SECOND)).io_pressure_share is None


def test_too_few_samples_say_nothing() -> None:
    """No log, a window of no length, or one that the log hardly covers."""
    assert machine_used(pd.DataFrame(), (START, START + SECOND)) == Used()
    assert machine_used(machine_log(10), (START, START)) == Used()
    assert machine_used(machine_log(10), (START + 9 * SECOND, START + 15 * SECOND)) == Used()
    assert machine_used(machine_log(10), (START + 6 * SECOND, START + 14 * SECOND)) != Used()  # just half of it
    assert machine_used(machine_log(10), (START + 6 * SECOND, START + 14 * SECOND + 1)) == Used()
    assert machine_used(machine_log(10), (START - 4 * SECOND - 1, START + 4 * SECOND)) == Used()
