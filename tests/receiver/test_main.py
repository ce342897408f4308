"""Bad input to `python -m hookswarm.receiver`: exit code 2 and one line that names every fault."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.receivers import SECRET, environment, free_port

pytestmark = pytest.mark.slow


def refused(folder: Path, *arguments: str, **env: str) -> str:
    """What the receiver says when it refuses to start with these arguments."""
    command = [sys.executable, "-m", "hookswarm.receiver", *arguments]
    done = subprocess.run(command, cwd=folder, env=environment(**env), capture_output=True, text=True, timeout=20)
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
    return done.stderr


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield int(server.getsockname()[1])


def test_every_fault_at_once(taken: int, tmp_path: Path) -> None:
    """Ports, numbers, names, folders and credentials are all checked before anything is said."""
    (tmp_path / "file").touch()
    said = refused(
        tmp_path,
        *("--port", str(taken), "--control-port", "ninety", "--workers", "0", "--threads", "-1", "--max-body", "1e6"),
        *("--results", "file/results", "--region", "../x", "--host", "127.0.0.1"),
        HOOKSWARM_SECRET="whsec_broken",
        HOOKSWARM_TOKEN="short",
    )
    for fault in (
        f"127.0.0.1:{taken}",
        "--control-port",
        "--workers",
        "--threads",
        "--max-body",
        "--results",
        "--region",
        "secret",
        "token",
    ):
        assert fault in said
    assert "whsec_broken" not in said
    assert "short" not in said.replace("shorter", "")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--unheard-of",), "--unheard-of"),
        (("--durability", "stone"), "durability"),
        (("--server", "apache"), "server"),
        (("--host", "no..name"), "no..name"),
        (("--host", "a b"), "--host"),
        (("--host", "192.0.2.1"), "192.0.2.1"),
        (("--port", "65536"), "65535"),
        (("--workers", "100000"), "--workers"),
        (("--max-body", str(1 << 40)), "--max-body"),
        (("--server", "gevent", "--workers", "2"), "gevent"),
    ],
)
def test_one_fault(arguments: tuple[str, ...], message: str, tmp_path: Path) -> None:
    """Each bad option is named, and nothing is started."""
    ports = () if "--port" in arguments else ("--port", str(free_port()))
    assert message in refused(tmp_path, *ports, "--control-port", str(free_port()), *arguments)


def test_the_same_port_twice(tmp_path: Path) -> None:
    """Webhooks and control cannot share a port."""
    port = str(free_port())
    assert "twice" in refused(tmp_path, "--port", port, "--control-port", port)


@pytest.mark.parametrize("env", [{}, {"HOOKSWARM_TOKEN": ""}])
def test_control_beyond_loopback_needs_a_token(env: dict[str, str], tmp_path: Path) -> None:
    """A token made on first use is not a decision: only one that was set opens the control API to others."""
    child = {name: value for name, value in environment().items() if not name.startswith("HOOKSWARM_TOKEN")} | env
    command = [sys.executable, "-m", "hookswarm.receiver", "--control-host", "0.0.0.0"]
    command += ["--port", str(free_port()), "--control-port", str(free_port())]
    done = subprocess.run(command, cwd=tmp_path, env=child, capture_output=True, text=True, timeout=20)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "beyond loopback" in done.stderr


def test_a_faulty_table_and_faulty_options_at_once(taken: int, tmp_path: Path) -> None:
    """A fleet names what is wrong with its table and with its options together."""
    (tmp_path / "regions.toml").write_text(
        '[[region]]\nname = "eu"\nurl = "http://127.0.0.1:1/"\ncolour = "red"\n'
        '[[region]]\nname = "eu"\nurl = "http://127.0.0.1:2/"\n'
    )
    said = refused(tmp_path, "fleet", "regions.toml", "--workers", "none", HOOKSWARM_SECRET=SECRET[:12])
    for fault in ("region 1: colour", "'eu' is named twice", "--workers", "secret"):
        assert fault in said


def test_a_fleet_runs_here_and_is_controlled(taken: int, tmp_path: Path) -> None:
    """Regions elsewhere, without control, on taken or doubled ports cannot be run."""
    port = free_port()
    (tmp_path / "regions.toml").write_text(
        f'[[region]]\nname = "a"\nurl = "http://127.0.0.1:{taken}/"\ncontrol = "http://127.0.0.1:{port}/"\n'
        f'[[region]]\nname = "b"\nurl = "http://192.0.2.1:80/"\ncontrol = "http://127.0.0.1:{port}/"\n'
        f'[[region]]\nname = "c"\nurl = "http://127.0.0.1:{free_port()}/"\n'
    )
    said = refused(tmp_path, "fleet", "regions.toml")
    for fault in (f"127.0.0.1:{taken}", f"127.0.0.1:{port} is in use twice", "region b", "region c"):
        assert fault in said


def test_a_table_that_is_not_there(tmp_path: Path) -> None:
    """A missing table is named."""
    assert "nowhere.toml" in refused(tmp_path, "fleet", "nowhere.toml")
