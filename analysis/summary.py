"""The summary on screen: the verdict first, then a line for each stage. Fits 100 columns."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from analysis.models import Section, Status

STYLES = {Status.PASS: "bold green", Status.FAIL: "bold red", Status.VOID: "bold red", Status.UNKNOWN: "bold yellow"}
COLUMNS = ("events", "errors", "a second", "p50 ms", "p99 ms", "max ms", "tries", "lost", "twice")


def console() -> Console:
    """The terminal; 100 columns where there is none."""
    return Console() if Console().is_terminal else Console(width=100)


def show(section: Section, out: Console) -> None:
    """Print a run's verdict, its reasons, and its stages."""
    verdict = section.verdict
    title = printable(f"{section.run.test}  {section.run.id}")
    out.print(Text.assemble((verdict.status.value.upper(), STYLES[verdict.status]), " ", title))
    for reason in verdict.reasons:
        out.print(Text.assemble("  ", (reason.code, "bold"), ": ", printable(reason.message)))
    table = Table(box=None, pad_edge=False, collapse_padding=True, header_style="bold")
    table.add_column("stage", overflow="fold")
    for column in COLUMNS:
        table.add_column(column, justify="right", no_wrap=True)
    for stage in section.stages:
        delivery, tries = stage.latency_ms.delivery, stage.attempts.per_delivery
        table.add_row(
            Text(printable(stage.name)),
            f"{stage.deliveries.due:,}",
            "-" if stage.error_rate is None else f"{stage.error_rate:.1%}",
            "-" if stage.throughput_per_s is None else f"{stage.throughput_per_s:,.0f}",
            *(_short(value) for value in (delivery.p50, delivery.p99, delivery.max, tries)),
            *("-" if count is None else f"{count:,}" for count in (stage.ledger.lost, stage.ledger.duplicated)),
        )
    out.print(table)


def printable(text: str) -> str:
    """Text for a terminal: what would steer one is replaced."""
    return "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text)


def _short(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
