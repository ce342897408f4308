"""The page: one screen of answers, then for each test its pictures and its tables. One file, which needs no other."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from _hookswarm.analysis.reporting import failures
from _hookswarm.analysis.reporting.checks import WORDS
from _hookswarm.analysis.reporting.default_checks import default_checks_line
from _hookswarm.analysis.reporting.files import read_reports, reports_of
from _hookswarm.analysis.reporting.html import distribution, resources, scaling, stages
from _hookswarm.analysis.reporting.html.charts import Chart
from _hookswarm.analysis.reporting.html.library import packed_plotly
from _hookswarm.analysis.reporting.html.run_files import Linked, link_files
from _hookswarm.analysis.reporting.html.tables import (
    Table,
    bottleneck_table,
    memory_tables,
    section_tables,
    watched_table,
)
from _hookswarm.analysis.reporting.html.what_ran import skipped, what_ran
from _hookswarm.analysis.schema.cpu import CpuReport
from _hookswarm.analysis.schema.files import CPU, IO, MEMORY, MODELS, PERFORMANCE, Report
from _hookswarm.analysis.schema.io import IoReport
from _hookswarm.analysis.schema.memory import MemoryReport
from _hookswarm.analysis.schema.report import PerformanceReport, Section
from _hookswarm.records.writing import write_atomically

if TYPE_CHECKING:
    from _hookswarm.analysis.schema.sections import Sections  # which imports pandas: pages are written without

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
    folder: Linked | None = None
    """Where its run was found."""

    def place(self, title: str) -> str:
        """Where a picture or table of this title is on the page; empty: nowhere."""
        there = {chart.title for chart in self.charts} | {table.title for table in self.tables}
        return self.slug(title) if title in there else ""

    def slug(self, title: str) -> str:
        """A name for the place of a picture or table."""
        return re.sub(r"[^a-z0-9]+", "-", f"{self.section.run.test} {title}".lower()).strip("-")


def write_pages(output: Path, run: Path, found: "Sections") -> list[Path]:
    """Replace the page of all reports in `output`, and that of this run alone in its folder. Raises RunError, OSError.

    Runs that are told beside this one are looked for beside its folder.
    """
    this, reports = found.performance.run.id, read_reports(output)
    performance = reports[PERFORMANCE]
    assert isinstance(performance, PerformanceReport)
    others = {section.run.id: run.parent / section.run.id for section in performance.sections.values()}
    own = write_page(run, reports_of(found), {this: run})
    return [write_page(output, reports, others | {this: run}), own]  # which links it


def write_page(folder: Path, reports: Mapping[str, Report], runs: Mapping[str, Path] = {}) -> Path:
    """Replace the page in `folder`, with links to the files beside it, and to those of `runs` (id: folder).

    Raises OSError.
    """
    path = folder / NAME
    parts = [
        replace(part, folder=link_files(runs[part.section.run.id], path)) if part.section.run.id in runs else part
        for part in page_parts(reports)
    ]
    write_atomically(path, _render(parts, link_files(folder, path, only=MODELS)))
    return path


def render_page(reports: Mapping[str, Report]) -> str:
    """The page as text. `reports` has all four, by their files' names, as `read_reports` gives them."""
    return _render(list(page_parts(reports)))


def _render(parts: Sequence[PagePart], beside: Linked | None = None) -> str:
    environment = Environment(
        loader=FileSystemLoader(HERE), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    style = (HERE / "style.css").read_text()
    script = (HERE / "page.js").read_text()
    return environment.get_template("page.html.j2").render(
        parts=parts,
        beside=beside,
        words=WORDS,
        overall=_overall(parts),
        style=style,
        script=script,
        plotly=packed_plotly(),
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
        charts += resources.watched_charts(section.watched)
        if section.watched:
            tables.append(watched_table(section, memory.sections.get(test)))
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
