"""More load than is delivered: an overload is a result, and not an endless run."""

import time
from dataclasses import replace
from pathlib import Path

import pytest

from _hookswarm.analysis.schema.report import Status
from _hookswarm.protocol.faults import Delay
from _hookswarm.records.exit_codes import Exit
from _hookswarm.senders.plan.arrivals import Backlog, Constant, Poisson
from _hookswarm.senders.plan.stages import Stage
from tests.support.receivers import running_receiver
from tests.support.runs import analyse, codes, regions_file, run_locust

pytestmark = pytest.mark.alone

SLOW = Stage("slow", users=4, payload="thin", response=Delay(0.02), duration_s=60, overload_s=3, drain_s=20)
"""Four workers at 20 ms an attempt deliver 200/s."""


def test_a_queue_that_grows_ends_the_stage(tmp_path: Path) -> None:
    """At twice what is delivered the stage ends in seconds, the next one is played, the books balance, and it fails."""
    stages = [
        replace(SLOW, scenario="over", arrivals=Poisson(400)),
        Stage("next", users=4, events=100, payload="thin"),
    ]
    with running_receiver(tmp_path) as receiver:
        began = time.monotonic()
        run = run_locust(tmp_path, stages, "--regions", str(regions_file(tmp_path, receiver)))
        took = time.monotonic() - began
    section, code = analyse(run)
    assert (section.verdict.status, code) == (Status.FAIL, Exit.FAIL), section.verdict
    assert codes(section) <= {"overloaded", "generator_saturated"}
    assert took < 25
    over, after = section.stages
    assert over.deliveries.abandoned > 300
    assert over.ledger.balanced
    assert over.window_s == pytest.approx(4, abs=2)
    assert after.deliveries.acknowledged == 100


def test_a_backlog_that_drains_is_no_overload(tmp_path: Path) -> None:
    """A queue of five seconds' work at the start, and a load that is delivered, pass."""
    stage = replace(SLOW, duration_s=12, arrivals=Backlog(100, backlog=500))
    with running_receiver(tmp_path) as receiver:
        run = run_locust(tmp_path, [stage], "--regions", str(regions_file(tmp_path, receiver)))
    section, code = analyse(run)
    assert code == Exit.PASS, section.verdict
    assert section.stages[0].deliveries.acknowledged == section.stages[0].deliveries.due > 1_500


def test_a_steady_load_is_none_either(tmp_path: Path) -> None:
    """Four fifths of what is delivered, for longer than the watchdog waits."""
    stage = replace(SLOW, duration_s=10, arrivals=Constant(160))
    with running_receiver(tmp_path) as receiver:
        run = run_locust(tmp_path, [stage], "--regions", str(regions_file(tmp_path, receiver)))
    section, code = analyse(run)
    assert code == Exit.PASS, section.verdict
    assert section.stages[0].deliveries.due == 1_600
