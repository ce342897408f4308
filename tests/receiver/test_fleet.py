"""Several regions on one machine."""

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import httpx
import pytest

from _hookswarm.common.errors import ConfigError
from _hookswarm.protocol.regions import Region, RegionTable, dump_table
from _hookswarm.receiver.fleet import Fleet, on_free_ports
from tests.support.receivers import BEARER, MARK, TOKEN, environment, processes_in, signed_headers, wait_until


def test_free_ports_are_distinct() -> None:
    """Regions made for a run never share an address."""
    regions = on_free_ports(["a", "b", "c"])
    assert [region.name for region in regions] == ["a", "b", "c"]
    assert len({url for region in regions for url in (region.url, region.control)}) == 6


def test_a_fleet_runs_only_what_it_can() -> None:
    """A region without control, or elsewhere, is refused; both are named."""
    with pytest.raises(ConfigError) as caught:
        Fleet(
            RegionTable(
                region=(
                    Region(name="a", url="http://127.0.0.1:1/"),
                    Region(name="b", url="http://192.0.2.1/", control="http://127.0.0.1:2/"),
                )
            )
        )
    assert [fault.split(":")[0] for fault in caught.value.faults] == ["region a", "region b"]


def start(folder: Path, regions: list[Region]) -> "subprocess.Popen[bytes]":
    (folder / "regions.toml").write_text(dump_table(RegionTable(region=tuple(regions))))
    command = [sys.executable, "-m", "hookswarm.receiver", "fleet", "regions.toml"]
    with (folder / "fleet.log").open("wb") as log:
        return subprocess.Popen(command, cwd=folder, env=environment(**{MARK: str(folder)}), stdout=log, stderr=log)


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_a_fleet_serves_every_region_and_leaves_nothing(number: signal.Signals, tmp_path: Path) -> None:
    """Every region takes webhooks under its own name; however the fleet ends, no process stays."""
    regions = on_free_ports(["eu", "us"])
    fleet = start(tmp_path, regions)
    try:
        wait_until(lambda: "fleet ready: eu, us" in (tmp_path / "fleet.log").read_text(), 20)
        for region in regions:
            answer = httpx.post(region.url, content=b"{}", headers=signed_headers(b"{}"), trust_env=False)
            assert answer.status_code == 204
            stats = httpx.get(f"{region.control}/stats", headers=BEARER, trust_env=False).json()
            assert stats["region"] == region.name
            assert len(list((tmp_path / "results" / "unassigned").glob(f"arrivals-{region.name}-*.journal"))) == 1
        fleet.send_signal(number)
        assert fleet.wait(15) == (-number if number == signal.SIGKILL else 0)
        wait_until(lambda: processes_in(tmp_path) == [], 5)
        assert "Traceback" not in (tmp_path / "fleet.log").read_text()
    finally:
        fleet.kill()
        fleet.wait()


@pytest.mark.slow
def test_a_fleet_ends_when_a_region_cannot_be_kept(tmp_path: Path) -> None:
    """A supervisor that dies ends the fleet with exit code 1, and the other regions with it."""
    regions = on_free_ports(["eu", "us"])
    fleet = start(tmp_path, regions)
    try:
        wait_until(lambda: "fleet ready" in (tmp_path / "fleet.log").read_text(), 20)
        health = httpx.get(f"{regions[0].control}/health", headers=BEARER, trust_env=False).json()
        os.kill(health["supervisor"], signal.SIGKILL)
        assert fleet.wait(15) == 1
        wait_until(lambda: processes_in(tmp_path) == [], 5)
    finally:
        fleet.kill()
        fleet.wait()


@pytest.mark.slow
def test_waiting_ends_when_a_supervisor_does(tmp_path: Path) -> None:
    """A region that cannot start is named at once instead of after the time-out."""
    region = on_free_ports(["eu"])[0]
    with (
        (tmp_path / "log").open("wb") as log,
        Fleet(RegionTable(region=(region,)), ["--workers", "none"], output=log) as fleet,
    ):
        with pytest.raises(ConfigError, match="receiver eu could not start"):
            fleet.wait_ready(TOKEN, threading.Event())
