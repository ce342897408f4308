"""The real Prometheus reads what master and receiver tell, its linter is content with it, and so are our dashboard and
alert rules.
"""

import math
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
from tests.support.dashboard import RULES, expressions, rules
from tests.support.receivers import BEARER, CHECKOUT, TOKEN, RunningReceiver, free_port, running_receiver, wait_until
from tests.support.runs import end_group, regions_file, start_locust

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not shutil.which("prometheus"), reason="Prometheus is not installed (apt-get install prometheus)"
    ),
]

CLIENT = httpx.Client(timeout=5, trust_env=False)
"""One for all: each makes itself ready for TLS, which takes longer than what is asked."""


@contextmanager
def running_prometheus(folder: Path, targets: dict[str, str]) -> Iterator[str]:
    """One that scrapes these addresses, by job, every half second, and has our alert rules; gives its own address."""
    jobs = [
        {
            "job_name": job,
            "scrape_interval": "500ms",
            "authorization": {"credentials": TOKEN},
            "static_configs": [{"targets": [target]}],
        }
        for job, target in targets.items()
    ]
    told = {"global": {"evaluation_interval": "500ms"}, "rule_files": [str(RULES)], "scrape_configs": jobs}
    (folder / "prometheus.yml").write_text(yaml.safe_dump(told))
    address = f"127.0.0.1:{free_port()}"
    command = ["prometheus", "--config.file=prometheus.yml", "--storage.tsdb.path=data"]
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen([*command, f"--web.listen-address={address}"], cwd=folder, stdout=log, stderr=log)
        try:
            yield f"http://{address}"
        finally:
            process.terminate()
            process.wait(10)


def ask_all(prometheus: str, query: str) -> list[float]:
    """The values of a query; none while Prometheus does not answer."""
    try:
        answer = CLIENT.get(f"{prometheus}/api/v1/query", params={"query": query})
    except httpx.HTTPError:
        return []
    assert answer.json()["status"] == "success", (query, answer.text)
    return [float(one["value"][1]) for one in answer.json()["data"]["result"]]


def ask(prometheus: str, query: str) -> float | None:
    """The value of a query that gives one, or None while there is none."""
    found = ask_all(prometheus, query)
    return found[0] if found else None


class Unseen:
    """The dashboard's expressions that have told no number yet."""

    def __init__(self, prometheus: str) -> None:
        self._prometheus = prometheus
        self.left = expressions("5s")

    def look(self) -> set[str]:
        """Ask for those; which of them are still empty."""
        self.left = {one for one in self.left if all(map(math.isnan, ask_all(self._prometheus, one)))}
        return self.left

    def live(self) -> set[str]:
        """The same, of those that a run that is on is asked."""
        return {one for one in self.look() if "hookswarm_run_" not in one}


def alerts(prometheus: str) -> dict[str, str]:
    """The state of each; each was evaluated without a fault."""
    answer = CLIENT.get(f"{prometheus}/api/v1/rules")
    (group,) = answer.json()["data"]["groups"]
    assert {rule["health"] for rule in group["rules"]} == {"ok"}
    return {rule["name"]: rule["state"] for rule in group["rules"]}


def lint(text: str) -> str:
    """What promtool has to say against it."""
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True)
    return done.stdout + done.stderr if done.returncode or done.stderr else ""


def metrics(receiver: RunningReceiver, master: str) -> tuple[str, str]:
    theirs = CLIENT.get(f"{receiver.control}/metrics", headers=BEARER)
    ours = CLIENT.get(f"{master}/metrics")
    assert (theirs.status_code, ours.status_code) == (200, 200)
    return theirs.text, ours.text


def answers(url: str) -> bool:
    try:
        return CLIENT.get(url).status_code == 200
    except httpx.HTTPError:
        return False


def test_prometheus_reads_master_and_receivers(tmp_path: Path) -> None:
    """In a run with a fault: all of its deliveries, their quantiles, attempts by outcome, what is on; then the end, and
    the books. Of all that the dashboard asks nothing stays empty, and no alert is about such a run.
    """
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
                assert CLIENT.post(receiver.url).status_code == 400
                unseen = Unseen(prometheus)
                wait_until(lambda: not unseen.live(), 20)
                assert ask(prometheus, 'hookswarm_stage_running{stage="watched"}') == 1, "not while the run was on"
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
                wait_until(lambda: not unseen.look(), 60)
                assert ask(prometheus, "hookswarm_run_books_balanced") == 1
                assert ask(prometheus, 'hookswarm_run_ledger{entry="lost"}') == 0
                assert ask(prometheus, 'hookswarm_run_deliveries{state="due"}') == 1000
                states = alerts(prometheus)
                assert states.keys() == {rule["alert"] for rule in rules()}
                busy = {"HookswarmLate", "HookswarmStarved"}  # others use the machine beside
                assert {states[name] for name in states.keys() - busy} == {"inactive"}
        finally:
            end_group(locust)


def test_metrics_are_not_for_strangers(tmp_path: Path) -> None:
    """The receiver's control port wants its token from Prometheus, too."""
    with running_receiver(tmp_path) as receiver:
        answer = CLIENT.get(f"{receiver.control}/metrics")
        assert answer.status_code == 401


def test_each_alert_fires_where_it_should() -> None:
    """By Prometheus's own tests of rules, with all labels and texts; and it takes the configuration that names them."""
    for command in (
        ("test", "rules", "tests/deploy/prometheus-rules-test.yml"),
        ("check", "config", "--syntax-only", "deploy/prometheus.yml"),
    ):
        done = subprocess.run(["promtool", *command], cwd=CHECKOUT, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stdout + done.stderr
