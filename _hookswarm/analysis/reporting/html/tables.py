"""The page's tables: what a test's section of each report says, in rows."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from _hookswarm.analysis.deliveries.classes import OTHERS
from _hookswarm.analysis.reporting import conformance, through, watched
from _hookswarm.analysis.reporting.service import service_tables
from _hookswarm.analysis.schema import rotations
from _hookswarm.analysis.schema.io import IoSection
from _hookswarm.analysis.schema.memory import MemorySection, Slope
from _hookswarm.analysis.schema.report import Section
from _hookswarm.analysis.verdicts import duplicates
from _hookswarm.common.wording import figure


@dataclass(frozen=True)
class Table:
    """Its first column names what the row is about."""

    title: str
    header: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


def section_tables(section: Section) -> Iterator[Table]:
    """Those that have rows, the most telling first."""
    found = (
        *_conformance(section),
        _stages(section),
        _classes(section),
        _ledger(section),
        _retries(section),
        *_strategies(section),
        _failovers(section),
        *_service(section),
        Table("Deliveries repeated on purpose", duplicates.HEADER, list(map(duplicates.row, section.duplicates or []))),
        Table("Secrets rotated", rotations.HEADER, [one.row() for one in section.rotations or []]),
        _left_out(section),
    )
    return (table for table in found if table.rows)


def memory_tables(section: MemorySection) -> Iterator[Table]:
    """How memory grows by events and webhooks, and over a load that lasts; those that have rows."""
    fits = [
        (f"{role}, {what}", _slope(growth.bytes_per_event), _slope(growth.bytes_per_webhook))
        for role, fit in section.fits.items()
        for what, growth in (("at its peak", fit.peak), ("once settled", fit.settled))
    ]
    trends = [
        (one.stage, one.role, one.verdict, figure(one.level_bytes / (1 << 20)), figure(one.bytes_per_event))
        for one in section.trends
    ]
    header = ("stage", "process", "verdict", "level, MiB", "bytes per event")
    found = (
        Table("Memory by events and webhooks", ("process", "bytes per event", "bytes per webhook"), fits),
        Table("Memory while a load lasts", header, trends),
    )
    return (table for table in found if table.rows)


def watched_table(section: Section, memory: MemorySection | None) -> Table:
    """What each process used that somebody asked for, and whether its memory grew."""
    header, rows = watched.HEADER, [watched.row(one) for one in section.watched]
    trends = [watched.trend(one, memory) for one in section.watched]
    if any(trends):
        header = (*header, "memory while a load lasts")
        rows = [(*row, trend) for row, trend in zip(rows, trends, strict=True)]
    return Table(watched.TITLE, header, rows)


def bottleneck_table(section: IoSection) -> Table:
    """What gave out first in each stage."""
    rows = [(one.name, one.bottleneck, one.evidence, one.try_next) for one in section.stages]
    return Table("Bottlenecks by stage", ("stage", "what gave out first", "evidence", "what to try"), rows)


def _conformance(section: Section) -> Iterator[Table]:
    yield Table(conformance.TITLE, conformance.HEADER, list(map(conformance.row, conformance.rules_of(section))))


def _stages(section: Section) -> Table:
    if through.is_through(section):
        return Table("Stages", through.HEADER, list(map(through.through_row, section.stages)))
    header = ("stage", "events", "errors", "a second", "p50 ms", "p99 ms", "max ms", "tries", "lost", "twice")
    rows = []
    for stage in section.stages:
        latency = stage.latency_ms.delivery
        p99 = stage.latency_ms.sign + figure(latency.p99)
        rate, figures = figure(stage.throughput_per_s), (latency.max, stage.attempts.per_delivery)
        counts = (stage.ledger.lost, stage.ledger.duplicated)
        told = (rate, figure(latency.p50), p99, *map(figure, figures), *map(figure, counts))
        rows.append((stage.name, f"{stage.deliveries.due:,}", _share(stage.error_rate), *told))
    return Table("Stages", header, rows)


def _classes(section: Section) -> Table:
    header = ("stage and class", "events", "errors", "a second", "p50 ms", "p99 ms", "p99 / baseline")
    rows = []
    for stage in section.stages:
        for part in stage.classes or []:
            ratio = stage.against.p99_ratio if stage.against and part.name == OTHERS else None
            latency = part.latency_ms.delivery
            figures = (part.throughput_per_s, latency.p50, latency.p99, ratio)
            told = (f"{part.deliveries.due:,}", _share(part.error_rate), *map(figure, figures))
            rows.append((f"{stage.name}: {part.name}", *told))
    return Table("Classes of webhooks", header, rows)


def _ledger(section: Section) -> Table:
    header = (
        "stage", "acknowledged", "received", "lost", "recovered", "twice, harmless", "twice, without cause",
        "reordered", "late", "corrupt", "unexpected",
    )  # fmt: skip
    rows = []
    for stage in section.stages:
        one = stage.ledger
        counts = (
            one.received, one.lost, one.recovered, one.duplicated_harmless, one.duplicated_spurious, one.reordered,
            one.late, one.corrupt, one.unexpected,
        )  # fmt: skip
        if one.received is not None:
            rows.append((stage.name, f"{stage.deliveries.acknowledged:,}", *map(_count, counts)))
    return Table("Ledger", header, rows)


def _retries(section: Section) -> Table:
    header = ("stage", "delivered", "attempts an event", "p99 ms", "given up", "came twice", "drained after, s")
    rows = []
    for stage in section.stages:
        if one := stage.retry:
            p99, more = figure(one.time_to_deliver_ms.p99), (_count(one.duplicates), figure(one.drain_s))
            told = (_share(one.share_delivered), figure(one.amplification), p99, f"{one.given_up:,}", *more)
            rows.append((stage.name, *told))
    return Table("Retries", header, rows)


def _strategies(section: Section) -> Iterator[Table]:
    header = ("rank, strategy", "p99 ms", "in time a second", "errors", "attempts an event", "Jain", "to the degraded")
    for compared in section.strategies or []:
        rows = []
        for one in compared.strategies:
            goodput, more = figure(one.goodput_per_s), (figure(one.amplification), figure(one.jain))
            told = (figure(one.objective_ms), goodput, _share(one.error_rate), *more, _share(one.degraded_share))
            rows.append((f"{one.rank}. {one.strategy}", *told))
        yield Table(f"Ranking: {compared.scenario}", header, rows)


def _failovers(section: Section) -> Table:
    header = (
        "failover",
        "of",
        "lasted s",
        "noticed by all, s",
        "in time again, s",
        "longest gap, s",
        "p99 ms",
        "not in time",
        "lost",
    )
    rows = []
    for one in section.failovers or []:
        seen = [origin.detected_s for origin in one.by_origin if origin.detected_s is not None]
        again = "users never noticed" if one.recovered_s == 0 else figure(one.recovered_s)
        gap = max((origin.longest_gap_s for origin in one.by_origin), default=None)
        times = (one.lasted_s, max(seen, default=None))
        told = (*map(figure, times), again, figure(gap), figure(one.p99_during_ms))
        rows.append((one.stage, ", ".join(one.regions), *told, f"{one.failed + one.late:,}", _count(one.lost)))
    return Table("Failovers in figures", header, rows)


def _service(section: Section) -> Iterator[Table]:
    """Sentences are rows of their own: the first column says whose."""
    for own in service_tables(section):
        width = len(own.header)
        yield Table(own.title, own.header, [*own.rows, *((line, *[""] * (width - 1)) for line in own.told)])


def _left_out(section: Section) -> Table:
    rows = [(name, f"it needs {need}") for name, need in section.run.left_out.items()]
    return Table("Stages that were skipped", ("stage", "why"), rows)


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.2%}"


def _count(value: int | None) -> str:
    return "-" if value is None else f"{value:,}"


def _slope(slope: Slope | None) -> str:
    return "-" if slope is None else f"{figure(slope.value)} ({figure(slope.low)} to {figure(slope.high)})"
