"""The conformance table on every output: what a service does, beside what it promises, and what that does to a run."""

import io
from collections.abc import Sequence
from random import Random
from xml.etree import ElementTree

import pytest
from rich.console import Console

from _hookswarm.analysis.reporting import junit, markdown, summaries
from _hookswarm.analysis.reporting.html import page
from _hookswarm.analysis.reports import analyse
from _hookswarm.analysis.schema.cpu import CpuReport
from _hookswarm.analysis.schema.files import CPU, IO, MEMORY, PERFORMANCE, Report
from _hookswarm.analysis.schema.io import IoReport
from _hookswarm.analysis.schema.memory import MemoryReport
from _hookswarm.analysis.schema.report import PerformanceReport
from _hookswarm.analysis.schema.sections import Sections
from _hookswarm.analysis.schema.verdict import Status
from tests.support.retrying import after, through_service

WAITS = "waits between attempts"


def found(*waits_s: float, promised: Sequence[float] | None = (1, 3, 9), **options: bool) -> Sections:
    """A run whose events are taken at the fourth attempt."""
    retry = {"waits_s": list(promised)} if promised else None
    frames = through_service(
        after(*waits_s), Random(1), retry, status=lambda attempt: 503 if attempt < 4 else 204
    )  # fmt: skip
    frames.manifest.options |= options
    return analyse(frames)


@pytest.fixture(scope="module")
def broken() -> Sections:
    return found(1, 2, 4)


def test_a_broken_promise_fails_the_run(broken: Sections) -> None:
    """With the rule, what was seen and what was promised in its reason, and what to do next."""
    verdict = broken.performance.verdict
    assert verdict.status is Status.FAIL
    (reason,) = [one for one in verdict.reasons if one.code == "default_check_failed"]
    assert reason.message == (
        "promises kept: waits between attempts: 1, 2, 4 s (medians), promised 1, 3, 9 s; "
        "mend the service, or its table if that is what is wrong"
    )


def test_what_fails_nothing() -> None:
    """Promises that are kept; a law of which none is promised; and a run that is held to nothing."""
    for run in (found(1, 3, 9), found(1, 2, 4, promised=None), found(1, 2, 4, no_default_checks=True)):
        assert run.performance.verdict.status is Status.PASS


def test_on_a_terminal(broken: Sections) -> None:
    """A row for each rule, and the evidence of what is broken; within 100 columns."""
    out = io.StringIO()
    summaries.show_run(broken, Console(file=out, width=100))
    lines = out.getvalue().splitlines()
    (row,) = [line for line in lines if line.startswith(WAITS)]
    assert row.split() == [*WAITS.split(), "1,", "3,", "9", "s", "1,", "2,", "4", "s", "(medians)", "broken"]
    assert any(line.startswith(f"  {WAITS}: 180 waits in failing; retry 2: 60 too early of 60") for line in lines)


def test_in_markdown(broken: Sections) -> None:
    """A table of its own."""
    text = markdown.markdown_summary([broken.performance], [])
    assert "| rule | promised | observed | verdict | evidence |" in text
    assert f"| {WAITS} | 1, 3, 9 s | 1, 2, 4 s (medians) | broken | " in text


def test_in_junit(broken: Sections) -> None:
    """A case for each promise: what is broken is a failure; what is not promised is no case."""
    suites = ElementTree.fromstring(junit.junit_xml([broken.performance], []))
    cases = {case.get("name"): case for case in suites.iter("testcase")}
    failure = cases[f"promise {WAITS}"].find("failure")
    assert failure is not None
    assert failure.get("message") == "1, 2, 4 s (medians), promised 1, 3, 9 s"
    assert cases["promise jitter of the waits"].find("failure") is None
    assert "promise clock of the retries" not in cases
    assert cases["default check promises kept"].find("failure") is not None


def test_on_the_page(broken: Sections) -> None:
    """The first of the tables."""
    section = broken.performance
    reports: dict[str, Report] = {
        PERFORMANCE: PerformanceReport(sections={"performance": section}),
        MEMORY: MemoryReport(),
        CPU: CpuReport(),
        IO: IoReport(),
    }
    html = page.render_page(reports)
    assert html.index("What the service does, beside what it promises") < html.index("<summary>Stages")
    assert "<td>1, 2, 4 s (medians)</td><td>broken</td>" in html
