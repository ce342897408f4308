"""How a delivery service isolates, drains and comes back: on the terminal, on the page, in Markdown."""

import io
from collections.abc import Sequence

from rich.console import Console

from _hookswarm.analysis.reporting import markdown, summary
from _hookswarm.analysis.reporting.html import page
from _hookswarm.analysis.reports import analyse
from _hookswarm.analysis.schema.cpu import CpuReport
from _hookswarm.analysis.schema.drains import Drain
from _hookswarm.analysis.schema.files import CPU, IO, MEMORY, PERFORMANCE, Report
from _hookswarm.analysis.schema.io import IoReport
from _hookswarm.analysis.schema.isolation import Hold, Isolation
from _hookswarm.analysis.schema.memory import MemoryReport
from _hookswarm.analysis.schema.report import PerformanceReport, Section
from _hookswarm.analysis.schema.restarts import Restarted
from tests.support.journals import planned
from tests.support.published import arrived, frames_of, published

HELD = "a hanging endpoint holds those after it by 31.0 s"
ISOLATION = Isolation(
    stage="isolation", baseline="isolation baseline", number=0.04, felt_p50_ms=12_345.6, felt_p99_ms=31_000,
    fifo_p50_ms=13_000, fifo_p99_ms=32_000, concurrency=1, gave_up_s=30.0, events=2_880, undelivered=0,
    holds=[Hold(name="hanging", seconds=31.0)], told=HELD,
)  # fmt: skip
EXPIRES = (
    "after a burst of 1 h its last event waits 110 h, which is longer than: retry window (13 s), signature tolerance "
    "(300 s)"
)
DRAIN = Drain(
    stage="bursts", accept_per_s=4_000, drain_per_s=36, most_waiting=99_999, waited_s=600, burst_s=3600,
    drains_in_s=396_400, expire=["retry window (13 s)", "signature tolerance (300 s)"],
)  # fmt: skip
RESTARTED = Restarted(
    stage="restart store", name="store", how="KILL to process 7 (postgres)", at_s=14.2, gone_s=0.1, ready_s=1.5,
    accepted_before=1_400, lost_before=112, accepted_after=1_500, lost_after=1, late=3, twice=17, refused=90,
    in_doubt=5, in_doubt_arrived=2, nothing_moved_s=71.3, resumed_s=72.0, backlog_gone_s=80.4,
    fault="redis ended with 1: look",
)  # fmt: skip


def section(drains: Sequence[Drain] = (DRAIN,)) -> Section:
    event = published(0, 0)
    found = analyse(frames_of([event], [arrived(event, 2)], [planned()])).performance
    assert found.service
    told = {"isolation": [ISOLATION], "drains": [*drains], "restarts": [RESTARTED]}
    return found.model_copy(update={"service": found.service.model_copy(update=told)})


def shown() -> str:
    out = io.StringIO()
    summary.show_section(section(), Console(file=out, width=100))
    return out.getvalue()


def test_the_terminal_has_a_line_for_each() -> None:
    """In tables that fit, with the words under the first."""
    lines = [line.split() for line in shown().splitlines()]
    assert ["isolation", "0.04", "12,346", "31,000", "13,000", "32,000", "1"] in lines
    assert ["restart", "store", "113", "0", "3", "17", "90", "5", "1.5", "71.3", "80.4"] in lines
    assert max(map(len, shown().splitlines())) <= 100
    told = " ".join(shown().split())
    assert f"isolation: {HELD}" in told
    assert "restart store: redis ended with 1: look" in told
    assert "110 h" in told
    assert "signature tolerance (300 s)" in told


def test_markdown_and_the_page_have_the_same() -> None:
    """Rows as they are on the terminal, and the words."""
    told = markdown.markdown_summary([section()], [])
    assert "| restart store | 113 | 0 | 3 | 17 | 90 | 5 | 1.5 | 71.3 | 80.4 |" in told
    assert f"- isolation: {HELD}" in told
    reports: dict[str, Report] = {
        PERFORMANCE: PerformanceReport(sections={"load": section()}), MEMORY: MemoryReport(), CPU: CpuReport(),
        IO: IoReport(),
    }  # fmt: skip
    whole = page.render_page(reports)
    assert "What healthy endpoints feel" in whole
    assert HELD in whole
    assert EXPIRES in whole


def test_of_many_bursts_the_worst_is_told() -> None:
    """All have a row; the sentence of what runs out stands there once."""
    less = DRAIN.model_copy(update={"stage": "day", "drains_in_s": 360_000.0})
    told = markdown.markdown_summary([section([less, DRAIN, less.model_copy(update={"stage": "soak"})])], [])
    assert [told.count(f"\n| {name} |") for name in ("day", "bursts", "soak")] == [1, 1, 1]
    assert told.count("after a burst of") == 1
    assert f"- bursts: {EXPIRES}" in told


def test_without_a_service_there_is_nothing() -> None:
    """Nor where it had nothing of the kind to tell."""
    found = section().model_copy(update={"service": None})
    out = io.StringIO()
    summary.show_section(found, Console(file=out, width=100))
    assert "drains in" not in out.getvalue()
