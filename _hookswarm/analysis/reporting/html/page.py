"""The page: the verdicts and their reasons on top, then pictures, then tables. One file, which needs no other."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from plotly.offline import get_plotlyjs

from _hookswarm.analysis.reporting import conformance, failures, through
from _hookswarm.analysis.reporting.default_checks import default_checks_line
from _hookswarm.analysis.reporting.html import distribution, resources, scaling, stages
from _hookswarm.analysis.reporting.html.charts import Chart
from _hookswarm.analysis.reporting.service import service_tables
from _hookswarm.analysis.schema import rotations
from _hookswarm.analysis.schema.cpu import CpuReport
from _hookswarm.analysis.schema.files import CPU, IO, MEMORY, PERFORMANCE, Report
from _hookswarm.analysis.schema.io import IoReport
from _hookswarm.analysis.schema.memory import MemoryReport, MemoryTrend
from _hookswarm.analysis.schema.report import PerformanceReport, Run, Section
from _hookswarm.analysis.verdicts import duplicates
from _hookswarm.common.wording import clock, figure
from _hookswarm.records.writing import write_atomically

NAME = "report.html"
HERE = Path(__file__).parent
CHOSEN = (
    "target", "endpoints", "service", "provider", "quick", "stages", "duration", "rate", "max_rate", "strategy",
    "payloads", "retry_profile", "transport",
)  # fmt: skip
"""Options that say what was run."""


@dataclass(frozen=True)
class _Table:
    title: str
    header: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


@dataclass(frozen=True)
class _PagePart:
    """What the page tells of one test."""

    section: Section
    what_ran: str
    """Its target, options, length, machine and version."""
    skipped: list[str]
    """Which stages were not played, a line for each reason."""
    failures: list[str]
    checks: str
    """Those that hold without being asked for."""
    failed: _Table
    charts: list[Chart]
    tables: list[_Table]


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
    parts = list(_parts(reports))
    return environment.get_template("page.html.j2").render(
        parts=parts, overall=_overall(parts), style=style, script=script, plotly=get_plotlyjs()
    )


def _overall(parts: Sequence[_PagePart]) -> str:
    """The worst verdict."""
    found = {part.section.verdict.status.value for part in parts}
    return next((status for status in ("void", "untested", "fail", "pass") if status in found), "untested")


def _what_ran(run: Run) -> str:
    """`run …, 2026-11-30 15:29:38 UTC, 64 s, seed 1, target …, options …; 2 cores, Python 3.11.7, hookswarm 0.1.0`."""
    told = [f"run {run.id}", f"{run.started_at:%Y-%m-%d %H:%M:%S %Z}"]
    if run.ended_at:
        told.append(clock((run.ended_at - run.started_at).total_seconds()))
    told.append(f"seed {run.seed}")
    chosen = {name: run.options.get(name) for name in CHOSEN}
    told += [
        name.replace("_", " ") if value is True else f"{name.replace('_', ' ')} {value}"
        for name, value in chosen.items()
        if value
    ]
    about = run.environment
    host = [
        f"{about.get('cpu_count', '?')} cores",
        str(about.get("cpu_model", "")),
        f"Python {about.get('python', '?')}",
    ]
    return f"{', '.join(told)}; {', '.join(filter(None, host))}"


def _skipped(run: Run) -> Iterator[str]:
    for need in sorted(set(run.left_out.values())):
        names = [name for name, reason in run.left_out.items() if reason == need]
        yield f"skipped because they need {need}: {', '.join(names)}"


def _parts(reports: Mapping[str, Report]) -> Iterator[_PagePart]:
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
        ]
        charts += stages.charts_over_time(section)
        tables = [_stages(section), *_service(section)]
        if rules := conformance.rules_of(section):
            tables.insert(0, _Table(conformance.TITLE, conformance.HEADER, [conformance.row(one) for one in rules]))
        if section.duplicates:
            repeated = [duplicates.row(one) for one in section.duplicates]
            tables.append(_Table("Deliveries repeated on purpose", duplicates.HEADER, repeated))
        if section.rotations:
            tables.append(_Table("Secrets rotated", rotations.HEADER, [one.row() for one in section.rotations]))
        if own := io.sections.get(test):
            charts += resources.io_charts(own)
            rows = [(one.name, one.bottleneck, one.evidence, one.try_next) for one in own.stages]
            tables.append(_Table("Bottlenecks", ("stage", "what gave out first", "evidence", "what to try"), rows))
        if used := cpu.sections.get(test):
            charts += resources.cpu_charts(used)
        if kept := memory.sections.get(test):
            tables += _memory(kept.trends)
        failed = _Table("Attempts that failed", failures.HEADER, [failures.row(one) for one in section.failures or []])
        yield _PagePart(
            section,
            _what_ran(section.run),
            list(_skipped(section.run)),
            list(failures.lines(section)),
            default_checks_line(section),
            failed,
            charts,
            tables,
        )


def _stages(section: Section) -> _Table:
    if through.is_through(section):
        return _Table("Stages", through.HEADER, list(map(through.through_row, section.stages)))
    header = ("stage", "events", "errors", "a second", "p50 ms", "p99 ms", "max ms", "tries", "lost", "twice")
    rows = []
    for stage in section.stages:
        latency = stage.latency_ms.delivery
        errors = "-" if stage.error_rate is None else f"{stage.error_rate:.2%}"
        p99 = stage.latency_ms.sign + figure(latency.p99)
        rate, figures = figure(stage.throughput_per_s), (latency.max, stage.attempts.per_delivery)
        counts = (stage.ledger.lost, stage.ledger.duplicated)
        told = (rate, figure(latency.p50), p99, *map(figure, figures), *map(figure, counts))
        rows.append((stage.name, f"{stage.deliveries.due:,}", errors, *told))
    return _Table("Stages", header, rows)


def _service(section: Section) -> Iterator[_Table]:
    """Sentences are rows of their own: the first column says whose."""
    for own in service_tables(section):
        width = len(own.header)
        yield _Table(own.title, own.header, [*own.rows, *((line, *[""] * (width - 1)) for line in own.told)])


def _memory(trends: Sequence[MemoryTrend]) -> Iterator[_Table]:
    if trends:
        rows = [
            (one.stage, one.role, one.verdict, figure(one.level_bytes / (1 << 20)), figure(one.bytes_per_event))
            for one in trends
        ]
        yield _Table(
            "Memory while a load lasts", ("stage", "process", "verdict", "level, MiB", "bytes per event"), rows
        )
