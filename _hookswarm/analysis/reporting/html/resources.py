"""Pictures of processes and their machine: CPU and memory over the run, and what gave out first."""

from collections import Counter
from collections.abc import Iterator, Sequence

import plotly.graph_objects as go

from _hookswarm.analysis.reporting.html.charts import COLOURS, DASHES, Chart, chart_figure, role_colour
from _hookswarm.analysis.reporting.stage_words import stage_words
from _hookswarm.analysis.reporting.watched import MOST
from _hookswarm.analysis.schema.cpu import CpuSection, CpuStage
from _hookswarm.analysis.schema.curves import Curve, Watched
from _hookswarm.analysis.schema.io import IoSection

MIB = 1 << 20
Values = Sequence[float | None]

NEAREST = 3.0
"""So many times its limit, at most, is drawn: more would hide all others."""


def cpu_charts(section: CpuSection) -> Iterator[Chart]:
    """CPU and memory over the run, and CPU for each delivery; those for which there are samples."""
    if section.curves:
        busy = [(curve, curve.cpu_share) for curve in section.curves]
        sizes = [(curve, _mib(curve.rss_bytes)) for curve in section.curves]
        says = "Every process that takes part, over the whole run."
        yield _curves(busy, "CPU of each process", "of one core", says)
        yield _curves(sizes, "Memory of each process", "MiB (RSS)", says)
    stages = [stage for stage in section.stages if stage.roles]
    if stages:
        yield _per_delivery(stages)


def watched_charts(watched: Sequence[Watched]) -> Iterator[Chart]:
    """CPU, memory and disk of the processes that somebody asked for; nothing where there are none."""
    drawn = watched[:MOST]
    if not drawn:
        return
    more = f" The {MOST} busiest of {len(watched)}." if len(watched) > MOST else ""
    says = f"The processes that --watch and --watch-name name, over the whole run.{more}"
    for title, unit, values in (
        ("CPU", "of one core", [one.curve.cpu_share for one in drawn]),
        ("Memory", "MiB (RSS)", [_mib(one.curve.rss_bytes) for one in drawn]),
        ("Disk reads", "MiB a second", [_mib(one.read_bytes_per_s or []) for one in drawn]),
        ("Disk writes", "MiB a second", [_mib(one.write_bytes_per_s or []) for one in drawn]),
    ):
        if any(map(any, values)):
            curves = [one.curve for one in drawn]
            yield _curves(list(zip(curves, values, strict=True)), f"{title} of watched processes", unit, says)


def io_charts(section: IoSection) -> Iterator[Chart]:
    """How near its limit each stage's nearest resource was; nothing without stages."""
    if section.stages:
        made = chart_figure("how near its limit (1 is at it)", "", height=90 + 20 * len(section.stages))
        names = [stage_words(stage.name) for stage in section.stages]
        nearest = [min(stage.suspects[0].pressure, NEAREST) if stage.suspects else None for stage in section.stages]
        told = [stage.bottleneck for stage in section.stages]
        text = {"text": told, "textposition": "auto", "constraintext": "none"}
        made.add_trace(go.Bar(x=nearest, y=names, orientation="h", name="pressure", **text))
        made.add_vline(x=1, line={"color": COLOURS[1], "dash": "dot"})
        made.update_yaxes(autorange="reversed")
        says = f"What gave out first in each stage, and how near its limit the nearest was (at most {NEAREST:g})."
        yield Chart("Bottlenecks", says, made)


def _mib(sizes: Sequence[float | None]) -> list[float | None]:
    return [None if size is None else size / MIB for size in sizes]


def _curves(curves: Sequence[tuple[Curve, Values]], title: str, unit: str, says: str) -> Chart:
    made = chart_figure("s from the first stage's start", unit)
    made.update_layout(showlegend=True)  # of one process, too: which it is
    before: Counter[str] = Counter()
    for curve, told in curves:
        at = [curve.from_s + curve.step_s * (place + 1) for place in range(len(told))]
        colour = role_colour(curve.role)
        line = {"color": colour, "dash": DASHES[before[colour] % len(DASHES)]}
        before[colour] += 1
        made.add_trace(go.Scatter(x=at, y=told, mode="lines", name=f"{curve.role} {curve.process}", line=line))
    return Chart(title, says, made)


def _per_delivery(stages: Sequence[CpuStage]) -> Chart:
    made = chart_figure("us of CPU for each delivery", "", height=110 + 22 * len(stages))
    for role in dict.fromkeys(role for stage in stages for role in stage.roles):
        values = [stage.roles[role].us_per_delivery if role in stage.roles else None for stage in stages]
        names, marker = [stage_words(stage.name) for stage in stages], {"color": role_colour(role)}
        made.add_trace(go.Bar(x=values, y=names, orientation="h", name=role, marker=marker))
    made.update_layout(barmode="stack")
    made.update_yaxes(autorange="reversed")
    return Chart("CPU for each delivery", "User and system time of all processes of a role, by stage.", made)
