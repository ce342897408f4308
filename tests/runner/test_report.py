"""What the command makes of its runs: the exit code, and what it says where a run cannot be reported."""

import io
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest
from rich.console import Console

from _hookswarm.analysis.reading.frames import RunFrames
from _hookswarm.analysis.reports import analyse
from _hookswarm.common.errors import ConfigError
from _hookswarm.records.exit_codes import Exit
from _hookswarm.records.manifest import MANIFEST
from _hookswarm.records.timeline import RunEnded, StageStarted, Timeline
from _hookswarm.runner.locust import Run
from _hookswarm.runner.options import make_parser
from _hookswarm.runner.preflight import wanted_checks
from _hookswarm.runner.report import Reported, ReportError, conclude, report_run
from tests.support.journals import START, arrival, attempt, run, write_run
from tests.support.receivers import small_disk

ROWS = [attempt(n) for n in range(3)]
GOOD = run(ROWS, [arrival(row) for row in ROWS])
VOID = replace(GOOD, strays=1)
UNKNOWN = run([], [])


@pytest.mark.parametrize(
    ("runs", "checks", "end"),
    [
        ([GOOD, GOOD], [], Exit.PASS),
        ([GOOD, GOOD], ["due==3", "lost==0"], Exit.PASS),
        ([GOOD], ["due==3", "due==4"], Exit.FAIL),
        ([GOOD], ["due==4", "due==3"], Exit.FAIL),
        ([GOOD], ["capacity_per_s>1"], Exit.FAIL),
        ([GOOD, UNKNOWN], ["due==3"], Exit.FAIL),  # one's own check decides, though nothing was acknowledged
        ([GOOD, UNKNOWN], [], Exit.UNTESTED),
        ([UNKNOWN, VOID, GOOD], ["due==3"], Exit.VOID),
        ([VOID], ["due==4"], Exit.VOID),
    ],
)
def test_the_worst_end_is_the_exit_code(runs: Sequence[RunFrames], checks: list[str], end: Exit) -> None:
    """Of all runs and checks. A run that cannot be trusted comes before one that tested nothing, and a check that did
    not hold after both.
    """
    options = make_parser().parse_args([option for check in checks for option in ("--check", check)])
    reported = [Reported(analyse(one, checks=wanted_checks(options)), []) for one in runs]
    screen = io.StringIO()
    assert conclude(reported, options, Console(file=screen, width=100)) == end
    word = {Exit.PASS: "PASS", Exit.FAIL: "FAIL", Exit.VOID: "VOID", Exit.UNTESTED: "UNTESTED"}[end]
    assert screen.getvalue().splitlines()[-1].startswith(f"{word} (exit code {int(end)}): ")


@pytest.mark.parametrize(("runs", "end"), [([], Exit.UNTESTED), ([GOOD], Exit.UNTESTED), ([VOID], Exit.VOID)])
def test_a_target_that_accepts_nothing_is_told_everywhere(
    runs: Sequence[RunFrames], end: Exit, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By the exit code, in JSON, JUnit and Markdown; no check is judged by numbers that there are not."""
    junit, markdown = tmp_path / "junit.xml", tmp_path / "summary.md"
    options = make_parser().parse_args(
        ["--json", "--check", "due==3", f"--junit={junit}", f"--markdown={markdown}", "--output", str(tmp_path)]
    )
    reported = [Reported(analyse(one), []) for one in runs]
    assert conclude(reported, options, Console(file=io.StringIO()), refused="status 401") == end
    told = json.loads(capsys.readouterr().out)
    assert (told["refused"], told["exit_code"], told["checks"], len(told["runs"])) == ("status 401", end, [], len(runs))
    (suite,) = [suite for suite in ElementTree.parse(junit).getroot() if suite.get("name") == "probe"]
    assert [one.get("message") for one in suite.iter("error")] == ["status 401"]
    assert markdown.read_text().endswith("hookswarm: untested\n\n- status 401\n\n")


def test_only_a_run_that_did_not_begin_was_refused(tmp_path: Path) -> None:
    """With Locust's code for it, and the last line that is for people; no other end is taken for one.

    Whose folder is there did not begin either, as long as no stage did: a service may refuse its set-up.
    """
    said = "hookswarm: before\nhookswarm: the target refused\nName # reqs"
    assert Run(tmp_path, False, said, Exit.UNTESTED).refused == "the target refused"
    assert Run(tmp_path, True, said, Exit.UNTESTED).refused == "the target refused"
    Timeline(tmp_path).add(StageStarted(at_ns=1, stage=0, name="one"))
    assert not Run(tmp_path, True, said, Exit.UNTESTED).refused
    assert not Run(tmp_path, False, said, Exit.USAGE).refused


def _report(folder: Path, output: Path, *, began: bool = True, said: str = "") -> Reported:
    options = make_parser().parse_args(["--output", str(output), "--results", str(folder.parent)])
    return report_run(Run(folder, began, said), options, Console(file=io.StringIO()))


def test_a_run_that_did_not_begin_is_a_matter_of_usage(tmp_path: Path) -> None:
    """With the last line that Locust said; no file of the run is looked for."""
    with pytest.raises(ConfigError, match="Locust ended before the run began: no such region"):
        _report(tmp_path / "run", tmp_path, began=False, said="starting\nno such region")


def test_a_run_whose_folder_is_gone_is_none(tmp_path: Path) -> None:
    """It began, so something was sent: the file is named, and what to do."""
    with pytest.raises(ReportError, match="run it again") as gone:
        _report(tmp_path / "run", tmp_path)
    assert str(tmp_path / "run" / MANIFEST) in str(gone.value)


def test_a_full_output_is_named_and_the_run_is_kept(tmp_path: Path) -> None:
    """The file, and the command that reports the run elsewhere."""
    write_run(tmp_path / "run", GOOD)
    with small_disk(tmp_path / "disk", "4k") as disk:
        (disk / "ballast").write_bytes(bytes(4096))
        with pytest.raises(ReportError, match="No space left on device") as full:
            _report(tmp_path / "run", disk)
    assert str(full.value).startswith(str(tmp_path / "disk" / "webhook_performance_results.json"))
    assert f"python -m hookswarm.analysis {tmp_path / 'run'} --output DIR" in str(full.value)


def test_an_output_that_was_removed_is_made_again(tmp_path: Path) -> None:
    """Nothing is lost by it."""
    write_run(tmp_path / "run", GOOD)
    assert (tmp_path / "out/report.html") in _report(tmp_path / "run", tmp_path / "out").files


def test_a_run_that_somebody_ended_says_so(tmp_path: Path) -> None:
    """Whoever got the signal: the command ends as if it were itself."""
    assert not Reported(analyse(GOOD), []).interrupted
    ended = [*GOOD.timeline[:-1], RunEnded(at_ns=START, interrupted=True)]
    manifest = GOOD.manifest.model_copy(update={"interrupted": True})
    assert Reported(analyse(replace(GOOD, timeline=ended, manifest=manifest)), []).interrupted


def test_json_tells_the_code_that_the_command_ends_with(capsys: pytest.CaptureFixture[str]) -> None:
    """Also where somebody ended it, by whatever way."""
    options = make_parser().parse_args(["--json"])
    ended = Reported(
        analyse(
            replace(
                GOOD,
                timeline=[*GOOD.timeline[:-1], RunEnded(at_ns=START, interrupted=True)],
                manifest=GOOD.manifest.model_copy(update={"interrupted": True}),
            )
        ),
        [],
    )
    for reported, interrupted in ((Reported(analyse(GOOD), []), True), (ended, False)):
        end = conclude([reported], options, Console(file=io.StringIO()), interrupted=interrupted)
        assert json.loads(capsys.readouterr().out)["exit_code"] == end == Exit.INTERRUPTED
