"""Four counts of the same run, made apart, agree to the last event."""

import csv
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from _hookswarm.analysis.schema.report import Section
from _hookswarm.records.journal import HEADER_SIZE
from _hookswarm.records.reading import DTYPE
from _hookswarm.records.rows import Outcome
from _hookswarm.senders.plan.arrivals import Constant, Poisson
from _hookswarm.senders.plan.stages import Stage, named
from _hookswarm.senders.plan.variations import sweep
from tests.support.receivers import SECRET, TOKEN, running_receiver
from tests.support.runs import BUSY, analyse, codes, regions_file, run_locust

pytestmark = pytest.mark.slow

STAGES = (
    *sweep(Stage("sequential", webhooks=10, payload="thin"), events=(1, 777)),
    Stage("concurrent", users=5, webhooks=3, duration_s=1),
    Stage("poisson", users=3, webhooks=7, arrivals=Poisson(300), duration_s=2),
    Stage("constant", users=3, arrivals=Constant(500), events=601, payload="github"),
)


@dataclass(frozen=True)
class Run:
    """What a run left, and where."""

    folder: Path
    path: Path
    section: Section
    processes: int

    def rows(self, kind: str) -> np.ndarray:
        """Every row of a kind, read without the project's reader."""
        paths = self.path.glob(f"{kind}-*.journal")
        return np.concatenate([np.fromfile(path, DTYPE, offset=HEADER_SIZE) for path in paths])


@pytest.fixture(scope="module", params=[(0, 1), (2, 2)], ids="processes={0[0]} workers={0[1]}".format)
def run(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """With so many sending processes, and the receiver's."""
    processes, workers = request.param
    folder = tmp_path_factory.mktemp("run")
    with running_receiver(folder, "--workers", str(workers)) as receiver:
        options = ["--regions", str(regions_file(folder, receiver)), "--seed", "7"]
        options += ["--processes", str(processes)] if processes else []
        path = run_locust(folder, STAGES, *options)
    section, _ = analyse(path)
    # Several senders and receivers on two cores may starve each other; no count may suffer from that.
    assert codes(section) <= BUSY, section.verdict
    return Run(folder, path, section, processes)


def test_all_counts_agree(run: Run) -> None:
    """Locust's CSV, the senders' journals, the receivers' journals and the report agree, stage by stage."""
    assert len(list(run.path.glob("attempts-*.journal"))) == max(run.processes, 1)
    attempts, arrivals = run.rows("attempts"), run.rows("arrivals")
    with (run.path / "locust_stats.csv").open() as file:
        told = {row["Name"]: int(row["Request Count"]) for row in csv.DictReader(file) if row["Type"] == "DELIVERY"}
    for number, stage in enumerate(run.section.stages):
        acknowledged = int(np.count_nonzero((attempts["stage"] == number) & (attempts["outcome"] == 1)))
        assert acknowledged == np.count_nonzero(arrivals["stage"] == number)
        assert acknowledged == told[f"{stage.name} local nearest"]
        assert acknowledged == stage.deliveries.due == stage.deliveries.acknowledged == stage.ledger.received
    assert set(attempts["outcome"]) == {Outcome.ACKNOWLEDGED}
    assert [run.section.stages[number].deliveries.due for number in (0, 1, 4)] == [1, 777, 601]


def test_no_artefact_holds_the_secret(run: Run) -> None:
    """Neither the signing secret nor the control token is in any file of a run, nor in what was printed."""
    files = [path for path in run.folder.rglob("*") if path.is_file()]
    assert len(files) > 8
    for path in files:
        content = path.read_bytes()
        assert SECRET.removeprefix("whsec_").encode() not in content, path
        assert TOKEN.encode() not in content, path


def test_the_manifest_names_what_the_journals_code(run: Run) -> None:
    """run.json holds the plan verbatim and the names behind every code in the journals."""
    manifest = json.loads((run.path / "run.json").read_text())
    assert manifest["seed"] == 7
    assert [stage["name"] for stage in manifest["stages"]] == [stage.name for stage in named(STAGES)]
    assert manifest["stages"][0]["name"] == "sequential events=1"
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
