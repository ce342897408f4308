"""Endpoints that stay at a service over two runs: used again, gone, half set up, and where their ports are taken."""

import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from _hookswarm.records.exit_codes import Exit
from tests.support.delivery_services import DeliveryService, delivery_service
from tests.support.own_service import own_table
from tests.support.receivers import environment, wait_until
from tests.support.runs import RUNNER

pytestmark = pytest.mark.slow

STAGES = ("--test", "load", "--quick", "--stages", "sustained", "--duration", "1s", "--no-replay", "--rate", "40")
DONE = (Exit.PASS, Exit.VOID)
"""A busy machine voids a run of a second."""


@pytest.fixture
def service(tmp_path: Path) -> Iterator[DeliveryService]:
    """Its set-up is slow: 300 calls a second."""
    (tmp_path / "service").mkdir()
    with delivery_service(tmp_path / "service", "--rate-limit", "300") as running:
        yield running


def command(*options: str) -> list[str]:
    return [sys.executable, str(RUNNER), "--service", "own.toml", "--keep-endpoints", *(options or STAGES)]


def run(folder: Path, service: DeliveryService, *options: str) -> tuple[int, str]:
    """The exit code, and what it said."""
    env = environment(OWN_URL=service.url)
    done = subprocess.run(command(*options), cwd=folder, env=env, capture_output=True, text=True, timeout=120)
    return done.returncode, " ".join((done.stdout + done.stderr).split())


def clean(folder: Path, what: Path) -> "subprocess.CompletedProcess[str]":
    asked = [sys.executable, "-m", "hookswarm.service", "clean", str(what)]
    return subprocess.run(asked, cwd=folder, env=environment(), capture_output=True, text=True, timeout=60)


def test_the_next_run_uses_them_again(tmp_path: Path, service: DeliveryService) -> None:
    """On the same ports; what arrived is judged as ever; `clean` of either run takes all of it down."""
    own_table(tmp_path)
    code, said = run(tmp_path, service)
    assert code in DONE, said
    assert re.search(r"own: set up [\d,]+ of 1,000 endpoints, [\d.,]+ a second, [\d.]+ s left", said), said
    assert "own: 1,000 endpoints set up in" in said
    (kept,) = (tmp_path / "results").glob("kept-own-*.json")
    assert (
        "own: 1,000 endpoints stay there for the next run with --keep-endpoints; `python -m hookswarm.service clean "
        in said
    )
    assert kept.stat().st_mode & 0o777 == 0o600
    assert service.stats()["endpoints"] == 1_000
    first = next((tmp_path / "results").glob("*-load-*")).name

    code, said = run(tmp_path, service)
    assert code in DONE, said
    assert f"own: 1,000 endpoints of run {first} used again" in said
    assert "set up" not in said
    assert (service.stats()["endpoints"], service.stats()["tenants"]) == (1_000, 1)
    section = json.loads((tmp_path / "webhook_performance_results.json").read_text())["sections"]["load"]
    (stage,) = section["stages"]
    assert stage["deliveries"]["due"] == stage["deliveries"]["acknowledged"] > 0
    assert stage["ledger"]["lost"] == stage["ledger"]["unexpected"] == 0

    second = max((tmp_path / "results").glob("*-load-*"))
    done = clean(tmp_path, second)
    assert (done.returncode, done.stderr) == (Exit.PASS, ""), done.stdout
    assert (service.stats()["endpoints"], kept.exists()) == (0, False)


def test_those_that_are_gone_are_set_up_anew(tmp_path: Path, service: DeliveryService) -> None:
    """Where the service says so; and where it takes events that reach nobody, once a new endpoint shows that."""
    own_table(tmp_path, "drain_s = 1", **{"'body ~ \"duplicate\": false'": '\'body ~ "endpoints": ["ep_\''})
    code, said = run(tmp_path, service)
    assert code in DONE, said
    remove_all(service, tmp_path)
    code, said = run(tmp_path, service)
    assert code in DONE, said
    assert "are gone, because an event for endpoint 0 was answered 202: all are set up anew" in said
    assert service.stats()["endpoints"] == 1_000

    remove_all(service, tmp_path)
    own_table(tmp_path, "drain_s = 1")
    code, said = run(tmp_path, service)
    assert code in DONE, said
    assert "are gone, because an event for endpoint 0 did not arrive within 2 s, and one for a new endpoint did" in said
    assert (service.stats()["endpoints"], service.stats()["tenants"]) == (1_000, 1)


def remove_all(service: DeliveryService, folder: Path) -> None:
    """As somebody else would who does not know of us."""
    (kept,) = (folder / "results").glob("kept-own-*.json")
    tenant = json.loads(kept.read_text())["account"]["run"]["tenant"]
    assert service.ask("DELETE", f"/tenants/{tenant}").status_code == 204


def test_what_ctrl_c_left_half_set_up_is_gone_on_with(tmp_path: Path, service: DeliveryService) -> None:
    """Only what is missing is set up. A port of ours that is taken is told before anything starts."""
    own_table(tmp_path)
    env = environment(OWN_URL=service.url)
    pipe = subprocess.PIPE
    running = subprocess.Popen(command(), cwd=tmp_path, env=env, stdout=pipe, stderr=pipe, text=True)
    wait_until(lambda: service.stats()["endpoints"] > 100, 40)
    running.send_signal(signal.SIGINT)
    said, _ = running.communicate(timeout=60)
    assert running.returncode == Exit.INTERRUPTED, said
    there = service.stats()["endpoints"]
    assert 100 < there < 1_000
    (kept,) = (tmp_path / "results").glob("kept-own-*.json")
    assert f"own: {there:,} endpoints stay there" in " ".join(said.split())

    (port,) = json.loads(kept.read_text())["ports"].values()
    with socket.create_server(("127.0.0.1", port)):
        code, said = run(tmp_path, service)
    assert code == Exit.USAGE
    assert f"delivers to port {port} of ours, where something else listens now: end that, or have others set up" in said

    code, said = run(tmp_path, service)
    assert code in DONE, said
    assert re.search(rf"own: {there:,} endpoints of run \S+ used again; {1_000 - there:,} more set up in", said), said
    assert (service.stats()["endpoints"], service.stats()["tenants"]) == (1_000, 1)
    done = clean(tmp_path, kept)
    assert (done.returncode, service.stats()["endpoints"]) == (Exit.PASS, 0)
