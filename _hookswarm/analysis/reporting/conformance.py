"""What a delivery service does beside what it promises: the table on a terminal, and its rows for all other reports."""

from rich.console import Console
from rich.table import Table
from rich.text import Text

from _hookswarm.analysis.reporting.console import printable
from _hookswarm.analysis.schema.report import Section
from _hookswarm.analysis.schema.service import Rule

TITLE = "What the service does, beside what it promises"
HEADER = ("rule", "promised", "observed", "verdict", "evidence")
STYLES = {"kept": "green", "broken": "bold red"}


def rules_of(section: Section) -> list[Rule]:
    """The rows of the conformance table; none of a run without a service."""
    return section.service.conformance if section.service else []


def row(one: Rule) -> tuple[str, ...]:
    """Under `HEADER`."""
    return one.rule, one.promised or "-", one.observed, one.verdict, one.evidence


def show_conformance(section: Section, out: Console) -> None:
    """Print the table, and the evidence of what is broken below it."""
    rules = rules_of(section)
    if not rules:
        return
    table = Table(box=None, pad_edge=False, collapse_padding=True, header_style="bold")
    for name, ratio in zip(HEADER[:4], (5, 5, 7, 3), strict=True):
        table.add_column(name, overflow="fold", ratio=ratio)
    for one in rules:
        *cells, verdict, _ = row(one)
        table.add_row(*(Text(printable(cell)) for cell in cells), Text(verdict, STYLES.get(verdict, "")))
    out.print(table)
    for one in rules:
        if one.verdict == "broken":
            out.print(Text.assemble("  ", (one.rule, "bold"), ": ", printable(one.evidence)))
