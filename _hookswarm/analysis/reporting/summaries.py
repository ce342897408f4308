"""All that a run has to say on screen, part by part."""

from rich.console import Console

from _hookswarm.analysis.reporting import conformance, summary
from _hookswarm.analysis.reporting import distribution as distribution_summary
from _hookswarm.analysis.reporting import memory as memory_summary
from _hookswarm.analysis.reporting import resources as resource_summary
from _hookswarm.analysis.reporting import scalability as scalability_summary
from _hookswarm.analysis.schema.sections import Sections


def show_run(found: Sections, out: Console) -> None:
    """Print all parts; those that the run's test does not ask for print nothing."""
    summary.show_section(found.performance, out)
    conformance.show_conformance(found.performance, out)
    memory_summary.show_memory(found.memory, out)
    scalability_summary.show_scalability(found.performance, out)
    distribution_summary.show_distribution(found.performance, out)
    resource_summary.show_bottlenecks(found.io, out)
