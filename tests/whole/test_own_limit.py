"""Our part is not the limit: publishing and receiving at once, through a service that does nothing but pass on."""

import os
from pathlib import Path

import psutil
import pytest

from _hookswarm.records.exit_codes import Exit
from _hookswarm.senders.plan.arrivals import Constant
from _hookswarm.senders.plan.stages import Stage
from tests.support.delivery_services import delivery_service
from tests.support.receivers import running_receiver
from tests.support.runs import analyse, regions_file, run_locust
from tests.support.through_service import own_table

pytestmark = pytest.mark.alone

RATE = 4_000.0
SENDERS, OTHERS = 0, 1
"""Cores. Left to themselves, three busy processes take turns on two, and the sender waits for a third of the time."""


def pin(pid: int, core: int) -> None:
    """Keep a process, its children and all their threads on one core."""
    for process in (psutil.Process(pid), *psutil.Process(pid).children(recursive=True)):
        for thread in process.threads():
            os.sched_setaffinity(thread.id, {core})


def test_four_thousand_a_second_are_published_and_received(tmp_path: Path) -> None:
    """On two cores, with the service between them: the schedule is kept, nothing is lost, the verdict is valid.

    The sender has a core, the service and the receiver share the other.
    """
    stage = Stage("through", users=64, webhooks=100, arrivals=Constant(RATE), payload="thin", warmup_s=1, duration_s=4)
    with delivery_service(tmp_path) as service, running_receiver(tmp_path) as receiver:
        pin(service.process.pid, OTHERS)
        pin(receiver.process.pid, OTHERS)
        options = ["--regions", str(regions_file(tmp_path, receiver)), "--service", str(own_table(tmp_path, service))]
        options += ["--rate", f"{RATE:g}", "--max-rate", "100000", "--watch", str(service.process.pid)]
        section, code = analyse(run_locust(tmp_path, [stage], *options, prefix=["taskset", "-c", str(SENDERS)]))
    assert code == Exit.PASS, section.verdict
    (found,) = section.stages
    assert found.ledger.lost == found.ledger.unexpected == found.ledger.duplicated == 0
    assert found.throughput_per_s == pytest.approx(RATE, rel=0.02)
    assert found.limit
    assert found.limit.side != "generator", found.limit.message
