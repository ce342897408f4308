"""Scalability on screen: a line for each scenario, and one for each search for capacity."""

from rich.console import Console
from rich.text import Text

from _hookswarm.analysis.reporting.console import printable
from _hookswarm.analysis.scaling import capacity, scaling
from _hookswarm.analysis.schema.report import Section


def show_scalability(section: Section, out: Console) -> None:
    """Print how it scales; nothing of a test that does not ask."""
    for line in _scalability_lines(section):
        out.print(Text(printable(line)))


def _scalability_lines(section: Section) -> list[str]:
    return [
        *scaling.scaling_lines(section.scaling or [], section.usl or {}),
        *capacity.capacity_lines(section.capacity or []),
    ]
