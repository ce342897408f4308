"""The processes that a service's table names; nothing else is ever found."""

import os
from pathlib import Path
from typing import Any

import pytest

from _hookswarm.senders.service.processes import RestartError, find_process, port_of, restart_faults
from _hookswarm.senders.service.promises import Restart
from _hookswarm.senders.service.table import parse_service

GONE = 999_999_999
"""No system numbers a process so."""


def restart(**fields: Any) -> Restart:
    return Restart.model_validate(fields)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "No such file or directory: start the service, or name the file that it writes"),
        ("postgres\n", "does not begin with a process's number: name the file that has it"),
        ("-1", "does not begin with a process's number: name the file that has it"),
        (f"{GONE}\n5432\n", "is gone: start the service, and run this again"),
        ("ours", "runs hookswarm itself: name the service's file"),
        ("1", "runs hookswarm itself: name the service's file"),
    ],
)
def test_a_file_that_names_no_process_of_the_service(tmp_path: Path, content: str | None, said: str) -> None:
    """Each is told with what to do, and no signal is sent to anything else."""
    path = tmp_path / "pid"
    if content is not None:
        path.write_text(content.replace("ours", str(os.getpid())))
    with pytest.raises(RestartError, match=said):
        find_process(restart(pid_file=str(path), start=("true",)))


def test_a_name_that_nothing_has() -> None:
    """Told with what to do."""
    with pytest.raises(RestartError, match="no process is called no-such-thing: start the service"):
        find_process(restart(process="no-such-thing", start=("true",)))


def test_all_that_is_known_to_fail_is_told_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before anything is sent: of the restarts that are planned, each once, and of no other."""
    monkeypatch.setenv("PID_FILE", str(tmp_path / "pid"))
    service = parse_service(
        "own",
        {
            "addresses": {"api": "http://127.0.0.1:9"},
            "publish": {"request": "POST {api}/events", "body": "{payload}"},
            "restart": {
                "own": {"pid_file": "${PID_FILE}", "start": ["true"]},
                "store": {"stop": ["no-such-program"], "start": ["true"]},
                "unset": {"pid_file": "${NOT_SET_ANYWHERE}", "start": ["true"]},
                "other": {"process": "no-such-thing", "start": ["true"]},
            },
        },
    )
    told = restart_faults(service, ["", "own", "store", "unset", "own"])
    assert [one.partition(": restart.")[2].partition(":")[0] for one in told] == ["own", "store", "unset"]
    assert str(tmp_path / "pid") in told[0]
    assert told[1].endswith("there is no command 'no-such-program': write its path")
    assert told[2].endswith("$NOT_SET_ANYWHERE is not set: set it, and start again")


def test_without_a_service_nothing_is_restarted() -> None:
    """Whatever stages ask for: they are left out."""
    assert restart_faults(None, ["own", "*"]) == []


@pytest.mark.parametrize(
    "ready", ["tcp://", "tcp://localhost", "tcp://:5432", "tcp://a:x", "tcp://a:99999", "tcp://a:1/b"]
)
def test_half_a_port_is_a_fault_before_anything_is_sent(ready: str) -> None:
    """It says how a whole one is written."""
    with pytest.raises(RestartError, match="names no port: write tcp://HOST:PORT"):
        port_of(ready)


def test_ports_and_other_urls() -> None:
    """An IPv6 address stands in brackets."""
    assert port_of("tcp://127.0.0.1:5432") == ("127.0.0.1", 5432)
    assert port_of("tcp://[::1]:6379") == ("::1", 6379)
    assert port_of("http://127.0.0.1:80/healthz") is port_of("") is None
