"""Curves of a process over a run."""

import pandas as pd
import pytest

from _hookswarm.analysis.resources.curves import STEPS, curves_of
from tests.support.journals import SECOND, START
from tests.support.samples import MB, sample


def log(samples: int) -> pd.DataFrame:
    """Half a core for the first half, none for the second; memory that grows by 1 MB a sample."""
    rows = [
        sample(START + n * SECOND // 2, cpu_user_s=min(n, samples // 2) / 4, cpu_system_s=0.0, rss=n * MB)
        for n in range(samples)
    ]
    return pd.DataFrame(rows).assign(role="sender", process="7")


def test_a_curve_has_steps_of_equal_length() -> None:
    """CPU is of each step, memory at its end; seconds count from the run's first stage."""
    (curve,) = curves_of([log(5)], START - SECOND)
    assert (curve.from_s, curve.step_s) == (1.0, 0.5)
    assert curve.cpu_share == [0.5, 0.5, 0, 0]
    assert curve.rss_bytes == [MB, 2 * MB, 3 * MB, 4 * MB]


def test_a_long_run_is_told_in_so_many_steps() -> None:
    """Hours are no longer than minutes, and no CPU time is lost."""
    (curve,) = curves_of([log(20_001)], START)
    assert len(curve.cpu_share) == len(curve.fds) == STEPS
    assert sum(curve.cpu_share) * curve.step_s == pytest.approx(2_500, rel=0.001)


def test_a_single_sample_is_no_curve() -> None:
    """A process that was seen once."""
    assert curves_of([log(1)], START) == []
