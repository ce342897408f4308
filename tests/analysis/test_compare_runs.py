"""`python -m hookswarm.analysis compare`: runs from disk, what is refused, and the exit code."""

import json
import re
import shutil
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
    assert out.startswith("REGRESSION  3 runs against 3, 6 numbers: ")
    assert "python -m hookswarm.analysis RUN" in out
    assert "p50_ms" in out
    assert max(map(len, out.splitlines())) <= 100
    assert main(["compare", str(slow), str(base)]) == Exit.PASS
    assert "better" in capsys.readouterr().out


def said(capsys: pytest.CaptureFixture[str]) -> str:
    """What was printed, however it was wrapped."""
    return " ".join(capsys.readouterr().out.split())


def test_runs_that_are_alike(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Say how many numbers are the same; where there are too few of them, which they cannot tell, and what helps."""
    base, new = several(tmp_path / "base", 3), several(tmp_path / "new", 3, first=10)
    assert main(["compare", str(base), str(new)]) == Exit.PASS
    assert said(capsys) == "NO REGRESSION 3 runs against 3, 6 numbers: 6 the same"
    for folder in (base, new):
        shutil.rmtree(folder / "run-2")
    assert main(["compare", str(base), str(new)]) == Exit.PASS
    told = said(capsys)
    numbers = r"6 numbers: \d the same, \d that these runs cannot tell"
    assert re.match(rf"NO REGRESSION 2 runs against 2, {numbers} not told: ", told)
    assert re.search(r"steady p\d\d_ms \(-\d+\.\d% \.\. \+\d+\.\d%\).*: more runs of each side narrow them$", told)


@pytest.mark.parametrize("others", [0, 2])
def test_one_run_of_a_side_cannot_tell(tmp_path: Path, capsys: pytest.CaptureFixture[str], others: int) -> None:
    """Though the receiver be six times slower: that is a result of its own, with an exit code of its own."""
    base, slow = play(tmp_path / "base", 1), several(tmp_path / "slow", 1 + others, first=10, took_ms=120)
    assert main(["compare", str(base), str(slow)]) == Exit.CANNOT_TELL
    assert int(Exit.CANNOT_TELL) == 5
    told = said(capsys)
    assert told.startswith(f"CANNOT TELL 1 run against {1 + others}, 6 numbers: 6 that these runs cannot tell ")
    assert told.endswith("three of each, or more, or hold these against the threshold as they are (--threshold-only)")


def test_by_the_threshold_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One run against one: the plain values decide, and the headline says that it is that."""
    base, slow = play(tmp_path / "base", 1), play(tmp_path / "slow", 10, took_ms=120)
    assert main(["compare", str(base), str(slow), "--threshold-only"]) == Exit.FAIL
    told = said(capsys)
    assert told.startswith("REGRESSION BY THE THRESHOLD ALONE 1 run against 1, 6 numbers: 2 worse, 0 better, the ")
    assert "this says nothing of the next: make three of each, or more" in told
    assert "interval" not in told
    assert main(["compare", str(slow), str(base), "--threshold-only"]) == Exit.PASS
    assert said(capsys).startswith("NO REGRESSION BY THE THRESHOLD ALONE 1 run against 1, 6 numbers: 0 worse, 2 better")
    options = ["--threshold-only", "--threshold", "900"]
    assert main(["compare", str(base), str(slow), *options]) == Exit.PASS
    assert "0 worse, 0 better, the others within 900 %" in said(capsys)


def test_a_small_difference_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One that these runs show, and that is below the threshold, is no regression, and not the same either."""
    base, slow = several(tmp_path / "base", 4), several(tmp_path / "slow", 4, first=10, took_ms=24)
    assert main(["compare", str(base), str(slow), "--threshold", "50"]) == Exit.PASS
    told = said(capsys)
    assert told.startswith("NO REGRESSION 4 runs against 4, 6 numbers: ")
    assert re.search(r"\d different by less than matters", told)
    assert re.search(r"steady p50_ms [\d.]+ [\d.]+ \+[\d.]+% \+[\d.]+% \.\. \+[\d.]+% small", told)


def test_a_comparison_takes_two(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of one set of runs it is usage, in one line that says what to do."""
    assert main(["compare", str(several(tmp_path / "base", 1))]) == Exit.USAGE
    said = capsys.readouterr().err
    assert said == "error: compare takes two sets of runs: name the one to compare with after the first\n"


def test_a_void_run_is_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And said so; where none is left, there is nothing to compare."""
    base, new = several(tmp_path / "base", 2), several(tmp_path / "new", 2, first=10)
    play(new / "run-9", 99, took_ms=500, lost=3)
    assert main(["compare", str(base), str(new)]) == Exit.PASS
    assert "is left out: void (acknowledged_lost)" in " ".join(capsys.readouterr().out.split())
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
    assert "is not a run's folder" in capsys.readouterr().err
    (new / MANIFEST).write_text(damage)
    assert main(["compare", str(base), str(new)]) == Exit.USAGE
    assert "is damaged" in capsys.readouterr().err
