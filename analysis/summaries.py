"""All that a run has to say on screen, part by part."""

from rich.console import Console

from analysis import distribution_summary, memory_summary, resource_summary, scalability_summary, summary
from analysis.reports import Findings


def show(found: Findings, out: Console) -> None:
    summary.show(found.performance, out)
    memory_summary.show(found.memory, out)
    scalability_summary.show(found.performance, out)
    distribution_summary.show(found.performance, out)
    resource_summary.show(found.io, out)
