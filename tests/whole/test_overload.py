"""More load than is delivered: an overload is a result, and not an endless run."""

import time
from dataclasses import replace
from pathlib import Path

import pytest

from _hookswarm.analysis.schema.verdict import Status
from _hookswarm.protocol.faults import Delay
from _hookswarm.records.exit_codes import Exit
from _hookswarm.senders.plan.arrivals import Backlog, Constant, Poisson
from _hookswarm.senders.plan.stages import Stage
from tests.support.receivers import running_receiver
from tests.support.runs import analyse, codes, regions_file, run_locust

pytestmark = pytest.mark.alone

SLOW = Stage("slow", users=4, payload="thin", response=Delay(0.02), overload_s=3, drain_s=20)
"""Four workers at 20 ms an attempt deliver 200/s."""
STAGES = (
    replace(SLOW, name="twice what is delivered", arrivals=Poisson(400), duration_s=60),
    # Five seconds' work at the start, and a load that is delivered.
    replace(SLOW, name="a backlog", arrivals=Backlog(100, backlog=500), duration_s=9),
    # Four fifths of what is delivered, for longer than the watchdog waits.
    replace(SLOW, name="steady", arrivals=Constant(160), duration_s=7),
)


def test_a_queue_that_grows_ends_its_stage_and_no_other(tmp_path: Path) -> None:
    """It is ended in seconds, its books balance, and the run fails for it alone: the next ones are played, for a
    backlog that drains and a steady load are no overload.
    """
    with running_receiver(tmp_path) as receiver:
        began = time.monotonic()
        run = run_locust(tmp_path, STAGES, "--regions", str(regions_file(tmp_path, receiver)))
        took = time.monotonic() - began
    section, code = analyse(run)
    assert (section.verdict.status, code) == (Status.FAIL, Exit.FAIL), section.verdict
    assert codes(section) <= {"overloaded", "generator_saturated"}
    (reason,) = [one for one in section.verdict.reasons if one.code == "overloaded"]
    assert reason.message.startswith("twice what is delivered: ")
    over, backlog, steady = section.stages
    assert took < 25 + backlog.window_s + steady.window_s
    assert over.deliveries.abandoned > 300
    assert over.ledger.balanced
    assert over.window_s == pytest.approx(4, abs=2)
    assert backlog.deliveries.acknowledged == backlog.deliveries.due > 1_200
    assert steady.deliveries.acknowledged == steady.deliveries.due == 160 * 7
