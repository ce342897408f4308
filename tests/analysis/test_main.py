"""`python -m hookswarm.analysis`: reports, exit codes, errors."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from _hookswarm.analysis.__main__ import main
from _hookswarm.analysis.reporting import files
from _hookswarm.analysis.reports import analyse
from _hookswarm.analysis.schema.files import MEMORY, PERFORMANCE
from _hookswarm.analysis.schema.memory import MemoryReport
from _hookswarm.analysis.schema.report import PerformanceReport, Section
from _hookswarm.records.exit_codes import Exit
from _hookswarm.records.manifest import MANIFEST
from _hookswarm.records.timeline import TIMELINE
from tests.support.journals import arrival, attempt, planned, run, write_run
from tests.support.receivers import CHECKOUT, small_disk

ARGUMENTS = ["run", "--output", "out"]
ROWS = [attempt(n) for n in range(3)]
GOOD = run(ROWS, [arrival(row) for row in ROWS])


def _main(tmp_path: Path) -> int:
    out = tmp_path / "out"
    out.mkdir(exist_ok=True)
    return main([str(tmp_path / "run"), "--output", str(out)])


def _section(tmp_path: Path) -> Section:
    text = (tmp_path / "out" / PERFORMANCE).read_text()
    return PerformanceReport.model_validate_json(text).sections["performance"]


def test_a_good_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The summary is printed, the section written, its path told, and 0 returned."""
    write_run(tmp_path / "run", GOOD)
    assert _main(tmp_path) == Exit.PASS
    said = capsys.readouterr()
    assert said.out.startswith("PASS performance")
    out = tmp_path / "out"
    alone = tmp_path / "run/report.html"
    assert said.out.splitlines()[-4:-1] == [str(out / PERFORMANCE), str(out / "report.html"), str(alone)]
    assert said.out.splitlines()[-1] == "PASS (exit code 0): performance: 4 default checks held"
    assert alone.exists()
    assert said.err == ""
    assert _section(tmp_path) == analyse(GOOD).performance


def test_what_fits_alone_needs_is_imported_when_something_is_fitted() -> None:
    """SciPy takes as long to import as all else together: whoever judges a run that needs none of it does not wait."""
    code = "import sys, _hookswarm.analysis.__main__, _hookswarm.runner.report; assert 'scipy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, check=True)


def test_the_series_goes_into_the_run_s_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A row for each second of each stage; where it cannot be written, the reports are, and one line says so."""
    write_run(tmp_path / "run", GOOD)
    path = tmp_path / "run/series.csv"
    assert _main(tmp_path) == Exit.PASS
    assert capsys.readouterr().out.splitlines()[-5] == str(path)
    assert len(path.read_text().splitlines()) == 1 + 10
    path.unlink()
    path.mkdir()
    assert _main(tmp_path) == Exit.PASS
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"{path} was not written: ")


def test_only_the_load_test_tells_its_series(tmp_path: Path) -> None:
    """Other sections hold no series, for their stages are compared, not watched."""
    assert analyse(GOOD).performance.series is None
    found = analyse(replace(GOOD, manifest=GOOD.manifest.model_copy(update={"test": "load"}))).performance.series
    assert found is not None
    assert [(points.stage, points.step_s) for points in found] == [("stage", 1)]


def test_the_verdict_is_the_exit_code(tmp_path: Path) -> None:
    """A void run ends with 3, one that tested nothing with 4; both write their reports."""
    write_run(tmp_path / "run", replace(GOOD, locust_totals=None))
    assert _main(tmp_path) == Exit.VOID
    assert _section(tmp_path).verdict.status == "void"
    write_run(tmp_path / "unknown/run", run([], []))
    assert _main(tmp_path / "unknown") == Exit.UNTESTED


def test_a_torn_tail_is_dropped_and_counted(tmp_path: Path) -> None:
    """Half a row at the end of each journal is left out, said so, and does not void the run."""
    write_run(tmp_path / "run", GOOD)
    for journal in (tmp_path / "run").glob("*.journal"):
        with journal.open("ab") as file:
            file.write(b"half a row")
    assert _main(tmp_path) == Exit.PASS
    (reason,) = _section(tmp_path).verdict.reasons
    assert (reason.code, reason.message[:2]) == ("torn_rows", "2 ")
    assert _section(tmp_path).stages[0].deliveries.acknowledged == len(ROWS)


@pytest.mark.parametrize(
    ("checks", "end"),
    [
        (["lost==0"], Exit.PASS),
        (["lost==0", "due==4"], Exit.FAIL),
        (["due==4", "lost==0"], Exit.FAIL),
        (["capacity_per_s>1"], Exit.FAIL),
    ],
    ids=["held", "the second failed", "the first failed", "not known"],
)
def test_a_check_that_does_not_hold_is_the_exit_code(tmp_path: Path, checks: list[str], end: Exit) -> None:
    """One of several is enough, and so is one on a number that the run does not have; a void run stays void."""
    options = [option for check in checks for option in ("--check", check)]
    write_run(tmp_path / "run", GOOD)
    assert main([str(tmp_path / "run"), "--output", str(tmp_path / "out"), *options]) == end
    write_run(tmp_path / "void", replace(GOOD, locust_totals=None))
    assert main([str(tmp_path / "void"), "--output", str(tmp_path / "out"), *options]) == Exit.VOID


def test_memory_without_psutil(tmp_path: Path) -> None:
    """A folder without logs, analysed where psutil is not: memory is skipped, for its reason; the rest is written."""
    told = {"psutil": "psutil cannot be imported: no module"}
    stages = [planned(scenario="memory")]
    write_run(tmp_path / "run", run(ROWS, [arrival(row) for row in ROWS], stages=stages, environment=told))
    (tmp_path / "out").mkdir()
    code = "import sys; sys.modules['psutil'] = None; from hookswarm import analysis; "
    code += f"sys.exit(analysis.main({ARGUMENTS}))"
    command = [sys.executable, "-c", code]
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT)}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (Exit.PASS, "")
    paths = [f"out/{name}" for name in (PERFORMANCE, MEMORY, "report.html")]
    assert done.stdout.splitlines()[-5:-2] == paths
    assert "memory  skipped: psutil cannot be imported: no module" in done.stdout
    assert _section(tmp_path).stages[0].deliveries.acknowledged == len(ROWS)
    memory = MemoryReport.model_validate_json((tmp_path / "out" / MEMORY).read_text()).sections["performance"]
    assert (memory.skipped, memory.stages, memory.fits) == (told["psutil"], [], {})


def _append(name: str) -> Callable[[Path], object]:
    def damage(folder: Path) -> None:
        with (folder / name).open("ab") as file:
            file.write(b"\xffdamage\n")

    return damage


def _folder_for_a_file(folder: Path) -> None:
    (folder / "arrivals-w1.journal").unlink()
    (folder / "arrivals-w1.journal").mkdir()


DAMAGE: dict[str, Callable[[Path], object]] = {
    MANIFEST: _append(MANIFEST),
    TIMELINE: _append(TIMELINE),
    "run is not": lambda folder: folder.rename(folder.with_name("elsewhere")),
    f"run is not a run's folder: {MANIFEST}": lambda folder: (folder / MANIFEST).rename(folder / "kept"),
    "arrivals-w1.journal": _folder_for_a_file,
    PERFORMANCE: lambda folder: (folder.parent / "out" / PERFORMANCE).write_text("mine"),
    MEMORY: lambda folder: (folder.parent / "out" / MEMORY).write_text("mine"),
}


@pytest.mark.parametrize(("named", "damage"), DAMAGE.items(), ids=DAMAGE.keys())
def test_one_clear_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], named: str, damage: Callable[[Path], object]
) -> None:
    """What cannot be read is named in one line on stderr; the exit code is 2, and no report is touched."""
    write_run(tmp_path / "run", GOOD)
    (tmp_path / "out").mkdir()
    damage(tmp_path / "run")
    assert _main(tmp_path) == Exit.USAGE
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("error: ")
    assert named in line
    assert [path.read_text() for path in (tmp_path / "out").iterdir()] in ([], ["mine"])


@pytest.mark.parametrize(
    ("damaged", "end", "code"),
    [("attempts-odd.journal", Exit.VOID, "journal_damaged"), ("resources-odd.csv", Exit.PASS, "log_damaged")],
)
def test_what_can_be_told_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], damaged: str, end: Exit, code: str
) -> None:
    """A journal or a log that cannot be read is left out and named; the reports are written without it."""
    write_run(tmp_path / "run", GOOD)
    (tmp_path / "out").mkdir()
    (tmp_path / "run" / damaged).write_text("no file of ours\n")
    assert _main(tmp_path) == end
    out = capsys.readouterr().out
    assert code in out
    assert (tmp_path / "out" / PERFORMANCE).exists()


def test_an_output_folder_that_is_not_there_is_made(tmp_path: Path) -> None:
    """As the runner does; but not for a run that is none."""
    write_run(tmp_path / "run", GOOD)
    out = tmp_path / "new/out"
    assert main([str(tmp_path / "none"), "--output", str(out)]) == Exit.USAGE
    assert not out.exists()
    assert main([str(tmp_path / "run"), "--output", str(out)]) == Exit.PASS
    assert (out / PERFORMANCE).exists()


@pytest.mark.parametrize("below", ["", "below"])
def test_an_output_folder_that_cannot_be_made(tmp_path: Path, capsys: pytest.CaptureFixture[str], below: str) -> None:
    """The error names the option and the folder, before anything is said of the run."""
    write_run(tmp_path / "run", GOOD)
    (tmp_path / "file").touch()
    out = tmp_path / "file" / below
    assert main([str(tmp_path / "run"), "--output", str(out)]) == Exit.USAGE
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"error: --output {out} cannot be written: ")


def test_a_full_disk_is_named_with_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The system tells no name for what it cannot write; and a reader looks for the report, not for its draft."""
    write_run(tmp_path / "run", GOOD)
    with small_disk(tmp_path / "disk", "4k") as disk:
        (disk / "ballast").write_bytes(bytes(4096))
        assert main([str(tmp_path / "run"), "--output", str(disk)]) == Exit.USAGE
        assert [path.name for path in disk.iterdir()] == ["ballast"]
    assert capsys.readouterr().err.splitlines() == [
        f"error: {disk / PERFORMANCE}: No space left on device: make room there, and run it again"
    ]


def test_an_output_that_takes_nothing_is_told_without_a_name(tmp_path: Path) -> None:
    """`… > FILE` on a full disk: no file is named, least of all None."""
    write_run(tmp_path / "run", GOOD)
    command = [sys.executable, "-m", "hookswarm.analysis", "run"]
    environment = {**os.environ, "PYTHONPATH": str(CHECKOUT), "PYTHONUNBUFFERED": "1"}
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(command, cwd=tmp_path, env=environment, stdout=full, stderr=subprocess.PIPE, text=True)
    said = "error: No space left on device: make room there, and run it again\n"
    assert (done.returncode, done.stderr) == (Exit.USAGE, said)


def test_schemas(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`schemas DIR` makes the folder, writes a schema for each report, and says where."""
    folder = tmp_path / "docs/schemas"
    assert main(["schemas", str(folder)]) == Exit.PASS
    assert {path.name: path.read_text() for path in folder.iterdir()} == files.json_schemas()
    assert capsys.readouterr().out.split() == [str(folder / name) for name in files.json_schemas()]
