"""Whole runs, for tests: Locust with stages of the test's own, and the analysis after it."""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from _hookswarm.analysis.__main__ import main as analysis
from _hookswarm.analysis.schema.report import PerformanceReport, Section
from _hookswarm.protocol.regions import Region, RegionTable, dump_table
from _hookswarm.senders.plan.stages import Stage, to_plain
from tests.support.receivers import CHECKOUT, RunningReceiver, environment, free_port

PLAN = CHECKOUT / "tests/support/locustfiles/plan.py"
RUNNER = CHECKOUT / "run_webhook_performance_tests.py"

BUSY = frozenset({
    "generator_late", "generator_starved", "generator_saturated", "machine_disturbed", "machine_stalled",
    "receiver_stalled",
})  # fmt: skip
"""What a run says that others used the machine beside: tolerated by tests of what holds all the same."""


def regions_file(folder: Path, receiver: RunningReceiver) -> Path:
    """A table with one region: that receiver."""
    path = folder / "regions.toml"
    region = Region(name="local", url=receiver.url, control=receiver.control)
    path.write_text(dump_table(RegionTable(region=(region,))))
    return path


def start_locust(
    folder: Path,
    stages: Sequence[Stage],
    *options: str,
    prefix: Sequence[str] = (),
    headless: bool = True,
    test: str = "performance",
    env: Mapping[str, str] | None = None,
) -> "subprocess.Popen[bytes]":
    """Plain Locust in `folder`; what it says goes to locust.log."""
    plain = json.dumps([to_plain(stage) for stage in stages])
    command = [*prefix, sys.executable, "-m", "locust", "-f", str(PLAN), *options]
    command += [] if "--replay" in options else ["--no-replay"]  # tests beside each other disturb each other
    command += ["--headless", "--only-summary"] if headless else []
    if "--processes" in options:
        port = str(free_port())
        command += ["--master-bind-host", "127.0.0.1", "--master-bind-port", port, "--master-port", port]
    with (folder / "locust.log").open("wb") as log:
        told = environment(HOOKSWARM_TEST_STAGES=plain, HOOKSWARM_TEST_NAME=test, **(env or {}))
        return subprocess.Popen(command, cwd=folder, env=told, stdout=log, stderr=log, start_new_session=True)


def run_locust(
    folder: Path,
    stages: Sequence[Stage],
    *options: str,
    timeout_s: float = 120,
    prefix: Sequence[str] = (),
    test: str = "performance",
    env: Mapping[str, str] | None = None,
) -> Path:
    """Run the stages to their end; returns the run's folder."""
    process = start_locust(folder, stages, *options, prefix=prefix, test=test, env=env)
    try:
        process.wait(timeout_s)
    finally:
        end_group(process)
    return run_folder(folder)


def run_folder(folder: Path) -> Path:
    """The one run in `folder`'s results."""
    runs = [path.parent for path in (folder / "results").glob("*/run.json")]
    assert len(runs) == 1, (runs, (folder / "locust.log").read_text())
    return runs[0]


def end_group(process: "subprocess.Popen[bytes]") -> None:
    """End a process that leads a session, and all that it started."""
    try:
        os.killpg(process.pid, 9)
    except ProcessLookupError:
        pass
    process.wait(10)


def analyse(run: Path) -> tuple[Section, int]:
    """What `python -m hookswarm.analysis` makes of a run, and its exit code; disturbed stages keep their figures.

    In the tests' own process, which has imported what that command needs a second for.
    """
    code = analysis([str(run), "--output", str(run), "--keep-disturbed"])
    report = PerformanceReport.model_validate_json((run / "webhook_performance_results.json").read_text())
    (section,) = report.sections.values()
    return section, code


def codes(section: Section) -> set[str]:
    """The codes of a verdict's reasons."""
    return {reason.code for reason in section.verdict.reasons}


@contextmanager
def running(command: Sequence[str], port: int, folder: Path) -> Iterator[int]:
    """A helper process of the tests, from when it listens on `port`; its id."""
    with subprocess.Popen([sys.executable, "-m", *command], cwd=folder, env=environment()) as process:
        try:
            for _ in range(100):
                try:
                    socket.create_connection(("127.0.0.1", port), timeout=1).close()
                    break
                except OSError:
                    time.sleep(0.1)
            yield process.pid
        finally:
            process.kill()
