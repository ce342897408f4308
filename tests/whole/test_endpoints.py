"""A run over many endpoints, each with a secret and a header of its own, on two servers."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from _hookswarm.senders.plan.arrivals import Constant
from _hookswarm.senders.plan.stages import Stage, to_plain
from tests.support.receivers import environment, free_port
from tests.support.runs import end_group, run_folder, start_locust
from tests.support.tenants import secret_of, tenants

pytestmark = pytest.mark.slow

COUNT = 60
EVENTS = 300


def test_each_endpoint_gets_its_own(tmp_path: Path) -> None:
    """By its secret, with its header, as often as its weight says; one sending process has the file from the master.

    What the file holds is nowhere in the run's folder, nor in what was said.
    """
    here, there = tmp_path / "here", tmp_path / "there"
    here.mkdir()
    there.mkdir()
    stage = Stage("one", users=8, events=EVENTS, arrivals=Constant(150), payload="thin")
    with tenants() as one, tenants() as other:
        rows = [
            f"{(one, other)[n % 2].endpoint(n)},{secret_of(n)},X-Tenant: the {n}th,{1 + 9 * (n < 10)}"
            for n in range(COUNT)
        ]
        (here / "endpoints.csv").write_text("\n".join(["url,secret,headers,weight", *rows, ""]))
        port = str(free_port())
        options = ["--endpoints", "endpoints.csv", "--no-probe"]
        said = there / "said.log"
        master = start_locust(
            here, [stage], *options, "--master", "--expect-workers", "2", "--master-bind-host", "127.0.0.1",
            "--master-bind-port", port,
        )  # fmt: skip
        told = environment(HOOKSWARM_TEST_STAGES=json.dumps([to_plain(stage)]), HOOKSWARM_TEST_NAME="performance")
        workers = [
            subprocess.Popen(
                [sys.executable, "-m", "locust", "-f", "-", "--worker", "--master-port", port, *options],
                cwd=folder, env=told, stdout=said.open("ab"), stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            for folder in (here, there)
        ]  # fmt: skip
        try:
            master.wait(90)
            for worker in workers:
                worker.wait(40)
        finally:
            for process in (master, *workers):
                end_group(process)
        accepted: Counter[int] = one.accepted + other.accepted
        refused = one.refused + other.refused
    run = run_folder(here)
    assert not refused, (here / "locust.log").read_text()
    assert sum(accepted.values()) == EVENTS
    assert sum(accepted[n] for n in range(10)) > EVENTS / 2
    assert one.accepted
    assert other.accepted
    assert len(list((there / "results").glob("*/attempts-*.journal"))) == 1
    kept = [path for folder in (run, there) for path in folder.rglob("*") if path.is_file()]
    texts = b"".join(path.read_bytes() for path in [*kept, here / "locust.log"])
    for n in range(COUNT):
        assert secret_of(n)[6:].encode() not in texts
        assert f"the {n}th".encode() not in texts
