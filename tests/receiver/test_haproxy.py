"""HAProxy before the regions: what it is told, and what comes of it."""

import os
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import httpx
import pytest

from _hookswarm.protocol.identity import EventId
from _hookswarm.protocol.regions import Balancer, Region, RegionTable, dump_table
from _hookswarm.receiver import haproxy
from _hookswarm.receiver.fleet import balanced, on_free_ports, table_faults
from tests.support.receivers import BEARER, MARK, environment, processes_in, signed_headers, wait_until
from tests.support.worlds import needs_haproxy

REGIONS = (
    Region(name="eu", url="http://127.0.0.1:9001/hooks", control="http://127.0.0.1:9002", weight=0.5),
    Region(name="us", url="http://127.0.0.1:9003/hooks", control="http://127.0.0.1:9004", weight=2),
)


def test_the_configuration_follows_the_table() -> None:
    """A frontend for each algorithm, each before all regions, with their weights as whole numbers."""
    text = haproxy.haproxy_configuration(REGIONS, Balancer(haproxy={"hash": "http://127.0.0.1:9005/hooks"}))
    begin = text.index("listen hash\n")
    assert text[begin:].splitlines() == [
        "listen hash",
        "    bind 127.0.0.1:9005",
        "    balance hash req.hdr(webhook-id),word(4,_)",
        "    hash-type consistent",
        "    hash-balance-factor 125",
        "    server eu 127.0.0.1:9001 weight 25",
        "    server us 127.0.0.1:9003 weight 100",
    ]
    assert "listen" not in text[:begin]


@needs_haproxy
def test_haproxy_understands_it(tmp_path: Path) -> None:
    """HAProxy itself finds nothing wrong with a configuration of all algorithms."""
    table = balanced(RegionTable(region=REGIONS))
    assert table.balancer
    path = tmp_path / "haproxy.cfg"
    path.write_text(haproxy.haproxy_configuration(table.region, table.balancer))
    done = subprocess.run([haproxy.haproxy_program(), "-c", "-f", str(path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stderr


def test_a_fleet_says_what_it_cannot_balance(monkeypatch: pytest.MonkeyPatch) -> None:
    """HAProxy that is not there, elsewhere, or before regions that speak TLS: every fault is named."""
    monkeypatch.setattr("shutil.which", lambda *_, **__: None)
    remote = Region(name="tls", url="https://127.0.0.1:9001/hooks", control="http://127.0.0.1:9002")
    faults = table_faults(RegionTable(region=(remote,), balancer=Balancer(haproxy={"random": "http://192.0.2.1:1/"})))
    assert [fault.split(":")[0] for fault in faults] == ["HAProxy is not installed", "balancer", "region tls"]


@pytest.mark.slow
@needs_haproxy
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_fleet_with_a_balancer(number: signal.Signals, tmp_path: Path) -> None:
    """Each algorithm spreads webhooks over the regions, the hash keeps a webhook's together, and no process stays."""
    table = balanced(RegionTable(region=tuple(on_free_ports(["eu", "us"]))))
    assert table.balancer
    (tmp_path / "regions.toml").write_text(dump_table(table))
    command = [sys.executable, "-m", "hookswarm.receiver", "fleet", "regions.toml"]
    with (tmp_path / "fleet.log").open("wb") as log:
        env = environment(**{MARK: str(tmp_path)})
        fleet = subprocess.Popen(command, cwd=tmp_path, env=env, stdout=log, stderr=log)
    try:
        said = tmp_path / "fleet.log"
        wait_until(lambda: "HAProxy before them" in said.read_text() or fleet.poll() is not None, 20)
        assert fleet.poll() is None, said.read_text()
        for algorithm, url in table.balancer.haproxy.items():
            before = _arrivals(table)
            for sequence in range(20):
                event = EventId(1, 2, 7 if algorithm == "hash" else sequence, sequence)
                answer = httpx.post(url, content=b"{}", headers=signed_headers(b"{}", event), trust_env=False)
                assert answer.status_code == 204
            wait_until(partial(_have_come, table, sum(before) + 20))
            taken = [now - then for now, then in zip(_arrivals(table), before, strict=True)]
            assert max(taken) == 20 if algorithm == "hash" else min(taken) > 0, (algorithm, taken)
        fleet.send_signal(number)
        fleet.wait(15)
        wait_until(lambda: not processes_in(tmp_path))
    finally:
        for pid in processes_in(tmp_path):
            os.kill(pid, signal.SIGKILL)
        fleet.wait(10)


def _have_come(table: RegionTable, total: int) -> bool:
    return sum(_arrivals(table)) == total


def _arrivals(table: RegionTable) -> list[int]:
    stats = [httpx.get(f"{region.control}/stats", headers=BEARER, trust_env=False).json() for region in table.region]
    return [int(found["arrivals"]) for found in stats]
