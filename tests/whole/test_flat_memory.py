"""Hundreds of thousands of deliveries in one run leave the sender's memory where it was."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import linregress, t

from _hookswarm.senders.plan.stages import Stage
from tests.support.nginx import running
from tests.support.runs import analyse, run_locust

pytestmark = pytest.mark.alone

DELIVERIES = 900_000
SETTLED = 1 / 3
"""Of them: until then Locust meets new latencies, and pages are touched for the first time."""
BLOCKS = 8
RESOLUTION = 64 << 10
"""What RSS grows by at one touch: Linux maps the pages of a file so many bytes at a time (`fault_around_bytes`)."""


def slope(values: np.ndarray, deliveries: np.ndarray) -> tuple[float, float, float]:
    """Bytes per delivery with a 99 % interval: a line through the medians of blocks, known to the resolution of RSS.

    Samples that follow each other are alike, so their number says nothing; blocks are nearly independent.
    """
    y = [float(np.median(block)) for block in np.array_split(values, BLOCKS)]
    x = [float(np.mean(block)) for block in np.array_split(deliveries, BLOCKS)]
    line = linregress(x, y)
    # Of a line that is level to the byte, scipy knows no error.
    error = float(t.ppf(0.995, BLOCKS - 2)) * (line.stderr if np.ptp(y) else 0.0) + RESOLUTION / (x[-1] - x[0])
    return line.slope, line.slope - error, line.slope + error


def test_the_method_finds_a_leak() -> None:
    """Four bytes a delivery would be found under noise that is larger than what is seen, and half a byte without.

    What doesn't change by a byte is flat.
    """
    random = np.random.default_rng(1)
    deliveries = np.linspace(0, DELIVERIES, 200)
    wander = np.cumsum(random.normal(0, 100e3, 200))
    assert slope(60e6 + wander, deliveries)[1] <= 0
    assert slope(60e6 + wander + 4 * deliveries, deliveries)[1] > 0
    assert slope(60e6 + 0.5 * deliveries, deliveries)[1] > 0
    found, low, high = slope(np.full(200, 60e6), deliveries)
    assert low <= found == 0 <= high


def test_the_sender_stays_flat(tmp_path: Path) -> None:
    """After the first third, its memory has no slope that differs from zero.

    By RSS: a worker of Locust is a fork, and pages that it shared with its parent become its own (USS) when it
    writes to them, which takes no memory more. Without `--processes` the sender is Locust's master too, whose
    statistics still gather new latencies and a line a second: 0.3 bytes a delivery over this run, ever less.
    """
    with running(tmp_path, "TLSv1.2") as server:
        stage = Stage("flat", users=4, webhooks=10_000, events=DELIVERIES, payload="thin")
        options = ["--target", f"{server.plain}/hooks", "--processes", "1"]
        run = run_locust(tmp_path, [stage], *options, timeout_s=900)
    section, _ = analyse(run)
    assert section.stages[0].deliveries.acknowledged == DELIVERIES
    (log,) = run.glob("resources-sender-*.csv")
    samples = pd.read_csv(log, comment="#")
    cpu_s = (samples["cpu_user_s"] + samples["cpu_system_s"]).to_numpy()
    # Deliveries cost the same CPU time each, so CPU time tells how far the run had come.
    done = (cpu_s - cpu_s[0]) / (cpu_s[-1] - cpu_s[0])
    steady = (done > SETTLED) & (done < 0.99)
    assert np.count_nonzero(steady) > 50
    found, low, high = slope(samples["rss"].to_numpy()[steady], DELIVERIES * done[steady])
    print(f"{found:.3f} bytes a delivery ({low:.3f} to {high:.3f}), {np.count_nonzero(steady)} samples")
    assert low <= 0 <= high
    assert abs(found) < 0.5
