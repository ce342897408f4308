"""The page: one screen of answers, then for each test its pictures and its tables. One file, which needs no other."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from _hookswarm.analysis.reporting import failures
from _hookswarm.analysis.reporting.checks import WORDS
from _hookswarm.analysis.reporting.default_checks import default_checks_line
from _hookswarm.analysis.reporting.html import distribution, resources, scaling, stages
from _hookswarm.analysis.reporting.html.charts import Chart
from _hookswarm.analysis.reporting.html.library import packed_plotly
from _hookswarm.analysis.reporting.html.tables import Table, bottleneck_table, memory_tables, section_tables
from _hookswarm.analysis.reporting.html.what_ran import skipped, what_ran
from _hookswarm.analysis.schema.cpu import CpuReport
from _hookswarm.analysis.schema.files import CPU, IO, MEMORY, PERFORMANCE, Report
from _hookswarm.analysis.schema.io import IoReport
from _hookswarm.analysis.schema.memory import MemoryReport
from _hookswarm.analysis.schema.report import PerformanceReport, Section
from _hookswarm.records.writing import write_atomically

NAME = "report.html"
HERE = Path(__file__).parent


@dataclass(frozen=True)
class PagePart:
    """What the page tells of one test."""

    section: Section
    what_ran: str
    """Its target, options, length, machine and version."""
    skipped: list[str]
    """Which stages were not played, a line for each reason."""
    failures: list[str]
    checks: str
    """Those that hold without being asked for."""
    failed: Table
    charts: list[Chart]
    tables: list[Table]

    def place(self, title: str) -> str:
        """Where a picture or table of this title is on the page; empty: nowhere."""
        there = {chart.title for chart in self.charts} | {table.title for table in self.tables}
        return self.slug(title) if title in there else ""

    def slug(self, title: str) -> str:
        """A name for the place of a picture or table."""
        return re.sub(r"[^a-z0-9]+", "-", f"{self.section.run.test} {title}".lower()).strip("-")


def write_page(folder: Path, reports: Mapping[str, Report]) -> Path:
    """Replace the page in `folder`. Raises OSError."""
    path = folder / NAME
    write_atomically(path, render_page(reports))
    return path


def render_page(reports: Mapping[str, Report]) -> str:
    """The page as text. `reports` has all four, by their files' names, as `read_reports` gives them."""
    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    style = (HERE / "style.css").read_text()
    script = (HERE / "page.js").read_text()
    parts = list(page_parts(reports))
    return environment.get_template("page.html.j2").render(
        parts=parts, words=WORDS, overall=_overall(parts), style=style, script=script, plotly=packed_plotly()
    )


def _overall(parts: Sequence[PagePart]) -> str:
    """The worst verdict."""
    found = {part.section.verdict.status.value for part in parts}
    return next((status for status in ("void", "untested", "fail", "pass") if status in found), "untested")


def page_parts(reports: Mapping[str, Report]) -> Iterator[PagePart]:
    """A part for each test that the reports know."""
    performance, memory, cpu, io = (reports[name] for name in (PERFORMANCE, MEMORY, CPU, IO))
    assert isinstance(performance, PerformanceReport)
    assert isinstance(memory, MemoryReport)
    assert isinstance(cpu, CpuReport)
    assert isinstance(io, IoReport)
    for test, section in performance.sections.items():
        charts = [
            *stages.stage_charts(section),
            *scaling.scaling_charts(section),
            *distribution.distribution_charts(section),
            *stages.charts_over_time(section),
        ]
        tables = list(section_tables(section))
        if own := io.sections.get(test):
            charts += resources.io_charts(own)
            tables.append(bottleneck_table(own))
        if used := cpu.sections.get(test):
            charts += resources.cpu_charts(used)
        if kept := memory.sections.get(test):
            tables += memory_tables(kept)
        failed = Table("Attempts that failed", failures.HEADER, [failures.row(one) for one in section.failures or []])
        yield PagePart(
            section,
            what_ran(section.run),
            list(skipped(section.run)),
            list(failures.lines(section)),
            default_checks_line(section),
            failed,
            charts,
            tables,
        )
