"""Each bottleneck caused on purpose: the verdict names it."""

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from _hookswarm.analysis.schema.io import IoReport
from _hookswarm.analysis.schema.report import PerformanceReport
from _hookswarm.protocol.faults import Delay
from _hookswarm.senders.plan.stages import Stage, to_plain
from tests.support.network import slow_loopback
from tests.support.receivers import CHECKOUT, environment, free_port, running_receiver
from tests.support.runs import analyse, regions_file, run_folder, run_locust, running
from tests.support.servers import NO_CONTENT, ScriptedServer, answering, authority, server_tls
from tests.support.slow_disk import slow_disk

pytestmark = pytest.mark.alone

STAGE = Stage("cause", users=16, webhooks=100, payload=1_000, warmup_s=0.5, duration_s=1.5, timeout_s=1.5)


def causing(stage: Stage, cause: str) -> Stage:
    return replace(stage, scenario=cause, name=cause)


def verdicts(run: Path) -> dict[str, str]:
    """What gave out first, by stage."""
    analyse(run)
    report = IoReport.model_validate_json((run / "io_bottleneck_results.json").read_text())
    (section,) = report.sections.values()
    assert section.skipped is None
    return {stage.name: f"{stage.bottleneck}: {stage.evidence}" for stage in section.stages}


def assert_named(found: dict[str, str]) -> None:
    """A stage's verdict is its cause, which it is named after."""
    assert found
    wrong = {name: told for name, told in found.items() if told.split(":")[0] != name}
    assert not wrong


def play(folder: Path, stages: Sequence[Stage], **env: str) -> dict[str, str]:
    with running_receiver(folder, "--threads", "16") as receiver:
        options = ["--regions", str(regions_file(folder, receiver))]
        return verdicts(run_locust(folder, stages, *options, timeout_s=100, test="resource", env=env))


def test_what_a_receiver_can_lack_is_named(tmp_path: Path) -> None:
    """CPU burnt in the handler, a delay in it, a tiny accept queue."""
    stages = [
        causing(replace(STAGE, response=Delay(0.002, busy=True)), "receiver CPU"),
        causing(replace(STAGE, response=Delay(0.05)), "target's own delay"),
        causing(replace(STAGE, reuse=False, users=64, backlog=2), "accept queue"),
    ]
    assert_named(play(tmp_path, stages))


def test_a_handshake_for_every_delivery_is_named(tmp_path: Path) -> None:
    """TLS, and no connection kept: workers connect for longer than they wait for what they sent."""
    pem = tmp_path / "authority.pem"
    authority().cert_pem.write_to_path(str(pem))
    stages = [causing(replace(STAGE, reuse=False, users=4), "connection set-up")]
    with ScriptedServer(answering(NO_CONTENT), tls=server_tls()) as server:
        options = ["--target", server.url, "--ca-file", str(pem)]
        assert_named(verdicts(run_locust(tmp_path, stages, *options, timeout_s=100, test="resource")))


def test_a_slow_disk_is_named(tmp_path: Path) -> None:
    """A sync for every arrival, on a disk that takes two hundred writes a second from the receiver."""
    with running_receiver(tmp_path, "--threads", "16") as receiver:
        options = ["--regions", str(regions_file(tmp_path, receiver))]
        with slow_disk(tmp_path, receiver.processes(), 200):
            stages = [causing(replace(STAGE, durability="fsync"), "disk")]
            found = verdicts(run_locust(tmp_path, stages, *options, timeout_s=100, test="resource"))
    assert_named(found)


def test_a_sender_that_computes_is_named(tmp_path: Path) -> None:
    """A listener of the user's own, which takes a millisecond of CPU at every delivery."""
    assert_named(play(tmp_path, [causing(STAGE, "generator CPU")], HOOKSWARM_TEST_BURN_S="0.001"))


def test_a_lack_of_file_descriptors_is_named(tmp_path: Path) -> None:
    """A receiver that may have twenty more than it has, and a hundred connections."""
    first = replace(STAGE, scenario="first", users=1, duration_s=0.5)
    with running_receiver(tmp_path, "--threads", "16") as receiver:
        options = ["--regions", str(regions_file(tmp_path, receiver))]
        for pid in receiver.workers():
            process = psutil.Process(pid)
            process.rlimit(psutil.RLIMIT_NOFILE, (process.num_fds() + 20,) * 2)
        stages = [first, causing(replace(STAGE, users=100), "file descriptors")]
        found = verdicts(run_locust(tmp_path, stages, *options, timeout_s=100, test="resource"))
    del found["first"]
    assert_named(found)


def test_why_a_target_of_ones_own_is_slow_is_named(tmp_path: Path) -> None:
    """A server that spins, sleeps or lets one at a time through, watched by its pid: both reports of the run say so."""
    port = free_port()
    causes = {"spins": "receiver CPU", "sleeps": "target's own delay", "serialises": "target's own delay"}
    stages = [replace(STAGE, scenario=name, name=name) for name in causes]
    with running(["tests.support.slow_target", str(port)], port, tmp_path) as pid:
        options = ["--target", f"http://127.0.0.1:{port}/", "--watch", str(pid)]
        run = run_locust(tmp_path, stages, *options, timeout_s=60, test="resource")
    found = verdicts(run)
    assert {name: told.split(":")[0] for name, told in found.items()} == causes, found
    report = PerformanceReport.model_validate_json((run / "webhook_performance_results.json").read_text())
    (section,) = report.sections.values()
    for stage in section.stages:
        assert stage.limit
        assert (stage.limit.side, stage.limit.receiver_cpu_share is None) == ("target", False), stage.limit.message
        assert stage.limit.message.startswith(found[stage.name].partition(": ")[2])


def test_a_throttled_link_is_named(tmp_path: Path) -> None:
    """Bodies of 20 kB over a loopback of 20 Mbit/s, in a network namespace of the test's own."""
    stages = [causing(replace(STAGE, payload=20_000), "network")]
    with slow_loopback(20) as inside:
        command = [*inside, sys.executable, "-m", "tests.support.played", str(tmp_path)]
        command += [json.dumps([*map(to_plain, stages)])]
        subprocess.run(command, cwd=CHECKOUT, env=environment(), check=True, timeout=120)
    assert_named(verdicts(run_folder(tmp_path)))
