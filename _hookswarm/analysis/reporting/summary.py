"""The summary on screen: the verdict first, then a line for each stage and its classes. Fits 100 columns."""

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from _hookswarm.analysis.deliveries.classes import OTHERS
from _hookswarm.analysis.reporting import failures, watched
from _hookswarm.analysis.reporting.checks import check_line
from _hookswarm.analysis.reporting.console import printable
from _hookswarm.analysis.reporting.default_checks import default_checks_line
from _hookswarm.analysis.reporting.service import service_tables
from _hookswarm.analysis.reporting.through import HEADER, class_row, is_through, through_row
from _hookswarm.analysis.schema import rotations
from _hookswarm.analysis.schema.report import Class, Section, Stage
from _hookswarm.analysis.schema.verdict import Status
from _hookswarm.analysis.verdicts import duplicates
from _hookswarm.common.wording import figure

STYLES = {Status.PASS: "bold green", Status.FAIL: "bold red", Status.VOID: "bold red", Status.UNTESTED: "bold yellow"}
COLUMNS = ("events", "errors", "a second", "p50 ms", "p99 ms", "max ms", "tries", "lost", "twice")


def show_section(section: Section, out: Console) -> None:
    """Print a run's verdict, what it found, what failed, its checks, what is worth knowing, and its stages."""
    verdict = section.verdict
    title = printable(f"{section.run.test}  {section.run.id}")
    beside = f"  (the target: {verdict.target})" if verdict.status is Status.VOID else ""
    out.print(Text.assemble((verdict.status.value.upper(), STYLES[verdict.status]), " ", title, beside))
    for finding in section.findings:
        _show(Text(printable(finding.text)), out)
    for line in failures.lines(section):
        _show(Text.assemble(("failed", "bold"), ": ", printable(line)), out)
    for check in section.checks:
        _show(check_line(check), out)
    if line := default_checks_line(section):
        _show(Text(printable(line)), out)
    for reason in verdict.heads():
        _show(Text.assemble((reason.code, "bold"), ": ", printable(reason.message)), out)
    if is_through(section):
        _show_through(section, out)
    else:
        _show_stages(section, out)
    for own in service_tables(section):
        _show_table(own.header, own.rows, out)
        for line in own.told:
            out.print(Text(printable(f"  {line}")))
    _show_table(duplicates.HEADER, [duplicates.row(one) for one in section.duplicates or []], out)
    _show_table(rotations.HEADER, [one.row() for one in section.rotations or []], out)
    _show_table(watched.HEADER, watched.first_rows(section.watched), out)


def _show(text: Text, out: Console) -> None:
    """A sentence; where it has several lines, all of them stand as far in."""
    out.print(Padding(text, (0, 0, 0, 2), expand=False))


def _show_through(section: Section, out: Console) -> None:
    """The stages of a run through a service; the header has two lines, or it would not fit."""
    rows = []
    for stage in section.stages:
        rows += [through_row(stage), *map(class_row, stage.classes or [])]
        if found := stage.against:
            ratios = _times(found.p50_ratio), _times(found.p99_ratio)
            rows.append((f"  {OTHERS} / {found.stage}", *[""] * 6, *ratios))
    _show_table([name.replace(" p99", "\np99") for name in HEADER], rows, out)


def _show_stages(section: Section, out: Console) -> None:
    table = Table(box=None, pad_edge=False, collapse_padding=True, header_style="bold")
    table.add_column("stage", overflow="fold")
    for column in COLUMNS:
        table.add_column(column, justify="right", no_wrap=True)
    for stage in section.stages:
        counts = (stage.ledger.lost, stage.ledger.duplicated)
        table.add_row(
            *_figures(stage.name, stage),
            figure(stage.attempts.per_delivery),
            *("-" if count is None else f"{count:,}" for count in counts),
        )
        for part in stage.classes or []:
            table.add_row(*_figures(f"  {part.name}", part), figure(part.attempts_per_delivery))
        if found := stage.against:
            name = Text(printable(f"  {OTHERS} / {found.stage}"))
            table.add_row(name, "", "", "", _times(found.p50_ratio), _times(found.p99_ratio))
    out.print(table)


def _show_table(header: Sequence[str], rows: Sequence[Sequence[str]], out: Console) -> None:
    if not rows:
        return
    name, *columns = header
    table = Table(box=None, pad_edge=False, collapse_padding=True, header_style="bold")
    table.add_column(name, overflow="fold")
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(*(Text(printable(cell)) for cell in row))
    out.print(table)


def _figures(name: str, part: Stage | Class) -> Iterator[Text | str]:
    """What a stage and a class of its webhooks have in common, in columns."""
    delivery = part.latency_ms.delivery
    yield Text(printable(name))
    yield f"{part.deliveries.due:,}"
    yield "-" if part.error_rate is None else f"{part.error_rate:.1%}"
    rate = part.throughput_per_s
    yield figure(rate) if rate is None or rate < 10 else f"{rate:,.0f}"
    sign = part.latency_ms.sign if isinstance(part, Stage) else ""
    yield from (figure(delivery.p50), sign + figure(delivery.p99), figure(delivery.max))


def _times(ratio: float | None) -> str:
    return "-" if ratio is None else f"\N{MULTIPLICATION SIGN}{ratio:.2f}"
