"""Several regions on one machine."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from _hookswarm.common.errors import ConfigError
from _hookswarm.protocol.regions import Region, RegionTable, dump_table
from _hookswarm.receiver.fleet import Fleet, asked_until, is_ready, on_free_ports
from tests.support.receivers import BEARER, MARK, TOKEN, environment, processes_in, signed_headers, wait_until
from tests.support.servers import ScriptedServer, answer_of, answering


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
@pytest.mark.parametrize(("arguments", "code"), [(["--workers", "none"], 2), (["--help"], 0)])
def test_waiting_ends_when_a_supervisor_does(tmp_path: Path, arguments: list[str], code: int) -> None:
    """A region that cannot start is named at once instead of after the time-out, also where it ends with 0."""
    region = on_free_ports(["eu"])[0]
    with (
        (tmp_path / "log").open("wb") as log,
        Fleet(RegionTable(region=(region,)), arguments, output=log) as fleet,
    ):
        with pytest.raises(ConfigError, match=f"receiver eu could not start, exit code {code}"):
            fleet.wait_ready(TOKEN, threading.Event())


@pytest.mark.parametrize(
    ("body", "ready"),
    [(b'{"status": "ready"}', True), (b'{"status": "down"}', False), (b"hello", False), (b"[]", False), (b"{}", False)],
)
def test_only_a_receiver_of_ours_is_ready(body: bytes, ready: bool) -> None:
    """Another program that took the port meanwhile answers, too."""
    with ScriptedServer(answering(answer_of(body))) as server, httpx.Client(trust_env=False) as client:
        control = f"http://127.0.0.1:{server.port}"
        assert is_ready(client, Region(name="eu", url=control, control=control), 5) is ready


class Seconds(threading.Event):
    """Time that passes only where somebody waits: for the event, or for an answer."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 1000.0

    def wait(self, timeout: float | None = None) -> bool:
        self.now_s += timeout or 0
        return self.is_set()


def test_waiting_is_limited_by_time() -> None:
    """Regions that keep a question open to its end are not asked more often, and each question ends with the limit."""
    seconds, asked = Seconds(), list[float]()

    def silent(left_s: Callable[[], float]) -> bool:
        asked.append(left_s())
        seconds.now_s += asked[-1]
        return False

    assert not asked_until(silent, seconds, 1, lambda: seconds.now_s)
    assert asked == [1]
    assert not asked_until(silent, seconds, 5, lambda: seconds.now_s)
    assert asked[1:] == pytest.approx([2, 2, 0.8])
    assert seconds.now_s == pytest.approx(1006.2)


def test_waiting_ends_with_what_was_waited_for() -> None:
    """At the third question, or when it is to stop; an answer is not asked for again."""
    seconds, answers = Seconds(), iter([False, False, True])
    assert asked_until(lambda _: next(answers), seconds, 1, lambda: seconds.now_s)
    assert list(answers) == []
    assert seconds.now_s == pytest.approx(1000.2)
    seconds.set()
    assert asked_until(lambda _: False, seconds, 1, lambda: seconds.now_s)
