"""Four counts of the same run, made apart, agree to the last event."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

from _hookswarm.records.journal import HEADER_SIZE
from _hookswarm.records.rows import DTYPE, Outcome
from _hookswarm.senders.plan.arrivals import Constant, Poisson
from _hookswarm.senders.plan.stages import Stage, sweep
from tests.support.receivers import SECRET, TOKEN, running_receiver
from tests.support.runs import BUSY, analyse, codes, regions_file, run_locust

pytestmark = pytest.mark.slow

STAGES = (
    *sweep(Stage("sequential", webhooks=10, payload="thin"), events=(1, 777)),
    Stage("concurrent", users=5, webhooks=3, duration_s=1),
    Stage("poisson", users=3, webhooks=7, arrivals=Poisson(300), duration_s=2),
    Stage("constant", users=3, arrivals=Constant(500), events=601, payload="github"),
)


def _rows(run: Path, kind: str) -> np.ndarray:
    """Every row of a kind, read without the project's reader."""
    return np.concatenate([np.fromfile(path, DTYPE, offset=HEADER_SIZE) for path in run.glob(f"{kind}-*.journal")])


@pytest.mark.parametrize(("processes", "workers"), [(0, 1), (2, 2)])
def test_all_counts_agree(tmp_path: Path, processes: int, workers: int) -> None:
    """Locust's CSV, the senders' journals, the receivers' journals and the report agree, stage by stage."""
    with running_receiver(tmp_path, "--workers", str(workers)) as receiver:
        options = ["--regions", str(regions_file(tmp_path, receiver))]
        options += ["--processes", str(processes)] if processes else []
        run = run_locust(tmp_path, STAGES, *options)
    section, _ = analyse(run)
    # Several senders and receivers on two cores may starve each other; no count may suffer from that.
    assert codes(section) <= BUSY, section.verdict
    assert len(list(run.glob("attempts-*.journal"))) == max(processes, 1)
    attempts, arrivals = _rows(run, "attempts"), _rows(run, "arrivals")
    with (run / "locust_stats.csv").open() as file:
        told = {row["Name"]: int(row["Request Count"]) for row in csv.DictReader(file) if row["Type"] == "DELIVERY"}
    for number, stage in enumerate(section.stages):
        acknowledged = int(np.count_nonzero((attempts["stage"] == number) & (attempts["outcome"] == 1)))
        assert acknowledged == np.count_nonzero(arrivals["stage"] == number)
        assert acknowledged == told[f"{stage.name} local nearest"]
        assert acknowledged == stage.deliveries.due == stage.deliveries.acknowledged == stage.ledger.received
    assert set(attempts["outcome"]) == {Outcome.ACKNOWLEDGED}
    assert [section.stages[number].deliveries.due for number in (0, 1, 4)] == [1, 777, 601]


def test_no_artefact_holds_the_secret(tmp_path: Path) -> None:
    """Neither the signing secret nor the control token is in any file of a run, nor in what was printed."""
    with running_receiver(tmp_path) as receiver:
        run = run_locust(tmp_path, STAGES[:2], "--regions", str(regions_file(tmp_path, receiver)))
    analyse(run)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 8
    for path in files:
        content = path.read_bytes()
        assert SECRET.removeprefix("whsec_").encode() not in content, path
        assert TOKEN.encode() not in content, path


def test_the_manifest_names_what_the_journals_code(tmp_path: Path) -> None:
    """run.json holds the plan verbatim and the names behind every code in the journals."""
    with running_receiver(tmp_path) as receiver:
        run = run_locust(tmp_path, STAGES[:1], "--regions", str(regions_file(tmp_path, receiver)), "--seed", "7")
    manifest = json.loads((run / "run.json").read_text())
    assert manifest["seed"] == 7
    assert [stage["name"] for stage in manifest["stages"]] == ["sequential events=1"]
    assert [region["name"] for region in manifest["regions"]] == ["local"]
    assert manifest["outcomes"]["1"] == "acknowledged"
    assert manifest["ended_at"] > manifest["started_at"]


def test_processes_that_listen_late_miss_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Locust has users in a process before that listens to our master: the first stage waits for it, and is whole."""
    monkeypatch.setenv("HOOKSWARM_TEST_LATE_S", "2")
    with running_receiver(tmp_path) as receiver:
        options = ["--regions", str(regions_file(tmp_path, receiver)), "--processes", "2"]
        run = run_locust(tmp_path, [Stage("late", users=4, events=400)], *options)
    section, _ = analyse(run)
    assert section.stages[0].deliveries.acknowledged == 400
    assert "has no attribute" not in (tmp_path / "locust.log").read_text()
