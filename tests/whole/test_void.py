"""Runs that must not be trusted: each of these flips the verdict of a run that passes otherwise."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from _hookswarm.protocol.regions import Region, RegionTable, dump_table
from _hookswarm.records.exit_codes import Exit
from _hookswarm.senders.plan.arrivals import Poisson
from _hookswarm.senders.plan.stages import Stage
from tests.support.receivers import free_port, running_receiver
from tests.support.runs import (
    BUSY,
    analyse,
    codes,
    regions_file,
    run_locust,
    running,
)

pytestmark = pytest.mark.slow

LIES = {"nothing": None, "forgets": "acknowledged_lost", "invents": "unexpected_arrivals"}
"""What a receiver does to one arrival in a hundred, and how that is called."""


@contextmanager
def _liar(folder: Path) -> Iterator[Path]:
    port, control = free_port(), free_port()
    table = folder / "regions.toml"
    region = Region(name="local", url=f"http://127.0.0.1:{port}/hooks", control=f"http://127.0.0.1:{control}")
    table.write_text(dump_table(RegionTable(region=(region,))))
    command = ["tests.support.bad_receiver", str(port), str(control), str(folder / "results"), *LIES]
    with running(command, port, folder):
        yield table


def test_a_receiver_that_lies(tmp_path: Path) -> None:
    """One that forgets an acknowledged arrival in a hundred, or invents one, voids the run; one that does not, does
    not: each in a stage of its own, which the reason names.
    """
    stages = [Stage(lie, users=4, webhooks=2, events=1_000, payload="thin") for lie in LIES]
    with _liar(tmp_path) as table:
        run = run_locust(tmp_path, stages, "--regions", str(table))
    section, exit_code = analyse(run)
    assert exit_code == Exit.VOID
    found = {(reason.message.partition(":")[0], reason.code) for reason in section.verdict.reasons}
    assert {(stage, code) for stage, code in found if code not in BUSY} == {
        (lie, code) for lie, code in LIES.items() if code
    }
    for stage in section.stages:
        assert stage.deliveries.acknowledged == 1_000
        assert (stage.ledger.lost, stage.ledger.unexpected) == (
            10 * (stage.name == "forgets"),
            10 * (stage.name == "invents"),
        )


def test_a_generator_starved_of_cpu(tmp_path: Path) -> None:
    """A sender that has to share its core with busy processes measures those, and says so."""
    burn = [sys.executable, "-c", "import os, time; os.sched_setaffinity(0, {0})\nwhile time.time() < %f: pass"]
    # Linux shares a core between sessions first: each gets one of its own.
    command = [*burn[:2], burn[2] % (time.time() + 30)]
    burners = [subprocess.Popen(command, start_new_session=True) for _ in range(3)]
    try:
        with running_receiver(tmp_path) as receiver:
            # On a schedule: where the other core is busy, a closed loop waits for the receiver and lacks no CPU.
            stage = Stage("starved", users=64, duration_s=4, arrivals=Poisson(5_000), payload="thin")
            options = ["--regions", str(regions_file(tmp_path, receiver))]
            run = run_locust(tmp_path, [stage], *options, prefix=["taskset", "-c", "0"])
    finally:
        for burner in burners:
            burner.kill()
            burner.wait()
    section, exit_code = analyse(run)
    assert exit_code == Exit.VOID
    assert "generator_starved" in codes(section)
