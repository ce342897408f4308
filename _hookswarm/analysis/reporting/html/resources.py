"""Pictures of processes and their machine: CPU and memory over the run, and what gave out first."""

from collections.abc import Callable, Iterator, Sequence

import plotly.graph_objects as go

from _hookswarm.analysis.reporting.html.charts import Chart, chart_figure, role_colour
from _hookswarm.analysis.reporting.stage_words import stage_words
from _hookswarm.analysis.schema.cpu import CpuSection, CpuStage, Curve
from _hookswarm.analysis.schema.io import IoSection

MIB = 1 << 20

MOST = 3.0
"""So many times its limit, at most, is drawn: more would hide all others."""


def cpu_charts(section: CpuSection) -> Iterator[Chart]:
    """CPU and memory over the run, and CPU for each delivery; those for which there are samples."""
    if section.curves:
        yield _curves(section.curves, "CPU of each process", "of one core", lambda curve: list(curve.cpu_share))
        yield _curves(
            section.curves, "Memory of each process", "MiB (RSS)",
            lambda curve: [None if size is None else size / MIB for size in curve.rss_bytes],
        )  # fmt: skip
    stages = [stage for stage in section.stages if stage.roles]
    if stages:
        yield _per_delivery(stages)


def io_charts(section: IoSection) -> Iterator[Chart]:
    """How near its limit each stage's nearest resource was; nothing without stages."""
    if section.stages:
        made = chart_figure("how near its limit (1 is at it)", "", height=90 + 20 * len(section.stages))
        names = [stage_words(stage.name) for stage in section.stages]
        nearest = [min(stage.suspects[0].pressure, MOST) if stage.suspects else None for stage in section.stages]
        told = [stage.bottleneck for stage in section.stages]
        made.add_trace(go.Bar(x=nearest, y=names, orientation="h", text=told, name="pressure", textposition="auto"))
        made.update_yaxes(autorange="reversed")
        says = f"What gave out first in each stage, and how near its limit the nearest was (at most {MOST:g})."
        yield Chart("Bottlenecks", says, made)


def _curves(curves: Sequence[Curve], title: str, unit: str, values: Callable[[Curve], list[float | None]]) -> Chart:
    made = chart_figure("s from the first stage's start", unit)
    for curve in curves:
        told = values(curve)
        at = [curve.from_s + curve.step_s * (place + 1) for place in range(len(told))]
        line = {"color": role_colour(curve.role)}
        made.add_trace(go.Scatter(x=at, y=told, mode="lines", name=f"{curve.role} {curve.process}", line=line))
    return Chart(title, "Every process that takes part, over the whole run.", made)


def _per_delivery(stages: Sequence[CpuStage]) -> Chart:
    made = chart_figure("us of CPU for each delivery", "", height=110 + 22 * len(stages))
    for role in dict.fromkeys(role for stage in stages for role in stage.roles):
        values = [stage.roles[role].us_per_delivery if role in stage.roles else None for stage in stages]
        names, marker = [stage_words(stage.name) for stage in stages], {"color": role_colour(role)}
        made.add_trace(go.Bar(x=values, y=names, orientation="h", name=role, marker=marker))
    made.update_layout(barmode="stack")
    made.update_yaxes(autorange="reversed")
    return Chart("CPU for each delivery", "User and system time of all processes of a role, by stage.", made)
