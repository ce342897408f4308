"""A service's process, or a command of its table, is ended and started again; only what the table names is touched."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from _hookswarm.records.clock import Clock
from _hookswarm.records.timeline import ServiceRestarted
from _hookswarm.senders.master.restarts import Restarter
from _hookswarm.senders.service.promises import Restart


def restart(**fields: Any) -> Restart:
    return Restart.model_validate({"ready_s": 5.0, **fields})


@pytest.fixture
def sleeper() -> Iterator["subprocess.Popen[bytes]"]:
    """A process that ends when it is told to, and that nobody takes note of until then."""
    with subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"]) as process:
        yield process
        process.kill()


def restarted(folder: Path, one: Restart, values: dict[str, str] | None = None) -> tuple[ServiceRestarted, Restarter]:
    restarter = Restarter("own", one, values or {}, folder, Clock(), time.sleep)
    return restarter.run(3), restarter


@pytest.mark.slow
@pytest.mark.parametrize("name", ["KILL", "TERM"])
def test_a_signal_ends_the_process_of_the_file(tmp_path: Path, sleeper: "subprocess.Popen[bytes]", name: str) -> None:
    """Gone it is also while its parent takes no note; what the command prints that starts it is kept."""
    (tmp_path / "pid").write_text(str(sleeper.pid))
    one = restart(pid_file=str(tmp_path / "pid"), signal=name, start=("echo", "it starts"))
    entry, restarter = restarted(tmp_path, one)
    assert (entry.stage, entry.name, entry.fault, restarter.serves) == (3, "own", "", None)
    assert entry.how.startswith(f"{name} to process {sleeper.pid} (")
    assert entry.gone_ns is not None
    assert entry.started_ns is not None
    assert entry.ready_ns is not None
    assert entry.at_ns <= entry.gone_ns <= entry.started_ns <= entry.ready_ns
    assert sleeper.wait(5) == {"KILL": -9, "TERM": -15}[name]
    assert (tmp_path / "restart-own.log").read_text() == "it starts\n"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"stop": ("false",), "start": ("true",)}, "false ended with 1: see what it printed, "),
        ({"stop": ("true",), "start": ("false",)}, "false ended with 1: see what it printed, "),
        ({"stop": ("true",), "start": ("sleep", "60"), "ready": "http://127.0.0.1:9/", "ready_s": 0.5},
         "http://127.0.0.1:9/ was not ready within 0.5 s: see what it printed, "),
    ],
)  # fmt: skip
def test_what_goes_wrong_is_in_the_entry(tmp_path: Path, fields: dict[str, Any], said: str) -> None:
    """With where to look; what was started and never served is ended."""
    entry, restarter = restarted(tmp_path, restart(**fields))
    assert entry.fault.startswith(said)
    assert (entry.ready_ns, restarter.serves) == (None, None)


@pytest.mark.slow
def test_a_command_that_goes_on_is_the_service(tmp_path: Path) -> None:
    """In a session of its own, so that Ctrl-C does not reach it; without our secrets; it is left running, and named."""
    entry, restarter = restarted(tmp_path, restart(stop=("true",), start=("sh", "-c", "env; exec sleep 60"), ready=""))
    pid = restarter.serves
    assert entry.fault == ""
    assert pid is not None
    try:
        assert os.getsid(pid) == pid
        assert "HOOKSWARM_" not in (tmp_path / "restart-own.log").read_text()
    finally:
        os.kill(pid, 9)


@pytest.mark.slow
def test_a_command_that_returns_late_serves_no_longer(tmp_path: Path) -> None:
    """It took longer than a moment to start it again: once it has returned, there is no process of ours to end."""
    entry, restarter = restarted(tmp_path, restart(stop=("true",), start=("sleep", "1.5"), ready=""))
    assert (entry.fault, bool(restarter.serves), restarter.failed) == ("", True, "")
    time.sleep(1)
    assert (restarter.serves, restarter.failed) == (None, "")


@pytest.mark.slow
def test_a_command_that_fails_late_is_told(tmp_path: Path) -> None:
    """It went on for so long that it was taken for the service, and then ended with a fault."""
    start = ("sh", "-c", "sleep 1.5; exit 3")
    entry, restarter = restarted(tmp_path, restart(stop=("true",), start=start, ready=""))
    assert (entry.fault, restarter.failed) == ("", "")
    assert restarter.amended() is None
    time.sleep(1)
    assert restarter.failed.startswith("sh ended with 3: see what it printed, ")
    late = restarter.amended()
    assert late == entry.model_copy(update={"fault": restarter.failed})
    assert restarter.amended() is None  # once


@pytest.mark.slow
def test_a_port_that_takes_a_connection_tells_that_it_is_back(tmp_path: Path) -> None:
    """A store answers no URL. It is ready when it listens, not when the command goes on for a second."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    listens = f"import socket, time; time.sleep(1.5); s = socket.create_server(('127.0.0.1', {port})); time.sleep(60)"
    start = (sys.executable, "-c", listens)
    one = restart(stop=("true",), start=start, ready=f"tcp://{{host}}:{port}")
    entry, restarter = restarted(tmp_path, one, {"host": "127.0.0.1"})
    pid = restarter.serves
    assert pid is not None
    os.kill(pid, 9)
    assert entry.fault == ""
    assert entry.started_ns is not None
    assert entry.ready_ns is not None
    assert entry.ready_ns - entry.started_ns >= 1.5e9


@pytest.mark.slow
def test_a_port_that_takes_none_is_told(tmp_path: Path) -> None:
    """What was started is ended."""
    one = restart(stop=("true",), start=("sleep", "60"), ready="tcp://127.0.0.1:9", ready_s=0.3)
    entry, restarter = restarted(tmp_path, one)
    assert entry.fault.startswith("tcp://127.0.0.1:9 was not ready within 0.3 s: see what it printed, ")
    assert restarter.serves is None
