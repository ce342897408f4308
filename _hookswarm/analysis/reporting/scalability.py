"""Scalability on screen: a line for each scenario, and one for each search for capacity."""

from rich.console import Console
from rich.text import Text

from _hookswarm.analysis.reporting.summary import printable
from _hookswarm.analysis.scaling import capacity, scaling
from _hookswarm.analysis.schema.report import Section


def show(section: Section, out: Console) -> None:
    """Print how it scales; nothing of a test that does not ask."""
    for line in lines(section):
        out.print(Text(printable(line)))


def lines(section: Section) -> list[str]:
    return [
        *scaling.lines(section.scaling or [], section.usl or {}),
        *capacity.lines(section.capacity or []),
    ]
