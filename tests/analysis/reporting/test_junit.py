"""JUnit XML and Markdown of runs and their checks."""

from pathlib import Path
from xml.etree import ElementTree

import pytest

from _hookswarm.analysis.reporting import junit, markdown
from _hookswarm.analysis.reports import analyse
from _hookswarm.analysis.schema.report import Section
from _hookswarm.analysis.verdicts.checks import CheckResult, judge_checks, parse_check
from _hookswarm.analysis.verdicts.default_checks import DEFAULTS
from _hookswarm.analysis.verdicts.measures import numbers_of
from tests.support.journals import arrival, attempt, planned, run
from tests.support.receivers import small_disk


def played(lost: bool = False) -> tuple[Section, list[CheckResult]]:
    """A run of three events, and three checks on it: one holds, one does not, one is of nothing."""
    sent = [attempt(n) for n in range(3)]
    arrivals = [arrival(one) for one in sent[: 2 if lost else 3]]
    found = analyse(run(sent, arrivals, stages=[planned("a | b")]))
    return found.performance, judge_checks(
        [parse_check("due==3"), parse_check("p99_ms<0"), parse_check("capacity_per_s>1")], numbers_of(found)
    )


def test_a_case_for_each_verdict_and_check() -> None:
    """Failures and errors are told apart and counted; what XML cannot hold is not in it."""
    section, results = played()
    tree = ElementTree.fromstring(junit.junit_xml([section], results))
    cases = {case.get("name"): [child.tag for child in case] for case in tree.iter("testcase")}
    defaults = {f"default check {one}": ["system-out"] for one in DEFAULTS}  # what was measured
    asked = {"due==3": ["system-out"], "p99_ms<0": ["failure"], "capacity_per_s>1": ["error"]}
    assert cases == {"verdict": ["system-out"], **defaults, **asked}
    suites = {suite.get("name"): suite for suite in tree}
    assert [suites["checks"].get(name) for name in ("tests", "failures", "errors")] == ["3", "1", "1"]
    assert suites["performance"].get("id") == section.run.id


def test_a_void_run_is_an_error() -> None:
    """With its reasons."""
    section, results = played(lost=True)
    tree = ElementTree.fromstring(junit.junit_xml([section], results))
    (problem,) = [case[0] for case in tree.iter("testcase") if case.get("name") == "verdict"]
    assert problem.tag == "error"
    assert "acknowledged_lost" in (problem.text or "")


def test_the_file_is_whole(tmp_path: Path) -> None:
    """Written in one piece, over an older one."""
    section, results = played()
    path = tmp_path / "junit.xml"
    path.write_text("older")
    junit.write_junit(path, [section], results)
    assert ElementTree.parse(path).getroot().tag == "testsuites"


def test_a_summary_in_markdown(tmp_path: Path) -> None:
    """Checks, verdict and stages; a bar in a name ends no cell; a second run is appended."""
    section, results = played()
    text = markdown.markdown_summary([section], results)
    assert "| `p99_ms<0` | ❌ |" in text
    assert "hookswarm `performance`: pass" in text
    assert r"| a \| b | 3 |" in text
    path = tmp_path / "summary.md"
    markdown.append_markdown(path, text)
    markdown.append_markdown(path, text)
    assert path.read_text().count("### Checks") == 2


def test_a_lower_bound_is_marked_in_markdown() -> None:
    """A percentile that lacks what starved workers would have sent."""
    section, _ = played()
    stage = section.stages[0]
    marked = stage.model_copy(update={"latency_ms": stage.latency_ms.model_copy(update={"lower_bound": True})})
    told = [markdown.markdown_summary([section.model_copy(update={"stages": [one]})], []) for one in (stage, marked)]
    assert [text.count("| \N{GREATER-THAN OR EQUAL TO}1 |") for text in told] == [0, 1]


def test_a_summary_that_a_full_disk_cannot_hold(tmp_path: Path) -> None:
    """The error names the file, which the system does not."""
    with small_disk(tmp_path / "disk", "4k") as disk:
        (disk / "ballast").write_bytes(bytes(4096))
        with pytest.raises(OSError, match="No space") as full:
            markdown.append_markdown(disk / "summary.md", "text")
    assert full.value.filename == str(disk / "summary.md")
