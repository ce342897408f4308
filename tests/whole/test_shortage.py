"""Senders whose own machine gives out: the run is void, and says what was lacking."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from _hookswarm.analysis.schema.io import IoReport, IoStage
from _hookswarm.analysis.schema.report import Section
from _hookswarm.records.exit_codes import Exit
from _hookswarm.senders.plan.arrivals import Constant
from _hookswarm.senders.plan.stages import Stage, to_plain
from tests.support.network import few_ports
from tests.support.receivers import CHECKOUT, environment, running_receiver
from tests.support.runs import analyse, regions_file, run_folder, run_locust

pytestmark = pytest.mark.slow


def found(run: Path) -> tuple[Section, IoStage]:
    """The report of a run that is void, and what limited its only stage."""
    section, end = analyse(run)
    assert end == Exit.VOID
    (io,) = IoReport.model_validate_json((run / "io_bottleneck_results.json").read_text()).sections.values()
    return section, io.stages[0]


def assert_told(run: Path, what: str, advice: str) -> None:
    """The verdict, the bottleneck and Locust's failures name the same."""
    section, stage = found(run)
    (reason,) = [reason for reason in section.verdict.reasons if reason.code == "local_shortage"]
    assert advice in reason.message
    assert (stage.bottleneck, advice in stage.try_next) == (what, True)
    by_outcome = section.stages[0].attempts.by_outcome
    assert min(by_outcome["local_shortage"], by_outcome.get("acknowledged", 0)) > 0  # who has a connection goes on
    assert "refused" not in by_outcome
    assert "local_shortage: " in (run / "locust_failures.csv").read_text()


def test_no_local_port_is_left(tmp_path: Path) -> None:
    """Connections that are not kept use up 64 ports, which stay used for a minute."""
    stage = Stage("ports", users=8, arrivals=Constant(400), duration_s=1.5, reuse=False, payload="thin")
    with few_ports(64) as inside:
        command = [*inside, sys.executable, "-m", "tests.support.played", str(tmp_path)]
        command += [json.dumps([to_plain(stage)])]
        subprocess.run(command, cwd=CHECKOUT, env=environment(), check=True, timeout=120)
    assert_told(run_folder(tmp_path), "local ports", "net.ipv4.ip_local_port_range")


def test_no_file_descriptor_is_left(tmp_path: Path) -> None:
    """A closed loop of sixty workers with `ulimit -n 66` ends in time, and says what it lacked."""
    stage = Stage("descriptors", users=60, duration_s=1, payload="thin")
    with running_receiver(tmp_path) as receiver:
        options = ["--regions", str(regions_file(tmp_path, receiver))]
        few = ["sh", "-c", 'ulimit -n 66; exec "$@"', "sh"]
        run = run_locust(tmp_path, [stage], *options, prefix=few, test="resource")
    assert_told(run, "file descriptors", "ulimit -n")
