"""Runs that end before their plan is done: an interrupt is one thing, whatever else ends them another."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from _hookswarm.analysis.schema.report import Section
from _hookswarm.analysis.schema.verdict import Status
from _hookswarm.records.exit_codes import Exit
from _hookswarm.records.manifest import Manifest
from _hookswarm.senders.plan.arrivals import Constant
from _hookswarm.senders.plan.stages import Stage
from tests.support.receivers import free_port, running_receiver, wait_until
from tests.support.runs import BUSY, analyse, codes, end_group, regions_file, run_folder, start_locust

pytestmark = pytest.mark.slow

STAGES = [
    Stage("struck", users=4, arrivals=Constant(100), duration_s=120, payload="thin"),
    Stage("never", users=4, events=100, payload="thin"),
]


WEB = ("--web-host", "127.0.0.1", "--web-port")


@contextmanager
def _started(folder: Path, *options: str, headless: bool = True) -> Iterator["subprocess.Popen[bytes]"]:
    """Plain Locust against a receiver of its own."""
    folder.mkdir()
    with running_receiver(folder) as receiver:
        locust = start_locust(
            folder, STAGES, "--regions", str(regions_file(folder, receiver)), *options, headless=headless
        )
        try:
            yield locust
        finally:
            end_group(locust)


def _sends(folder: Path) -> bool:
    return any(path.stat().st_size > 5_000 for path in folder.glob("results/*/attempts-*"))


def _void(folder: Path, said: str) -> None:
    """The run in `folder` is void for that alone."""
    section, exit_code = analyse(run_folder(folder))
    assert exit_code == Exit.VOID
    assert codes(section) - BUSY == {"run_failed"}, section.verdict
    (reason,) = [reason for reason in section.verdict.reasons if reason.code == "run_failed"]
    assert said in reason.message
    assert "1 of 2 stages never played: run it again" in reason.message
    _whole(section)
    assert not Manifest.load(run_folder(folder)).interrupted


def _whole(section: Section) -> None:
    """What was measured until then is balanced."""
    (stage,) = section.stages
    assert stage.name == "struck"
    assert stage.deliveries.acknowledged > 0
    assert stage.ledger.balanced


def test_what_ends_a_run_early_is_told_apart(tmp_path: Path) -> None:
    """SIGTERM or SIGINT to the only sending process, SIGTERM to Locust's, alone, with sending processes or with
    the web UI: void, and each says which. SIGINT to Locust's process is an interrupt.
    """
    with (
        _started(tmp_path / "worker", "--processes", "1") as worker,
        _started(tmp_path / "asked", "--processes", "1") as asked,
        _started(tmp_path / "alone") as alone,
        _started(tmp_path / "master", "--processes", "2") as master,
        _started(tmp_path / "web", "--autostart", *WEB, str(free_port()), headless=False) as web,
        _started(tmp_path / "interrupted") as interrupted,
    ):
        wait_until(lambda: all(map(_sends, tmp_path.iterdir())), 90)
        os.kill(psutil.Process(worker.pid).children()[0].pid, signal.SIGTERM)
        os.kill(psutil.Process(asked.pid).children()[0].pid, signal.SIGINT)
        alone.terminate()
        master.terminate()
        web.terminate()
        interrupted.send_signal(signal.SIGINT)
        assert [locust.wait(30) for locust in (worker, asked, alone, master, web)] == [Exit.VOID] * 5
        assert interrupted.wait(30) == 0
    _void(tmp_path / "worker", "was told to end (SIGTERM or SIGINT)")
    _void(tmp_path / "asked", "was told to end (SIGTERM or SIGINT)")
    _void(tmp_path / "alone", "Locust's process was told to end (SIGTERM)")
    _void(tmp_path / "master", "Locust's process was told to end (SIGTERM)")
    _void(tmp_path / "web", "Locust's process was told to end (SIGTERM)")
    section, _ = analyse(run_folder(tmp_path / "interrupted"))
    assert "interrupted" in codes(section)
    assert section.verdict.status is Status.PASS or codes(section) & BUSY
    _whole(section)
