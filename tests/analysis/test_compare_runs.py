"""`python -m hookswarm.analysis compare`: runs from disk, what is refused, and the exit code."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from _hookswarm.analysis.__main__ import main
from _hookswarm.records.exit_codes import Exit
from _hookswarm.records.manifest import MANIFEST
from tests.support.journals import MS, START, arrival, attempt, planned, run, write_run


def play(folder: Path, seed: int, took_ms: float = 20, lost: int = 0, **manifest: Any) -> Path:
    """A run of a hundred events that took so long, give or take."""
    random = np.random.default_rng(seed)
    sent = [attempt(n, done=START + round(took_ms * float(random.lognormal(0, 0.1)) * MS)) for n in range(100)]
    arrivals = [arrival(one) for one in sent[lost:]]
    manifest.setdefault("stages", [planned("steady")])
    write_run(folder, run(sent, arrivals, **manifest))
    return folder


def several(folder: Path, count: int, first: int = 0, **fields: Any) -> Path:
    for number in range(count):
        play(folder / f"run-{number}", first + number, **fields)
    return folder


def test_a_regression_ends_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Three runs against three slower ones; the other way round it is none."""
    base, slow = several(tmp_path / "base", 3), several(tmp_path / "slow", 3, first=10, took_ms=40)
    assert main(["compare", str(base), str(slow)]) == Exit.FAIL
    out = capsys.readouterr().out
    assert out.startswith("REGRESSION  3 runs against 3")
    assert "p50_ms" in out
    assert max(map(len, out.splitlines())) <= 100
    assert main(["compare", str(slow), str(base)]) == Exit.PASS
    assert "better" in capsys.readouterr().out


def test_runs_that_are_alike(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Say that there is no difference that they can show; and single runs that they show nothing."""
    base, new = several(tmp_path / "base", 3), several(tmp_path / "new", 3, first=10)
    assert main(["compare", str(base), str(new)]) == Exit.PASS
    assert "no difference that these runs can show" in capsys.readouterr().out
    assert main(["compare", str(base / "run-0"), str(new / "run-0")]) == Exit.PASS
    assert "make three of each" in capsys.readouterr().out


def test_a_void_run_is_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And said so; where none is left, there is nothing to compare."""
    base, new = several(tmp_path / "base", 2), several(tmp_path / "new", 2, first=10)
    play(new / "run-9", 99, took_ms=500, lost=3)
    assert main(["compare", str(base), str(new)]) == Exit.PASS
    assert "is left out: void (acknowledged_lost)" in "".join(capsys.readouterr().out.split("\n")).replace("  ", " ")
    assert main(["compare", str(base), str(new / "run-9")]) == Exit.USAGE
    assert "no run that can be trusted" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("fields", "part"),
    [({"test": "load"}, "test differ"), ({"stages": [planned("other")]}, "stages differ")],
    ids=["another test", "other stages"],
)
def test_runs_of_another_kind_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], fields: dict[str, Any], part: str
) -> None:
    """With what differs, and where."""
    base, new = play(tmp_path / "base", 1), play(tmp_path / "new", 2, **fields)
    assert main(["compare", str(base), str(new)]) == Exit.USAGE
    said = capsys.readouterr().err
    assert "cannot be compared" in said
    assert part in said
    assert str(new) in said


def test_another_schema_version_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Before anything of it is read."""
    base, new = play(tmp_path / "base", 1), play(tmp_path / "new", 2)
    told = json.loads((new / MANIFEST).read_text())
    (new / MANIFEST).write_text(json.dumps(told | {"version": 2}))
    assert main(["compare", str(base), str(new)]) == Exit.USAGE
    assert "their version differ" in capsys.readouterr().err


@pytest.mark.parametrize("damage", ["not JSON", "[]", '{"version": 1}', "[" * 100_000])
def test_what_is_no_run_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str], damage: str) -> None:
    """An empty folder, or a damaged manifest."""
    base, new = play(tmp_path / "base", 1), tmp_path / "new"
    new.mkdir()
    assert main(["compare", str(base), str(new)]) == Exit.USAGE
    assert "is no run's folder" in capsys.readouterr().err
    (new / MANIFEST).write_text(damage)
    assert main(["compare", str(base), str(new)]) == Exit.USAGE
    assert "is damaged" in capsys.readouterr().err
