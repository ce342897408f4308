"""Failures on the terminal, in Markdown and on the page: short, and harmless whatever an endpoint answers."""

import io
from typing import Any
from xml.etree import ElementTree

from rich.console import Console

from _hookswarm.analysis.reporting import files, junit, markdown, summary
from _hookswarm.analysis.reporting.html import page
from _hookswarm.analysis.reports import analyse
from _hookswarm.analysis.schema.failures import Failure
from _hookswarm.analysis.schema.report import PerformanceReport, Section
from _hookswarm.analysis.schema.verdict import Measurement, Reason, Target, Verdict
from tests.support.journals import arrival, attempt, run

ROWS = [attempt(n) for n in range(3)]
SECTION = analyse(run(ROWS, [arrival(row) for row in ROWS])).performance
EVIL = "<img src=x onerror=alert(1)> [red]x[/red] \x1b[31m `` ![a](http://b) @all"


def failure(**fields: Any) -> Failure:
    known: dict[str, Any] = {
        "attempts": 1_000, "outcome": "rejected", "status": 401, "text": "status 401", "sample": "bad signature",
        "hint": "look at the secret", "planned": False, "stages": {"a": 600, "b": 300, "c": 100},
        "first_s": 0.5, "last_s": 9.25,
    }  # fmt: skip
    return Failure.model_validate(known | fields)


def section(*failures: Failure) -> Section:
    return SECTION.model_copy(update={"failures": list(failures)})


def shown(found: Section) -> list[str]:
    """The terminal's lines about failures."""
    out = io.StringIO()
    summary.show_section(found, Console(file=out, width=1_000, force_terminal=True, color_system=None))
    return [line.removeprefix("  failed: ") for line in out.getvalue().splitlines() if line.startswith("  failed: ")]


def page_of(found: Section) -> str:
    reports = dict(files.read_reports(page.HERE / "nowhere"))
    reports["webhook_performance_results.json"] = PerformanceReport(sections={"performance": found})
    return page.render_page(reports).partition("<main")[2].partition("<script>")[0]


def test_a_failure_is_a_line() -> None:
    """Outcome, count, what was seen, an answer, where, and what to look at."""
    line = 'rejected, 1,000 attempts: status 401, answered "bad signature"; in a, b and 1 more: look at the secret'
    assert shown(section(failure())) == [line]
    assert f"- **failed**: `` {line} ``" in markdown.markdown_summary([section(failure())], [])
    bare = failure(attempts=1, outcome="refused", status=None, text="", sample="", hint="", stages={"a": 1})
    assert shown(section(bare)) == ["refused, 1 attempt: nothing more is known; in a"]


def test_planned_failures_are_a_count() -> None:
    """Nobody is alarmed by what was asked for."""
    planned = failure(planned=True, attempts=7)
    assert shown(section(planned, planned)) == ["14 attempts in stages that plan faults"]
    assert shown(section()) == []
    assert shown(SECTION.model_copy(update={"failures": None})) == []


def test_many_kinds_are_counted() -> None:
    """Five lines, and where the others are."""
    lines = shown(section(*(failure(text=f"kind {n}") for n in range(8))))
    assert len(lines) == 6
    assert lines[5] == "and 3 more kinds: report.html has them all"


def test_the_page_has_them_before_the_pictures() -> None:
    """All kinds, with their stages and times; open where any was not planned."""
    text = page_of(section(failure(), failure(planned=True, stages={"d": 2})))
    table = text.partition("Attempts that failed (2)")[2].partition("</table>")[0]
    assert text.index("Attempts that failed (2)") < text.index('class="charts"')
    for cell in ("1,000", "rejected", "status 401", "bad signature", "look at the secret", "a: 600, b: 300, c: 100"):
        assert f">{cell}<" in table
    assert "<details open>\n    <summary>Attempts that failed" in text
    assert "<details>\n    <summary>Attempts that failed" in page_of(section(failure(planned=True)))
    assert "Attempts that failed" not in page_of(section())


def test_no_answer_can_do_harm() -> None:
    """No tag on the page, no colour or escape on the terminal, no image or mention in Markdown."""
    (line,) = shown(section(failure(sample=EVIL)))
    assert "[red]x[/red] \N{REPLACEMENT CHARACTER}[31m" in line
    assert "<img" not in page_of(section(failure(sample=EVIL)))
    told = markdown.markdown_summary([section(failure(sample=EVIL))], [])
    code = next(line for line in told.splitlines() if "**failed**" in line).removeprefix("- **failed**: ")
    assert (code[:3], code[-3:], code.count("``")) == ("`` ", " ``", 2)
    verdict = Verdict.of(Measurement.VALID, Target.UNTESTED, [Reason(code="all_failed", message=EVIL)])
    told = markdown.markdown_summary([SECTION.model_copy(update={"verdict": verdict})], [])
    for harmless in (r"\<img", r"!\[a]", r"\@all"):
        assert harmless in told


def test_junit_tells_them_where_the_run_is_no_pass() -> None:
    """After the verdict's reasons."""
    verdict = Verdict.of(Measurement.VALID, Target.FAIL, [Reason(code="default_check_failed", message="error_rate")])
    found = section(failure()).model_copy(update={"verdict": verdict})
    (problem,) = ElementTree.fromstring(junit.junit_xml([found], [])).iter("failure")
    assert (problem.text or "").splitlines()[-1].startswith("failed: rejected, 1,000 attempts: status 401")
