"""Endpoints that stay at a service over runs: half set up, used again, gone, and where their ports are taken."""

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

STAGES = ("--test", "load", "--quick", "--stages", "isolation baseline", "--no-replay", "--rate", "40")
DONE = (Exit.PASS, Exit.VOID)
"""A busy machine voids a run of a second."""


@pytest.fixture
def service(tmp_path: Path) -> Iterator[DeliveryService]:
    """Its set-up is slow: 40 calls a second."""
    (tmp_path / "service").mkdir()
    with delivery_service(tmp_path / "service", "--rate-limit", "40") as running:
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


def remove_all(service: DeliveryService, folder: Path) -> None:
    """As somebody else would who does not know of us."""
    (kept,) = (folder / "results").glob("kept-own-*.json")
    tenant = json.loads(kept.read_text())["account"]["run"]["tenant"]
    assert service.ask("DELETE", f"/tenants/{tenant}").status_code == 204


def test_the_next_run_uses_them_again(tmp_path: Path, service: DeliveryService) -> None:
    """What Ctrl-C left half set up is gone on with, on the same ports; what arrives is judged as ever. Were they
    removed, a new one shows that, and all are set up anew. `clean` takes all of it down.
    """
    own_table(tmp_path)
    env = environment(OWN_URL=service.url)
    pipe = subprocess.PIPE
    running = subprocess.Popen(command(), cwd=tmp_path, env=env, stdout=pipe, stderr=pipe, text=True)
    wait_until(lambda: service.stats()["endpoints"] > 20, 40)
    running.send_signal(signal.SIGINT)
    said, err = running.communicate(timeout=60)
    assert running.returncode == Exit.INTERRUPTED, said + err
    there = service.stats()["endpoints"]
    assert 20 < there < 100
    (kept,) = (tmp_path / "results").glob("kept-own-*.json")
    assert kept.stat().st_mode & 0o777 == 0o600
    assert f"own: {there:,} endpoints stay there" in " ".join(said.split())

    (port,) = json.loads(kept.read_text())["ports"].values()
    with socket.create_server(("127.0.0.1", port)):
        code, said = run(tmp_path, service)
    assert code == Exit.USAGE
    assert f"delivers to port {port} of ours, where something else listens now: end that, or have others set up" in said

    code, said = run(tmp_path, service)
    assert code in DONE, said
    assert re.search(rf"own: {there:,} endpoints of run \S+ used again; {100 - there:,} more set up in", said), said
    assert "own: 100 endpoints stay there for the next run with --keep-endpoints" in said
    assert (service.stats()["endpoints"], service.stats()["tenants"]) == (100, 1)
    section = json.loads((tmp_path / "webhook_performance_results.json").read_text())["sections"]["load"]
    (stage,) = section["stages"]
    assert stage["deliveries"]["due"] == stage["deliveries"]["acknowledged"] > 0
    assert stage["ledger"]["lost"] == stage["ledger"]["unexpected"] == 0

    remove_all(service, tmp_path)
    own_table(tmp_path, "drain_s = 1")
    code, said = run(tmp_path, service)
    assert code in DONE, said
    assert "are gone, because an event for endpoint 0 did not arrive within 2 s, and one for a new endpoint did" in said
    assert (service.stats()["endpoints"], service.stats()["tenants"]) == (100, 1)

    done = clean(tmp_path, max((tmp_path / "results").glob("*-load-*")))
    assert (done.returncode, done.stderr) == (Exit.PASS, ""), done.stdout
    assert (service.stats()["endpoints"], kept.exists()) == (0, False)
