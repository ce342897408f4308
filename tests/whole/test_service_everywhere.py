"""Through a service by every way to start a run: plain Locust, more processes, workers of other hosts, an address."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from _hookswarm.records.exit_codes import Exit
from _hookswarm.records.manifest import Manifest
from _hookswarm.senders.plan.arrivals import Constant
from _hookswarm.senders.plan.stages import Stage
from tests.support.delivery_services import DeliveryService, delivery_service
from tests.support.own_service import own_table
from tests.support.receivers import CHECKOUT, environment, free_port, running_receiver, wait_until
from tests.support.runs import RUNNER, analyse, end_group, regions_file, run_folder, run_locust, start_locust

pytestmark = pytest.mark.slow

RATE = ("--rate", "30")
"""So that there is no calibration, whose events would have to be counted, too."""
STAGE = Stage("open", users=4, arrivals=Constant(30), duration_s=2, webhooks=20, payload="thin")
LOAD = ("--test", "load", "--quick", "--stages", "sustained", "--duration", "1s", "--no-replay", "--rate", "40")


@pytest.fixture
def service(tmp_path: Path) -> Iterator[DeliveryService]:
    (tmp_path / "service").mkdir()
    with delivery_service(tmp_path / "service") as running:
        yield running


def whole(folder: Path, service: DeliveryService, section: Any) -> None:
    """All that was published arrived once; the books and the service agree; nothing is left there."""
    (stage,) = section["stages"] if isinstance(section, dict) else (section.stages[0].model_dump(),)
    assert stage["deliveries"]["due"] == stage["deliveries"]["acknowledged"] > 0
    assert stage["ledger"]["lost"] == stage["ledger"]["unexpected"] == 0
    stats = service.stats()
    assert stats["delivered"] == stats["accepted"] == stage["deliveries"]["due"] + 1  # the probe
    assert stats["endpoints"] == 0
    assert not list(folder.glob("results/*/service.json"))


@pytest.mark.parametrize("processes", [(), ("--processes", "2")])
def test_plain_locust_publishes(tmp_path: Path, service: DeliveryService, processes: tuple[str, ...]) -> None:
    """Headless, with receivers of a table, by one process or by two that Locust starts."""
    table = own_table(tmp_path)
    with running_receiver(tmp_path) as receiver:
        options = ("--service", str(table), "--regions", str(regions_file(tmp_path, receiver)), *RATE, *processes)
        folder = run_locust(tmp_path, [STAGE], *options, env={"OWN_URL": service.url})
    assert Manifest.load(folder).service
    whole(tmp_path, service, analyse(folder)[0])


def test_a_service_that_slows_us_down_is_obeyed_and_told_once(tmp_path: Path) -> None:
    """429 at the set-up fails nothing."""
    with delivery_service(tmp_path, "--rate-limit", "5") as service, running_receiver(tmp_path) as receiver:
        options = ("--service", str(own_table(tmp_path)), "--regions", str(regions_file(tmp_path, receiver)), *RATE)
        folder = run_locust(tmp_path, [replace(STAGE, webhooks=12)], *options, env={"OWN_URL": service.url})
        whole(tmp_path, service, analyse(folder)[0])
    said = (tmp_path / "locust.log").read_text()
    assert len(re.findall(r"12 endpoints set up in [\d.]+ s, which it slowed down \d+ times \(429\)", said)) == 1, said
    assert said.count("asks us to slow down (429)") == 1


LOGIN = """
[[setup]]
request = "POST {api}/login"
keep = { token = "token" }
lasts_s = 2
"""


def test_a_token_that_ends_is_renewed_before_it_does(tmp_path: Path) -> None:
    """In the set-up, in the teardown, and while two processes publish: no call is refused."""
    bearer = 'headers = { Authorization = "Bearer {token}" }\nrequest = '
    table = own_table(tmp_path, **{"request = ": bearer})
    text = table.read_text()
    table.write_text(text.replace("[[setup]]", f"{LOGIN}\n[[setup]]", 1))
    with delivery_service(tmp_path, "--login-lasts", "5") as service, running_receiver(tmp_path) as receiver:
        options = ("--service", str(table), "--regions", str(regions_file(tmp_path, receiver)), *RATE)
        stage = replace(STAGE, duration_s=11)
        folder = run_locust(tmp_path, [stage], *options, "--processes", "2", env={"OWN_URL": service.url})
        whole(tmp_path, service, analyse(folder)[0])
        stats = service.stats()
    assert stats["refused"] == 0
    assert 5 <= stats["logins"] <= 40


def test_workers_of_other_hosts_have_the_table_from_the_master(tmp_path: Path, service: DeliveryService) -> None:
    """One has no such file and no such variable, one has another table under that name: neither matters."""
    hosts = [tmp_path / name for name in ("master", "bare", "other")]
    for host in hosts:
        host.mkdir()
    own_table(hosts[0])
    own_table(hosts[2], **{"{api}/events": "{api}/nowhere", "status in 202": "status in 299"})
    port = str(free_port())
    with running_receiver(hosts[0]) as receiver:
        regions = str(regions_file(tmp_path, receiver))
        options = ("--service", "own.toml", "--regions", regions, *RATE)
        network = ("--master-bind-host", "127.0.0.1", "--master-bind-port", port, "--expect-workers", "2")
        env = {"OWN_URL": service.url}
        master = start_locust(hosts[0], [STAGE], "--master", *network, *options, env=env)
        workers = []
        try:
            for host in hosts[1:]:
                worker = ("--worker", "--master-port", port, *options)
                workers.append(start_locust(host, [STAGE], *worker, headless=False))
            master.wait(60)
            for one in workers:
                one.wait(20)
        finally:
            for process in (master, *workers):
                end_group(process)
    folder = run_folder(hosts[0])
    assert len(list(folder.glob("attempts-*.journal"))) == 2
    whole(hosts[0], service, analyse(folder)[0])


def test_a_worker_that_joins_between_stages_is_told_of_the_service(tmp_path: Path, service: DeliveryService) -> None:
    """It came after the set-up, and publishes in the next stage."""
    own_table(tmp_path)
    port = str(free_port())
    stages = [replace(STAGE, name="alone", duration_s=6), replace(STAGE, name="both", users=8)]
    env = {"OWN_URL": service.url}
    with running_receiver(tmp_path) as receiver:
        options = ("--service", "own.toml", "--regions", str(regions_file(tmp_path, receiver)), *RATE)
        network = ("--master-bind-host", "127.0.0.1", "--master-bind-port", port, "--expect-workers", "1")
        processes = [start_locust(tmp_path, stages, "--master", *network, *options, env=env)]
        worker = ("--worker", "--master-port", port, *options)
        try:
            processes.append(start_locust(tmp_path, stages, *worker, headless=False, env=env))
            wait_until(lambda: service.stats()["accepted"] > 3, 40)
            processes.append(start_locust(tmp_path, stages, *worker, headless=False, env=env))
            processes[0].wait(90)
            for one in processes[1:]:
                one.wait(20)
        finally:
            for process in processes:
                end_group(process)
    folder = run_folder(tmp_path)
    section, _ = analyse(folder)
    assert [stage.deliveries.due == stage.deliveries.acknowledged > 0 for stage in section.stages] == [True, True]
    assert len(list(folder.glob("attempts-*.journal"))) == 2
    assert service.stats()["delivered"] == sum(stage.deliveries.due for stage in section.stages) + 1


@pytest.mark.parametrize("host", ["127.0.0.2", "[::1]"])
def test_an_advertised_address_is_where_the_service_delivers(
    tmp_path: Path, service: DeliveryService, host: str
) -> None:
    """Receivers that are started listen on all addresses then, of IPv6, too, and endpoints are named by it."""
    own_table(tmp_path)
    told = environment(OWN_URL=service.url)
    command = [sys.executable, str(RUNNER), "--service", "own.toml", "--advertise", f"http://{host}:{{port}}", *LOAD]
    done = subprocess.run(command, cwd=tmp_path, env=told, capture_output=True, text=True, timeout=120)
    assert done.returncode in (Exit.PASS, Exit.VOID), done.stdout + done.stderr
    sections = json.loads((tmp_path / "webhook_performance_results.json").read_text())["sections"]
    whole(tmp_path, service, sections["load"])
    port = str(free_port())
    command = [sys.executable, "-m", "hookswarm.service", "check", "own.toml"]
    command += ["--advertise", f"http://{host}:{port}", "--port", port]
    done = subprocess.run(command, cwd=tmp_path, env=told, capture_output=True, text=True, timeout=60)
    assert done.returncode == Exit.PASS, done.stdout + done.stderr
    assert f"a receiver of ours is the endpoint http://{host}:{port}/endpoints/0" in done.stdout


def test_what_would_be_asked_is_shown_and_nothing_is_sent(tmp_path: Path) -> None:
    """Each step and an event's request in full, with what is secret masked; the service need not run."""
    headers = 'headers = { Authorization = "Bearer {token}" }\nrequest = '
    own_table(tmp_path, 'values = { token = "${OWN_TOKEN}" }', **{"request = ": headers})
    told = environment(OWN_URL="http://127.0.0.1:1", OWN_TOKEN="hush-hush-1")
    command = [sys.executable, str(RUNNER), "--service", "own.toml", *LOAD, "--links", "real", "--dry-run"]
    done = subprocess.run(command, cwd=tmp_path, env=told, capture_output=True, text=True, timeout=60)
    assert done.returncode == Exit.PASS, done.stderr
    assert "load would publish to own, http://127.0.0.1:1, for 1,000 endpoints" in done.stdout
    assert '  once: POST http://127.0.0.1:1/tenants {"name": "' in done.stdout
    assert "  for each of 1,000 endpoints: POST http://127.0.0.1:1/tenants/{tenant}/endpoints" in done.stdout
    assert '"secret": "********"' in done.stdout
    assert "POST http://127.0.0.1:1/events\nUser-Agent: hookswarm/" in done.stdout
    assert "Authorization: Bearer ********" in done.stdout
    assert '"endpoint": "{endpoint}", "payload": {"hookswarm":"msg_' in done.stdout
    assert "  once: DELETE http://127.0.0.1:1/tenants/{tenant}" in done.stdout
    assert "nothing was sent" in done.stdout
    assert "hush-hush" not in done.stdout + done.stderr
    assert "--links real changes nothing" in done.stderr


def test_a_locustfile_of_the_card_runs_through_a_service(tmp_path: Path, service: DeliveryService) -> None:
    """`locust -f locustfiles/test_webhook_load.py --service own.toml --regions regions.toml`."""
    own_table(tmp_path)
    with running_receiver(tmp_path) as receiver:
        command = [sys.executable, "-m", "locust", "-f", str(CHECKOUT / "locustfiles/test_webhook_load.py")]
        command += ["--service", "own.toml", "--regions", str(regions_file(tmp_path, receiver)), "--quick"]
        command += ["--stages", "sustained", "--duration", "1s", "--rate", "40", "--headless", "--only-summary"]
        told = environment(OWN_URL=service.url)
        done = subprocess.run(command, cwd=tmp_path, env=told, capture_output=True, text=True, timeout=90)
    assert "hookswarm: probe: own took it in" in done.stdout, done.stdout + done.stderr
    whole(tmp_path, service, analyse(run_folder_of(tmp_path))[0])


def run_folder_of(folder: Path) -> Path:
    (found,) = (path.parent for path in folder.glob("results/*/run.json"))
    return found
