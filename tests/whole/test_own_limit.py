"""Our part is not the limit: publishing and receiving at once, through a service that does nothing but pass on."""

import os
import shutil
from dataclasses import replace
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
SHARE = 0.6
MOST_OF_A_CORE = 0.6
"""That the sender may need for what the service and the receiver do with that share of theirs."""
SENDERS, OTHERS = 0, 1
"""Cores. Left to themselves, three busy processes take turns on two, and the sender waits for a third of the time."""


def pin(pid: int, core: int) -> None:
    """Keep a process, its children and all their threads on one core."""
    for process in (psutil.Process(pid), *psutil.Process(pid).children(recursive=True)):
        for thread in process.threads():
            os.sched_setaffinity(thread.id, {core})


def test_four_thousand_a_second_are_published_and_received(tmp_path: Path) -> None:
    """On two cores, with the service between them: the schedule is kept, nothing is lost, the verdict is valid.

    The sender has a core, the service and the receiver share the other. Machines of one kind differ by a factor of
    three from day to day, so what those two take in a closed loop tells first how much this one has to give.
    """
    closed = Stage("closed", users=64, webhooks=100, events=6_000, payload="thin")
    with delivery_service(tmp_path) as service, running_receiver(tmp_path) as receiver:
        pin(service.process.pid, OTHERS)
        pin(receiver.process.pid, OTHERS)
        options = ["--regions", str(regions_file(tmp_path, receiver)), "--service", str(own_table(tmp_path, service))]
        options += ["--max-rate", "100000", "--watch", str(service.process.pid), "--rate"]
        pinned = ["taskset", "-c", str(SENDERS)]
        run = run_locust(tmp_path, [closed], *options, "1", prefix=pinned)
        (first,) = analyse(run)[0].stages
        shutil.rmtree(run)
        rate = min(RATE, round(SHARE * (first.throughput_per_s or 0.0)))
        stage = replace(closed, scenario="through", events=None, arrivals=Constant(rate), warmup_s=1, duration_s=4)
        section, code = analyse(run_locust(tmp_path, [stage], *options, f"{rate:g}", prefix=pinned))
    print(f"{rate:g}/s")
    assert code == Exit.PASS, section.verdict
    (found,) = section.stages
    assert found.ledger.lost == found.ledger.unexpected == found.ledger.duplicated == 0
    assert found.throughput_per_s == pytest.approx(rate, rel=0.02)
    assert found.generator.cpu_share
    assert found.generator.cpu_share < MOST_OF_A_CORE
    assert found.limit
    assert found.limit.side != "generator", found.limit.message
