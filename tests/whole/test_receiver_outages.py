"""A receiver of ours that is killed, and then stopped, in a stage whose classes have faults: told, with its time."""

import os
import signal
import time
from pathlib import Path

import pytest

from _hookswarm.protocol.faults import Faults
from _hookswarm.records.timeline import StageStarted, read_timeline
from _hookswarm.senders.plan.arrivals import Constant
from _hookswarm.senders.plan.retry import RetryLaw
from _hookswarm.senders.plan.stages import Stage, WebhookClass
from tests.support.receivers import RunningReceiver, running_receiver, wait_until
from tests.support.runs import analyse, codes, end_group, regions_file, run_folder, start_locust

pytestmark = pytest.mark.slow

FAILING = WebhookClass("failing", first=40, count=5, faults=Faults({503: 0.5}))
STAGE = Stage(
    "struck", users=16, webhooks=100, classes=(FAILING,), arrivals=Constant(50), duration_s=60, payload="thin",
    retry=RetryLaw(retries=20, delay_s=0.2), drain_s=5,
)  # fmt: skip
STOOD_S = 2.0


def _data_plane(receiver: RunningReceiver) -> int:
    """Its process group."""
    return int(receiver.ask("/health").json()["data_plane"])


def test_a_death_and_a_stall_are_told(tmp_path: Path) -> None:
    """Both, with their kinds, when and how long, though attempts fail in that stage all the time by its plan."""
    with running_receiver(tmp_path) as receiver:
        process = start_locust(tmp_path, [STAGE], "--regions", str(regions_file(tmp_path, receiver)), test="load")
        try:
            wait_until(lambda: any((tmp_path / "results").glob("*/timeline.jsonl")), 30)
            run = run_folder(tmp_path)
            wait_until(lambda: any(isinstance(entry, StageStarted) for entry in read_timeline(run)), 30)
            (started,) = [entry for entry in read_timeline(run) if isinstance(entry, StageStarted)]
            time.sleep(max(started.at_ns / 1e9 + 1 - time.time(), 0))
            killed = _data_plane(receiver)
            killed_s = time.time() - started.at_ns / 1e9
            os.killpg(killed, signal.SIGKILL)
            wait_until(lambda: receiver.ready() and _data_plane(receiver) != killed, 30)
            time.sleep(1)
            stopped = _data_plane(receiver)
            stopped_s = time.time() - started.at_ns / 1e9
            os.killpg(stopped, signal.SIGSTOP)
            time.sleep(STOOD_S)
            os.killpg(stopped, signal.SIGCONT)
            time.sleep(1)
            process.send_signal(signal.SIGINT)
            process.wait(60)
        finally:
            end_group(process)
    section, _ = analyse(run)
    (stage,) = section.stages
    died, stalled = stage.outages
    assert [(one.kind, one.region, one.back) for one in stage.outages] == [
        ("died", "local", True),
        ("stalled", "local", True),
    ]
    # A sample every half second, and some for a busy machine.
    assert killed_s - 1 < died.from_s < killed_s + 0.2
    assert stopped_s - 1 < stalled.from_s < stopped_s + 0.2
    assert STOOD_S - 0.1 < stalled.lasted_s < STOOD_S + 1.5
    assert {"receiver_died", "receiver_stalled"} <= codes(section)
