"""One region's supervisor: several workers, restarts, and an end that leaves nothing behind."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from _hookswarm.records.reading import read_journal
from tests.support.receivers import (
    EVENT,
    MARK,
    RunningReceiver,
    environment,
    free_port,
    processes_in,
    running_receiver,
    signed_headers,
    wait_until,
)

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningReceiver]:
    """A receiver of two data-plane processes."""
    with running_receiver(tmp_path_factory.mktemp("pair"), "--workers", "2") as running:
        wait_until(lambda: len(running.workers()) == 2)
        yield running


def deliver_to_both(receiver: RunningReceiver) -> int:
    """Deliver on fresh connections until both processes have taken some; how many there were."""
    run = receiver.results / receiver.ask("/stats").json()["run"]
    for sent in range(1, 200):
        assert receiver.deliver(event=EVENT._replace(sequence=sent)) == 204
        if len(list(run.glob("arrivals-*.journal"))) == 2 and sent >= 20:
            return sent
    raise AssertionError("one process took everything")


def arrivals_in(folder: Path) -> int:
    return sum(len(read_journal(path).rows) for path in folder.glob("arrivals-*.journal"))


def test_a_reset_switches_every_process_and_statistics_add_up(pair: RunningReceiver) -> None:
    """After /reset both processes write to the new run's journals, and /stats sums over them."""
    for run in ("run-1", "run-2"):
        assert pair.reset(run).json() == {"run": run}
        assert pair.ask("/stats").json()["arrivals"] == 0
        sent = deliver_to_both(pair)
        for _ in range(10):
            httpx.post(pair.url, content=b"x", headers=signed_headers(b"y"), trust_env=False)
        wait_until(lambda: sum(pair.ask("/stats").json()["refused"].values()) == 10)
        stats = pair.ask("/stats").json()
        assert stats["arrivals"] == sent == arrivals_in(pair.results / run)
        assert stats["refused"] == {"401": 10}
        assert (stats["run"], stats["region"], len(stats["workers"])) == (run, "local", 2)


def test_control_refuses_strangers(pair: RunningReceiver) -> None:
    """Over the socket as well: no token, no answer; bad run names and unknown calls are told apart."""
    with httpx.Client(base_url=pair.control, trust_env=False) as stranger:
        for method, path in (("GET", "/health"), ("GET", "/clock"), ("GET", "/stats"), ("POST", "/reset")):
            assert stranger.request(method, path).status_code == 401
            assert stranger.request(method, path, headers={"Authorization": "Bearer wrong"}).status_code == 401
    assert pair.reset("../outside").status_code == 400
    assert pair.ask("/other").status_code == 404
    assert not (pair.results.parent / "outside").exists()


def test_the_clock_is_the_receivers(pair: RunningReceiver) -> None:
    """/clock lies between the caller's clock before and after."""
    before = time.time_ns()
    now = pair.ask("/clock").json()["now_ns"]
    assert before - 1_000_000 <= now <= time.time_ns() + 1_000_000


@pytest.mark.parametrize("server", ["granian", "gevent"])
def test_a_dead_data_plane_is_started_again(server: str, tmp_path: Path) -> None:
    """Killed as a whole, the data plane comes back, in the same run, and what it had taken is kept."""
    with running_receiver(tmp_path, "--server", server) as receiver:
        receiver.reset("run-1")
        assert receiver.deliver() == 204
        first = receiver.ask("/health").json()["data_plane"]
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: (now := receiver.ask("/health").json())["status"] == "ready" and now["data_plane"] != first)
        assert receiver.deliver() == 204
        assert arrivals_in(receiver.results / "run-1") == 2
        assert "starting it again" in receiver.log.read_text()


@pytest.mark.parametrize("server", ["granian", "gevent"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_everything(number: signal.Signals, server: str, tmp_path: Path) -> None:
    """SIGTERM and Ctrl-C end supervisor and data plane, exit code 0, without complaint."""
    with running_receiver(tmp_path, "--server", server) as receiver:
        assert len(receiver.processes()) >= 2
        receiver.process.send_signal(number)
        assert receiver.process.wait(10) == 0
        assert receiver.processes() == []
        assert "Traceback" not in receiver.log.read_text()


@pytest.mark.parametrize("options", [("--workers", "2"), ("--server", "gevent")])
def test_a_killed_supervisor_takes_everything_with_it(options: tuple[str, ...], tmp_path: Path) -> None:
    """kill -9 of the supervisor leaves no process and no listening port."""
    with running_receiver(tmp_path, *options) as receiver:
        receiver.process.kill()
        receiver.process.wait()
        wait_until(lambda: receiver.processes() == [], 5)
        with pytest.raises(httpx.ConnectError):
            receiver.deliver()


def test_killed_while_starting(tmp_path: Path) -> None:
    """Killed at any moment of its start, a supervisor leaves no process behind."""
    for delay in (0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0):
        command = [
            sys.executable,
            "-m",
            "hookswarm.receiver",
            "--port",
            str(free_port()),
            "--control-port",
            str(free_port()),
        ]
        supervisor = subprocess.Popen(command, cwd=tmp_path, env=environment(**{MARK: str(tmp_path)}))
        time.sleep(delay)
        supervisor.kill()
        supervisor.wait()
    wait_until(lambda: processes_in(tmp_path) == [], 5)
