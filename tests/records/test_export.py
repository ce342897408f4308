"""Journals as tables for other tools."""

from pathlib import Path

import pandas as pd
import pytest

from _hookswarm.records.__main__ import main
from _hookswarm.records.export import export, journal_table
from _hookswarm.records.journal import Header, Journal
from _hookswarm.records.rows import Flag, pack_row
from tests.records.test_manifest import manifest


def write(folder: Path, kind: str, process: str, *rows: bytes, region: str = "") -> None:
    journal = Journal(folder / f"{kind}-{process}.journal", Header(kind, "run-1", process, 0, region))
    for row in rows:
        journal.append(row)
    journal.close()


def row(sequence: int, stage: int = 0, flags: int = Flag.WRITTEN) -> bytes:
    return pack_row(
        webhook=3, sequence=sequence, due=10, start=1_795_000_000_000_000_123, attempt=1, stage=stage, size=100,
        digest=5, run=9, done=20, status=204, outcome=1, flags=flags,
    )  # fmt: skip


@pytest.fixture
def run(tmp_path: Path) -> Path:
    folder = tmp_path / "run-1"
    folder.mkdir()
    manifest().save(folder)
    write(folder, "attempts", "w1", row(0), row(1, stage=1))
    write(folder, "attempts", "w2", row(2))
    write(folder, "arrivals", "local-7", row(0), region="local")
    return folder


def test_names_stand_in_for_codes(run: Path) -> None:
    """A table reads without the manifest beside it."""
    frame = journal_table(run, "attempts")
    assert frame["sequence"].tolist() == [0, 1, 2]
    assert frame["process"].tolist() == ["w1", "w1", "w2"]
    assert frame["stage"].tolist() == ["sequential", "concurrent", "sequential"]
    assert set(frame["origin"]) == {"local"}
    assert set(frame["strategy"]) == {"single"}
    assert set(frame["outcome"]) == {"acknowledged"}
    assert journal_table(run, "arrivals")["region"].tolist() == ["local"]


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_nothing_is_rounded(form: str, run: Path, tmp_path: Path) -> None:
    """Nanoseconds survive the way to the file and back."""
    attempts, arrivals = export(run, form, tmp_path / "out")
    read = pd.read_csv if form == "csv" else pd.read_parquet
    assert read(attempts)["start"].tolist() == [1_795_000_000_000_000_123] * 3
    assert len(read(arrivals)) == 1


def test_codes_nobody_named_are_blank(run: Path) -> None:
    """A stage that the plan does not have gets no name rather than a wrong one."""
    write(run, "attempts", "w3", row(9, stage=40))
    assert journal_table(run, "attempts")["stage"].isna().tolist() == [False, False, False, True]


def test_a_foreign_arrival_has_no_stage(run: Path) -> None:
    """An event that is not ours belongs to no stage, region or strategy of ours."""
    write(run, "arrivals", "local-8", row(9, flags=Flag.WRITTEN | Flag.FOREIGN), region="local")
    frame = journal_table(run, "arrivals")
    for column in ("stage", "origin", "target", "strategy"):
        assert frame[column].isna().tolist() == [False, True]


@pytest.mark.parametrize("form", ["csv", "parquet"])
def test_a_run_without_journals_exports(form: str, tmp_path: Path) -> None:
    """A run that sent nothing is two empty tables, not an error."""
    manifest().save(tmp_path)
    assert [path.name for path in export(tmp_path, form, tmp_path)] == [f"attempts.{form}", f"arrivals.{form}"]


def test_the_command_names_what_it_wrote(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`python -m hookswarm.records export RUN` writes into the run's folder and says where."""
    assert main(["export", str(run), "--format", "csv"]) == 0
    assert capsys.readouterr().out.split() == [str(run / "attempts.csv"), str(run / "arrivals.csv")]


def test_bad_input_is_one_line(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """No run, a damaged journal, nowhere to write: exit code 2 and one line with the path."""
    assert main(["export", str(tmp_path / "nothing")]) == 2
    assert main(["export", str(run), "--out", str(run / "run.json")]) == 2
    (run / "attempts-w9.journal").write_bytes(b"junk")
    assert main(["export", str(run)]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3
    for line, path in zip(lines, ("nothing", "run.json", "attempts-w9.journal"), strict=True):
        assert line.startswith("error: ")
        assert path in line
    assert lines[1].startswith(f"error: {run / 'run.json'}: File exists: ")
