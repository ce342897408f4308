"""Sending processes that should not take part, or come late: a clear message each, and no hang."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from _hookswarm.protocol.version import PROTOCOL
from _hookswarm.records.exit_codes import Exit
from _hookswarm.senders.plan.arrivals import Constant
from _hookswarm.senders.plan.stages import Stage, to_plain
from tests.support.receivers import CHECKOUT, RunningReceiver, environment, free_port, running_receiver, wait_until
from tests.support.runs import BUSY, PLAN, RUNNER, analyse, codes, end_group, regions_file, run_folder, start_locust
from tests.support.servers import NO_CONTENT, ScriptedServer, answering

pytestmark = pytest.mark.slow

STAGE = Stage("joined", users=4, webhooks=10, arrivals=Constant(100), payload="thin", duration_s=4)

FAKE = """
import sys
from gevent import monkey
monkey.patch_all()
import gevent
from benchmarks.crowd import Worker
worker = Worker(int(sys.argv[1]), "an-older-one", protocol=int(sys.argv[2]))
gevent.spawn(worker.run).join(30)
"""


@contextmanager
def master(
    folder: Path, receiver: RunningReceiver, workers: int, **env: str
) -> Iterator[tuple["subprocess.Popen[bytes]", str]]:
    """A headless one that waits for so many workers; and its port."""
    port = str(free_port())
    options = ["--regions", str(regions_file(folder, receiver)), "--master", "--expect-workers", str(workers)]
    options += ["--master-bind-host", "127.0.0.1", "--master-bind-port", port]
    process = start_locust(folder, [STAGE], *options, env=env)
    try:
        yield process, port
    finally:
        end_group(process)


@contextmanager
def worker(folder: Path, receiver: RunningReceiver, port: str) -> Iterator["subprocess.Popen[bytes]"]:
    options = ["--regions", str(regions_file(folder, receiver))]
    command = [sys.executable, "-m", "locust", "-f", str(PLAN), "--worker", "--master-port", port, *options]
    env = environment(HOOKSWARM_TEST_STAGES=json.dumps([to_plain(STAGE)]), HOOKSWARM_TEST_NAME="performance")
    with (folder / "worker.log").open("ab") as log:
        process = subprocess.Popen(command, cwd=folder, env=env, stdout=log, stderr=log, start_new_session=True)
    try:
        yield process
    finally:
        end_group(process)


def said(folder: Path) -> str:
    return (folder / "locust.log").read_text()


def test_another_version_of_the_protocol_ends_the_run(tmp_path: Path) -> None:
    """A worker of an older hookswarm: the run does not begin, exit code 2, and says who speaks what."""
    with running_receiver(tmp_path) as receiver, master(tmp_path, receiver, 1) as (process, port):
        older = subprocess.Popen([sys.executable, "-c", FAKE, port, "0"], cwd=CHECKOUT, env=environment())
        try:
            assert process.wait(60) in (Exit.USAGE, Exit.VOID)
        finally:
            older.kill()
            older.wait()
    assert f"an-older-one speaks version 0 of hookswarm's protocol, and this one {PROTOCOL}" in said(tmp_path)


def test_a_worker_that_joins_late_spoils_nothing(tmp_path: Path) -> None:
    """In the middle of a stage: every event is delivered once, and the run ends."""
    with running_receiver(tmp_path) as receiver, master(tmp_path, receiver, 1) as (process, port):
        with worker(tmp_path, receiver, port):
            wait_until(lambda: "stage_started" in _timeline(tmp_path), 30)
            with worker(tmp_path, receiver, port):
                assert process.wait(60) in (Exit.PASS, Exit.VOID)
    section, _ = analyse(run_folder(tmp_path))
    assert codes(section) <= BUSY, section.verdict
    assert section.stages[0].deliveries.acknowledged == 400


def test_who_waits_in_vain_says_so_and_ends(tmp_path: Path) -> None:
    """Plain Locust and the command: for whom, where, how many are there, as it waits; exit code 2, and what to do."""
    (tmp_path / "command").mkdir()
    port, wait = str(free_port()), ["--expect-workers-max-wait", "3"]
    with ScriptedServer(answering(NO_CONTENT)) as server:
        expect = ["--expect-workers", "2", *wait, "--target", server.url]
        bound = ["--master", "--master-bind-host", "127.0.0.1", "--master-bind-port", port]
        locust = start_locust(tmp_path, [STAGE], *bound, *expect)
        command = [sys.executable, str(RUNNER), "--test", "load", "--quick", *expect]
        with subprocess.Popen(
            command, cwd=tmp_path / "command", env=environment(LOCUST_MASTER_BIND_PORT=str(free_port())), text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        ) as ours:  # fmt: skip
            try:
                assert ours.stdout
                assert ours.stdout.readline().startswith("plan: load 3 stages: ")
                assert "waits for sending processes at" in ours.stdout.readline()
                assert ours.poll() is None
                _, told = ours.communicate(timeout=30)
                assert locust.wait(30) == Exit.USAGE
            finally:
                ours.kill()
                end_group(locust)
    assert ours.returncode == Exit.USAGE
    assert "error: Locust ended before the run began: gave up after 3 s: 0 of 2 sending processes came to" in told
    assert f"hookswarm: waits for sending processes at 127.0.0.1:{port}: 0 of 2" in said(tmp_path)
    assert f"hookswarm: gave up after 3 s: 0 of 2 sending processes came to 127.0.0.1:{port}; see" in said(tmp_path)
    assert "Traceback" not in said(tmp_path)


def _timeline(folder: Path) -> str:
    return "".join(path.read_text() for path in folder.glob("results/*/timeline.jsonl"))


def test_a_wrong_token_is_named(tmp_path: Path) -> None:
    """The receiver refuses the master's: the run ends before a stage, and says why."""
    with running_receiver(tmp_path) as receiver:
        options = ["--regions", str(regions_file(tmp_path, receiver))]
        process = start_locust(tmp_path, [STAGE], *options, env={"HOOKSWARM_TOKEN": "not-the-token-of-theirs"})
        try:
            assert process.wait(60) != Exit.PASS
        finally:
            end_group(process)
    assert "the control token is missing or wrong" in said(tmp_path)
