"""A sender that really leaks, in a run of the resource test: it is called a leak, and measured by the event."""

from pathlib import Path

import pytest

from _hookswarm.analysis.schema.memory import MemoryReport
from _hookswarm.senders.plan.arrivals import Constant
from _hookswarm.senders.plan.stages import Stage
from tests.support.receivers import running_receiver
from tests.support.runs import analyse, regions_file, run_locust

pytestmark = pytest.mark.slow

LEAK = 4_000
"""Bytes at every delivery."""


def test_a_planted_leak_is_measured(tmp_path: Path) -> None:
    """Within 10 % of what is kept; the receiver, which keeps nothing, is not said to leak."""
    stage = Stage(
        "sustained memory", users=8, webhooks=100, arrivals=Constant(400), payload=1_000, warmup_s=5, duration_s=16,
        settle_s=0.5,
    )  # fmt: skip
    with running_receiver(tmp_path) as receiver:
        options = ["--regions", str(regions_file(tmp_path, receiver))]
        run = run_locust(tmp_path, [stage], *options, test="resource", env={"HOOKSWARM_TEST_LEAK": str(LEAK)})
    analyse(run)
    report = MemoryReport.model_validate_json((run / "memory_usage_results.json").read_text())
    trends = {trend.role: trend for trend in report.sections["resource"].trends}
    assert trends["sender"].verdict == "leak"
    assert trends["sender"].bytes_per_event == pytest.approx(LEAK, rel=0.1)
    assert trends["receiver-local"].verdict != "leak"
