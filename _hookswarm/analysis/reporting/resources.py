"""What gave out first, on screen: a line for each stage of the resource test."""

from rich.console import Console
from rich.text import Text

from _hookswarm.analysis.reporting.console import printable
from _hookswarm.analysis.schema.io import IoSection, IoStage


def show_bottlenecks(section: IoSection | None, out: Console) -> None:
    """Print the bottlenecks; nothing of a test that does not ask."""
    for line in bottleneck_lines(section) if section else []:
        out.print(Text.assemble(("bottleneck", "bold"), "  ", printable(line)))


def bottleneck_lines(section: IoSection) -> list[str]:
    """`load-1: disk (a receiving process was in fdatasync ...; next: network)`, or why nothing was measured."""
    if section.skipped:
        return [f"skipped: {section.skipped}"]
    return [_line(stage) for stage in section.stages]


def _line(stage: IoStage) -> str:
    second = f"; next: {stage.runner_up.name}" if stage.runner_up else ""
    return f"{stage.name}: {stage.bottleneck} ({stage.evidence}{second})"
