"""Strategies and failovers on screen: a line for each."""

from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from analysis.distribution_models import Strategies
from analysis.failover_models import Failover
from analysis.models import Section
from analysis.summary import printable


def show(section: Section, out: Console) -> None:
    """Print the ranking and the failovers; nothing of a test that does not ask."""
    for line in lines(section):
        out.print(Text(printable(line)))


def lines(section: Section) -> list[str]:
    ranked = {stage for compared in section.strategies or [] for stage in compared.stages}
    return [
        *(line for compared in section.strategies or [] for line in _ranking(compared)),
        *(_failover(found) for found in section.failovers or [] if found.stage not in ranked),
    ]


def _ranking(compared: Strategies) -> Iterator[str]:
    yield f"{compared.scenario}, ranked by {compared.objective}"
    for one in compared.strategies:
        jain = "-" if one.jain is None else f"{one.jain:.2f}"
        degraded = "" if one.degraded_share is None else f", {one.degraded_share:.0%} to the degraded"
        objective = "never" if one.objective_ms is None else f"{one.objective_ms:,.0f} ms"
        yield f"  {one.rank} {one.strategy}: {objective}, {one.goodput_per_s:,.0f}/s in time, Jain {jain}{degraded}"


def _failover(found: Failover) -> str:
    regions = ", ".join(found.regions)
    detected = [one.detected_s for one in found.by_origin if one.detected_s is not None]
    parts = [
        f"detected {_seconds(max(detected, default=None))}",
        f"recovered {_seconds(found.recovered_s)}",
        f"lasted {found.lasted_s:.2f} s",
        f"{found.failed} failed, {found.late} late",
    ]
    if found.lost is not None:
        parts.append(f"{found.lost} lost, {found.duplicated} doubled")
    return f"{found.stage} ({regions}): {', '.join(parts)}"


def _seconds(value: float | None) -> str:
    return "never" if value is None else f"in {value:.2f} s"
