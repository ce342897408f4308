"""The real Prometheus reads what master and receiver tell, and its linter is content with it."""

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import yaml

from _hookswarm.senders.plan.arrivals import Constant
from _hookswarm.senders.plan.stages import Incident, Stage
from tests.support.receivers import BEARER, TOKEN, RunningReceiver, free_port, running_receiver, wait_until
from tests.support.runs import end_group, regions_file, start_locust

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not shutil.which("prometheus"), reason="Prometheus is not installed (apt-get install prometheus)"
    ),
]


@contextmanager
def running_prometheus(folder: Path, targets: dict[str, str]) -> Iterator[str]:
    """One that scrapes these addresses, by job, every half second; gives its own."""
    jobs = [
        {
            "job_name": job,
            "scrape_interval": "500ms",
            "authorization": {"credentials": TOKEN},
            "static_configs": [{"targets": [target]}],
        }
        for job, target in targets.items()
    ]
    (folder / "prometheus.yml").write_text(yaml.safe_dump({"scrape_configs": jobs}))
    address = f"127.0.0.1:{free_port()}"
    command = ["prometheus", "--config.file=prometheus.yml", "--storage.tsdb.path=data"]
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen([*command, f"--web.listen-address={address}"], cwd=folder, stdout=log, stderr=log)
        try:
            yield f"http://{address}"
        finally:
            process.terminate()
            process.wait(10)


def ask(prometheus: str, query: str) -> float | None:
    """The value of a query that gives one, or None while there is none."""
    try:
        answer = httpx.get(f"{prometheus}/api/v1/query", params={"query": query}, timeout=5, trust_env=False)
    except httpx.HTTPError:
        return None
    found = answer.json()["data"]["result"]
    return float(found[0]["value"][1]) if found else None


def lint(text: str) -> str:
    """What promtool has to say against it."""
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
    return done.stdout + done.stderr if done.returncode or done.stderr else ""


def metrics(receiver: RunningReceiver, master: str) -> tuple[str, str]:
    theirs = httpx.get(f"{receiver.control}/metrics", headers=BEARER, timeout=5, trust_env=False)
    ours = httpx.get(f"{master}/metrics", timeout=5, trust_env=False)
    assert (theirs.status_code, ours.status_code) == (200, 200)
    return theirs.text, ours.text


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=2, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def test_prometheus_reads_master_and_receivers(tmp_path: Path) -> None:
    """In a run with a fault: all of its deliveries, their quantiles, attempts by outcome, what is on; then the end."""
    stage = Stage(
        "watched", users=8, webhooks=10, arrivals=Constant(100), duration_s=10, payload="thin",
        incidents=(Incident("errors", 4, 4),),
    )  # fmt: skip
    with running_receiver(tmp_path) as receiver:
        host, port = "127.0.0.1", free_port()
        options = ["--regions", str(regions_file(tmp_path, receiver)), "--autostart", "--web-host", host]
        locust = start_locust(tmp_path, [stage], *options, "--web-port", str(port), headless=False)
        targets = {"master": f"{host}:{port}", "receiver": receiver.control.removeprefix("http://")}
        try:
            with running_prometheus(tmp_path, targets) as prometheus:
                wait_until(lambda: answers(f"http://{host}:{port}/metrics"), 20)
                wait_until(lambda: ask(prometheus, 'hookswarm_fault_active{fault="errors"}') == 1, 20)
                assert ask(prometheus, 'hookswarm_stage_running{stage="watched"}') == 1
                wait_until(lambda: ask(prometheus, "hookswarm_faults_active") == 1, 3)
                for text in metrics(receiver, f"http://{host}:{port}"):
                    assert lint(text) == ""
                wait_until(lambda: ask(prometheus, "sum(hookswarm_deliveries_total)") == 1000, 20)
                failed = ask(prometheus, 'hookswarm_attempts_total{outcome="rejected"}')
                assert failed
                assert 350 < failed < 450
                wait_until(lambda: ask(prometheus, "sum(hookswarm_arrivals_total)") == 1000 - failed, 5)
                assert ask(prometheus, "hookswarm_delivery_duration_seconds_count") == 1000
                quantile = "histogram_quantile(0.5, rate(hookswarm_delivery_duration_seconds_bucket[10s]))"
                assert (ask(prometheus, quantile) or 1) < 0.1
                time.sleep(1)
                assert ask(prometheus, "hookswarm_queue_length") == 0
        finally:
            end_group(locust)


def test_metrics_are_not_for_strangers(tmp_path: Path) -> None:
    """The receiver's control port wants its token from Prometheus, too."""
    with running_receiver(tmp_path) as receiver:
        answer = httpx.get(f"{receiver.control}/metrics", timeout=5, trust_env=False)
        assert answer.status_code == 401
