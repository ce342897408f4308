"""Locust as its users know it: the web UI, and the project's own locustfile, with no runner of ours around."""

import signal
import socket
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from _hookswarm.records.exit_codes import Exit
from _hookswarm.records.manifest import Manifest
from _hookswarm.records.timeline import RunEnded, read_timeline
from _hookswarm.senders.plan.stages import Stage
from tests.support.receivers import CHECKOUT, environment, free_port, running_receiver, wait_until
from tests.support.runs import BUSY, analyse, codes, end_group, regions_file, run_folder, run_locust, start_locust

pytestmark = pytest.mark.slow


def _ended(results: Path) -> list[Path]:
    """Folders of the runs that have an end, in the order of their ends."""
    found = []
    for folder in (path.parent for path in results.glob("*/timeline.jsonl")):
        ends = [entry for entry in read_timeline(folder) if isinstance(entry, RunEnded)]
        found += [(ends[0].at_ns, folder)] if ends else []
    return [folder for _, folder in sorted(found)]


def _counters(client: httpx.Client) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """All that may only grow, by name and labels."""
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(client.get("/metrics").text)
        for sample in family.samples
        if family.type in ("counter", "histogram")
    }


def test_the_web_ui_runs_the_plan_as_often_as_it_is_started(tmp_path: Path) -> None:
    """Two starts from the web UI, the second with another seed and stopped there: two run folders, books balanced.

    Though Locust's statistics begin again with the second, and are reset after it, what Prometheus counts only grows.
    """
    port = free_port()
    stages = [Stage("few", users=2, events=200, payload="thin"), Stage("long", users=3, duration_s=3, payload="thin")]
    with running_receiver(tmp_path) as receiver:
        options = ["--regions", str(regions_file(tmp_path, receiver)), "--web-host", "127.0.0.1"]
        locust = start_locust(tmp_path, stages, *options, "--web-port", str(port), headless=False)
        try:
            client = httpx.Client(base_url=f"http://127.0.0.1:{port}", trust_env=False)
            wait_until(lambda: _answers(client), 20)
            assert "payloads" in client.get("/").text
            client.post("/swarm", data={"user_count": 1, "spawn_rate": 1}).raise_for_status()
            wait_until(lambda: len(_ended(receiver.results)) == 1, 30)
            wait_until(lambda: client.get("/stats/requests").json()["state"] in ("stopped", "ready"), 10)
            told = [_counters(client)]
            client.post("/swarm", data={"user_count": 1, "spawn_rate": 1, "seed": "9"}).raise_for_status()
            wait_until(lambda: len(list(receiver.results.glob("*/run.json"))) == 2, 20)
            wait_until(lambda: client.get("/stats/requests").json()["state"] == "running", 10)
            told.append(_counters(client))
            client.post("/stop").raise_for_status()
            wait_until(lambda: len(_ended(receiver.results)) == 2, 20)
            told.append(_counters(client))
            client.post("/stats/reset").raise_for_status()
            told.append(_counters(client))
            locust.send_signal(signal.SIGINT)
            locust.wait(20)
        finally:
            end_group(locust)
    assert sum(value for (name, _), value in told[0].items() if name == "hookswarm_deliveries_total") > 200
    for earlier, later in pairwise(told):
        assert {name: value for name, value in earlier.items() if later.get(name, 0) < value} == {}
    first, second = _ended(receiver.results)
    section, exit_code = analyse(first)
    assert codes(section) <= BUSY, section.verdict
    assert exit_code == 0 or codes(section)
    assert [stage.name for stage in section.stages] == ["few", "long"]
    assert section.stages[0].deliveries.acknowledged == 200
    assert Manifest.load(second).interrupted
    assert (Manifest.load(first).seed, Manifest.load(second).seed) == (1, 9)
    assert codes(analyse(second)[0]) <= BUSY | {"interrupted"}


def _answers(client: httpx.Client) -> bool:
    try:
        return client.get("/").is_success
    except httpx.TransportError:
        return False


def test_locusts_telemetry_still_works(tmp_path: Path) -> None:
    """`--otel`: its histogram of latencies is of our deliveries, by our names."""
    env = {"OTEL_METRICS_EXPORTER": "console", "OTEL_TRACES_EXPORTER": "none", "OTEL_LOGS_EXPORTER": "none"}
    with running_receiver(tmp_path) as receiver:
        stage = Stage("few", events=20, payload="thin")
        run = run_locust(tmp_path, [stage], "--regions", str(regions_file(tmp_path, receiver)), "--otel", env=env)
    assert analyse(run)[0].stages[0].deliveries.acknowledged == 20
    said = (tmp_path / "locust.log").read_text()
    assert "locust.client.duration" in said
    assert '"few local nearest"' in said
    assert '"count": 20' in said


def test_the_locustfile_lists_its_senders() -> None:
    """`locust --list` names one sender for each region and strategy."""
    command = [sys.executable, "-m", "locust", "-f", "locustfiles/test_webhook_performance.py", "--list"]
    done = subprocess.run(command, cwd=CHECKOUT, env=environment(), capture_output=True, text=True, timeout=30)
    assert "Sender_local_nearest" in done.stdout


OTHERS = """
from locust import HttpUser, task

from tests.support.locustfiles.plan import *


class Shopper(HttpUser):
    @task
    def shop(self):
        self.client.get("/shop")
"""


def test_what_a_user_of_locust_expects_of_host_variables_and_classes(tmp_path: Path) -> None:
    """`--host` is the target, options are read from variables and from locust.conf, and a class that is none of our
    senders is told to stay out.
    """
    stages = [Stage("few", events=20, payload="thin"), Stage("more", events=20, payload="thin")]
    (tmp_path / "others.py").write_text(OTHERS)
    (tmp_path / "locust.conf").write_text("seed = 9\n")
    with running_receiver(tmp_path) as receiver:
        options = ["-f", str(tmp_path / "others.py"), "--host", receiver.url]
        env = {"LOCUST_STAGES": "few", "LOCUST_RESULTS": str(tmp_path / "mine" / "results")}
        locust = start_locust(tmp_path, stages, *options, env=env)
        try:
            assert locust.wait(60) == Exit.PASS, (tmp_path / "locust.log").read_text()
        finally:
            end_group(locust)
        assert receiver.ask("/stats").json()["arrivals"] == 21  # the probe, and the stage
    run = Manifest.load(run_folder(tmp_path / "mine"))
    assert (run.options["target"], run.options["stages"], run.seed) == (receiver.url, "few", 9)
    said = (tmp_path / "locust.log").read_text()
    assert "hookswarm: not started: Shopper: a plan has our senders alone; let a Locust of its own run these\n" in said


def test_receivers_that_are_not_there_are_named(tmp_path: Path) -> None:
    """Headless, where a receiver, another's control API and the table's balancer are missing: each in one clear line,
    exit code 2.
    """
    far, control = free_port(), free_port()
    nowhere = f"http://127.0.0.1:{far}/"
    with socket.create_server(("127.0.0.1", 0)) as there:
        (tmp_path / "regions.toml").write_text(
            f'[[region]]\nname = "far"\nurl = "{nowhere}"\n'
            f'[[region]]\nname = "deaf"\nurl = "http://127.0.0.1:{there.getsockname()[1]}/"\n'
            f'control = "http://127.0.0.1:{control}"\n[balancer.haproxy]\nhash = "{nowhere}"\n'
        )
        locust = start_locust(tmp_path, [Stage("few", events=1)], "--regions", str(tmp_path / "regions.toml"))
        try:
            assert locust.wait(30) == Exit.USAGE
        finally:
            end_group(locust)
    (said,) = [line for line in (tmp_path / "locust.log").read_text().splitlines() if "cannot reach" in line]
    assert [fault.partition(": Connection")[0] for fault in said.split("; ")] == [
        f"hookswarm: region far: cannot reach 127.0.0.1:{far}",
        f"region deaf: cannot reach 127.0.0.1:{control}",
        f"balancer hash: cannot reach 127.0.0.1:{far}",
    ]
