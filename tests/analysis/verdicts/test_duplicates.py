"""What is said of duplicates that got through, wherever a run is told of; and the checks on them."""

import io
from typing import Any, get_args

import pytest
from rich.console import Console

from _hookswarm.analysis.reporting import markdown, summary
from _hookswarm.analysis.reporting.html.page import render_page
from _hookswarm.analysis.reports import analyse
from _hookswarm.analysis.schema.cpu import CpuReport
from _hookswarm.analysis.schema.duplicates import Duplicates, Kind
from _hookswarm.analysis.schema.files import CPU, IO, MEMORY, PERFORMANCE
from _hookswarm.analysis.schema.io import IoReport
from _hookswarm.analysis.schema.memory import MemoryReport
from _hookswarm.analysis.schema.report import PerformanceReport, Section
from _hookswarm.analysis.schema.sections import Sections
from _hookswarm.analysis.schema.verdict import Status
from _hookswarm.analysis.verdicts import measures
from _hookswarm.analysis.verdicts.checks import CheckStatus, judge_checks, parse_check
from _hookswarm.analysis.verdicts.duplicates import failures, row, unknown
from tests.analysis.deliveries.test_duplicates import PLAN, asked, observed, twice
from tests.support.journals import run


def said(effects: float | None, kind: Kind = "at_once", **fields: Any) -> Duplicates:
    """Of a stage of 20 events."""
    told: dict[str, Any] = {"stage": "twice", "events": 20, "acknowledged": 20, "repeated": 20, "apart_ms": 0.2}
    known = {} if effects is None else {"extra": max(effects - 20, 0), "missing": max(20 - effects, 0)}
    return Duplicates.model_validate(
        told | {"kind": kind, "effects": effects, "extra": None, "missing": None} | known | fields
    )


def got_through() -> Sections:
    return analyse(asked(run(twice(5), stages=PLAN), observed("before", 0), observed("after", 8)))


@pytest.mark.parametrize("kind", get_args(Kind))
def test_the_kind_that_got_through_is_named_with_its_mend(kind: Kind) -> None:
    """Each has a way of its own, and a mend of its own."""
    (reason,) = failures([said(20, kind), said(27, kind)])
    assert reason.code == "duplicates_got_through"
    assert " had 27 effects: 7 duplicates got through; " in reason.message
    others = {next(failures([said(27, other)])).message for other in get_args(Kind) if other != kind}
    assert reason.message not in others


def test_a_missing_effect_is_no_duplicate() -> None:
    """Acknowledged, and not done, is worth as much as a duplicate that got through."""
    (reason,) = failures([said(18)])
    assert reason.code == "effects_missing"
    assert "had 18 effects, and 20 were acknowledged; look whether the observer" in reason.message


def test_a_stage_in_which_nothing_was_acknowledged_says_nothing_of_duplicates() -> None:
    """Another note tells of it."""
    nothing = said(0, acknowledged=0, missing=0)
    assert [*failures([nothing]), *unknown([nothing])] == []
    assert row(nothing)[-1] == "unknown"
    assert row(nothing.model_copy(update={"effects": 40, "extra": 20}))[-1] == "GOT THROUGH"


def test_milliseconds_are_told_as_people_read_them() -> None:
    """Three digits below a hundred, whole ones above."""
    assert [row(said(20, apart_ms=apart))[3] for apart in (0.1234, 203.4, 1530.2, None)] == [
        "0.123", "203", "1,530", "-",
    ]  # fmt: skip


def test_it_fails_the_run() -> None:
    """And stands in its verdict, as any failure of the target's."""
    verdict = got_through().performance.verdict
    assert verdict.status is Status.FAIL
    assert [reason.code for reason in verdict.reasons] == ["duplicates_got_through"]


def _on_screen(section: Section) -> str:
    out = io.StringIO()
    summary.show_section(section, Console(file=out, width=100))
    return out.getvalue()


def _on_the_page(section: Section) -> str:
    report = PerformanceReport(sections={"performance": section})
    return render_page({PERFORMANCE: report, MEMORY: MemoryReport(), CPU: CpuReport(), IO: IoReport()})


@pytest.mark.parametrize("told", [_on_screen, _on_the_page, lambda section: markdown.markdown_summary([section], [])])
def test_every_output_tells_it(told: Any) -> None:
    """The terminal, the page and Markdown: what was done, to how many, and what came of it."""
    text = " ".join(told(got_through().performance).split())
    assert "3 duplicates got through" in text
    assert "repeated after a while" in text
    assert "GOT THROUGH" in text


@pytest.mark.parametrize(
    ("check", "status"),
    [
        ("effects_extra==0", CheckStatus.FAIL),
        ("scenario:duplicates effects_missing==0", CheckStatus.PASS),
        ("stage:duplicates* duplicates.effects==8", CheckStatus.PASS),
    ],
)
def test_checks_may_be_made_of_it(check: str, status: CheckStatus) -> None:
    """By short names, and by those of the report."""
    (result,) = judge_checks([parse_check(check)], measures.numbers_of(got_through()))
    assert result.status is status
