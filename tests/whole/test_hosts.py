"""Senders and receivers of different hosts, whose clocks are seconds apart."""

import json
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pytest

from _hookswarm.analysis.deliveries import ledger, stages
from _hookswarm.analysis.reading.frames import load_run
from _hookswarm.records.manifest import Manifest
from _hookswarm.senders.plan.arrivals import Constant
from _hookswarm.senders.plan.stages import Stage, to_plain
from tests.support.hosts import elsewhere
from tests.support.receivers import environment, free_port, running_receiver
from tests.support.runs import BUSY, PLAN, analyse, codes, end_group, regions_file, run_folder

pytestmark = pytest.mark.slow

STAGE = Stage("hosts", users=8, webhooks=50, arrivals=Constant(200), payload="thin", duration_s=3)


def test_times_of_hosts_are_on_one_clock(tmp_path: Path) -> None:
    """A worker 2 s ahead and a receiver 3 s behind: each met what the other sent in between.

    Both workers begin by the master's clock: the schedule is whole, and on time.
    """
    with ExitStack() as stack:
        prefix, env = elsewhere(tmp_path, -3)
        receiver = stack.enter_context(running_receiver(tmp_path, env=env, prefix=prefix))
        options = ["--regions", str(regions_file(tmp_path, receiver))]
        port = str(free_port())
        locust = [sys.executable, "-m", "locust", "-f", str(PLAN), *options]
        told = environment(HOOKSWARM_TEST_STAGES=json.dumps([to_plain(STAGE)]), HOOKSWARM_TEST_NAME="performance")
        log = stack.enter_context((tmp_path / "locust.log").open("wb"))

        def start(*arguments: str, prefix: tuple[str, ...] = (), **more: str) -> "subprocess.Popen[bytes]":
            process = subprocess.Popen(
                [*prefix, *locust, *arguments], cwd=tmp_path, env=told | more, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip
            stack.callback(end_group, process)
            return process

        bind = ["--master-bind-host", "127.0.0.1", "--master-bind-port", port]
        master = start("--master", "--headless", "--only-summary", "--expect-workers", "2", *bind)
        prefix, env = elsewhere(tmp_path, 2)
        start("--worker", "--master-port", port, prefix=tuple(prefix), **env)
        start("--worker", "--master-port", port)
        assert master.wait(60) in (0, 3)
        assert "Traceback" not in receiver.log.read_text()
    run = run_folder(tmp_path)
    section, _ = analyse(run)
    assert codes(section) <= BUSY, section.verdict
    assert section.stages[0].deliveries.acknowledged == 600
    hosts = Manifest.load(run).hosts
    assert sorted(round(abs(host.offset_ns) / 1e9) for host in hosts) == [0, 2, 3]
    assert 0 < section.clock_uncertainty_ms < 50
    frames = load_run(run)
    slack = frames.clock_uncertainty_ns

    def look(stage: stages.PlayedStage) -> None:
        attempts, arrivals = stage.delivered.attempts, stage.arrivals
        assert arrivals is not None
        place = ledger.match_arrivals(attempts, arrivals)
        sent = attempts.rows[place]
        assert (arrivals.rows["start"] >= sent["start"] - slack).all()
        assert (arrivals.rows["done"] <= sent["done"] + slack).all()
        due = np.sort(sent["due"])
        assert np.diff(due).tolist() == pytest.approx([5e6] * 599, abs=2 * slack + 1e3)
        assert abs(due[0] - stage.start_ns) < 2 * slack + 1e6

    stages.stage_figures(frames, look)
