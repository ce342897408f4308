"""Runs that must not be trusted: each of these flips the verdict of a run that passes otherwise."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from _hookswarm.protocol.regions import Region, RegionTable, dump_table
from _hookswarm.records.exit_codes import Exit
from _hookswarm.senders.plan.arrivals import Poisson
from _hookswarm.senders.plan.stages import Stage
from tests.support.receivers import free_port, running_receiver, wait_until
from tests.support.runs import (
    BUSY,
    analyse,
    codes,
    end_group,
    regions_file,
    run_folder,
    run_locust,
    running,
    start_locust,
)

pytestmark = pytest.mark.slow

STAGE = Stage("small", users=4, webhooks=2, events=1_000, payload="thin")


@contextmanager
def _receiver_that(lie: str, folder: Path) -> Iterator[Path]:
    port, control = free_port(), free_port()
    table = folder / "regions.toml"
    region = Region(name="local", url=f"http://127.0.0.1:{port}/hooks", control=f"http://127.0.0.1:{control}")
    table.write_text(dump_table(RegionTable(region=(region,))))
    command = ["tests.support.bad_receiver", str(port), str(control), str(folder / "results"), lie]
    with running(command, port, folder):
        yield table


@pytest.mark.parametrize(
    ("lie", "code"), [("nothing", None), ("forgets", "acknowledged_lost"), ("invents", "unexpected_arrivals")]
)
def test_a_receiver_that_lies(tmp_path: Path, lie: str, code: str | None) -> None:
    """A receiver that forgets one acknowledged arrival in a hundred, or invents one, voids the run."""
    with _receiver_that(lie, tmp_path) as table:
        run = run_locust(tmp_path, [STAGE], "--regions", str(table))
    section, exit_code = analyse(run)
    found = codes(section) - BUSY
    if code:
        assert code in found
        assert exit_code == Exit.VOID
    else:
        assert not found
        assert exit_code == Exit.PASS or codes(section)
    ledger = section.stages[0].ledger
    assert (ledger.lost, ledger.unexpected) == (10 * (lie == "forgets"), 10 * (lie == "invents"))


def test_a_worker_killed_in_mid_run(tmp_path: Path) -> None:
    """A sending process that is killed voids the run, and what it had under way is in doubt."""
    with running_receiver(tmp_path) as receiver:
        options = ["--regions", str(regions_file(tmp_path, receiver)), "--processes", "2"]
        process = start_locust(tmp_path, [Stage("long", users=4, duration_s=60, payload="thin")], *options)
        try:
            wait_until(lambda: len(list((tmp_path / "results").glob("*/attempts-*"))) == 2, 30)
            time.sleep(1)
            psutil.Process(process.pid).children()[0].kill()
            killed = time.monotonic()
            process.wait(30)
            assert time.monotonic() - killed < 15
        finally:
            end_group(process)
    section, exit_code = analyse(run_folder(tmp_path))
    assert exit_code == Exit.VOID
    assert "worker_lost" in codes(section)
    assert section.stages[0].deliveries.acknowledged > 0
    assert section.stages[0].ledger.lost == 0


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


def test_a_torn_tail_is_dropped_and_counted(tmp_path: Path) -> None:
    """Half a row at the end of a journal is left out, said so, and does not void the run."""
    with running_receiver(tmp_path) as receiver:
        run = run_locust(tmp_path, [STAGE], "--regions", str(regions_file(tmp_path, receiver)))
    for journal in run.glob("*.journal"):
        with journal.open("ab") as file:
            file.write(b"half a row")
    section, exit_code = analyse(run)
    assert exit_code == Exit.PASS
    assert section.verdict.reasons[0].code == "torn_rows"
    assert section.verdict.reasons[0].message.startswith("2 ")
