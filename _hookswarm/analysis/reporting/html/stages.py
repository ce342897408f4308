"""Pictures of every test: throughput and latency of its stages, and how they went over time."""

from collections.abc import Iterator, Sequence

import plotly.graph_objects as go

from _hookswarm.analysis.reporting.html.charts import FAULT, Chart, chart_figure
from _hookswarm.analysis.schema.report import Section, Series, Stage

QUANTILES = (("p50", "50 %"), ("p90", "90 %"), ("p95", "95 %"), ("p99", "99 %"), ("p999", "99.9 %"), ("max", "all"))
MOST = 60
"""Stages in one picture."""
CURVES = 6
"""As many as there are colours."""


def stage_charts(section: Section) -> Iterator[Chart]:
    """Throughput, latency and percentiles of the stages in which anything was acknowledged."""
    stages = [stage for stage in section.stages if stage.deliveries.acknowledged]
    if stages:
        yield _throughput(stages[:MOST])
        yield _latency(stages[:MOST])
        yield _curves(stages)


def charts_over_time(section: Section) -> Iterator[Chart]:
    """Each second of the stages whose seconds are told, with their faults."""
    for series in _first_of_each(section):
        yield _over_time(series, section)


def _first_of_each(section: Section) -> Iterator[Series]:
    """One stage of each scenario: those that it compares look alike."""
    scenarios = {stage.name: stage.scenario for stage in section.stages}
    shown = set()
    for series in section.series or []:
        if (scenario := scenarios.get(series.stage, series.stage)) not in shown:
            shown.add(scenario)
            yield series


def _throughput(stages: Sequence[Stage]) -> Chart:
    made = chart_figure("deliveries a second", "", height=90 + 18 * len(stages))
    rates, names = [stage.throughput_per_s for stage in stages], [stage.name for stage in stages]
    made.add_trace(go.Bar(x=rates, y=names, orientation="h", name="a second"))
    made.update_yaxes(autorange="reversed")
    return Chart("Throughput", "What was acknowledged in each stage's window, by the window's length.", made)


def _latency(stages: Sequence[Stage]) -> Chart:
    made = chart_figure("ms, due to acknowledged", "", height=90 + 18 * len(stages))
    names = [stage.name for stage in stages]
    for name, symbol in (("p50", "circle"), ("p99", "diamond")):
        values = [getattr(stage.latency_ms.delivery, name) for stage in stages]
        made.add_trace(go.Scatter(x=values, y=names, mode="markers", name=name, marker={"symbol": symbol, "size": 9}))
    made.update_yaxes(autorange="reversed")
    made.update_xaxes(type="log")
    return Chart("Latency", "Median and 99th percentile of each stage, from due to acknowledged.", made)


def _curves(stages: Sequence[Stage]) -> Chart:
    made = chart_figure("share of the deliveries", "ms, due to acknowledged", log_y=True, height=380)
    made.update_xaxes(type="category")
    slowest = sorted(stages, key=lambda stage: -(stage.latency_ms.delivery.p99 or 0))[:CURVES]
    for stage in slowest:
        told = stage.latency_ms.delivery
        values = [getattr(told, name) for name, _ in QUANTILES]
        made.add_trace(go.Scatter(x=[label for _, label in QUANTILES], y=values, mode="lines+markers", name=stage.name))
    more = f" The {CURVES} slowest of {len(stages)} stages." if len(stages) > CURVES else ""
    return Chart("Percentiles", f"So many deliveries took no longer than so long.{more}", made)


def _over_time(series: Series, section: Section) -> Chart:
    columns, made = series.columns, chart_figure("s from the stage's start", "a second")
    at = columns["second"]
    for name in ("offered", "delivered", "retries", "failed"):
        rates = [None if count is None else count / series.step_s for count in columns[name]]
        if any(rates):
            made.add_trace(go.Scatter(x=at, y=rates, mode="lines", name=name))
    if "p99_ms" in columns:
        made.add_trace(
            go.Scatter(x=at, y=columns["p99_ms"], mode="lines", name="p99, ms", yaxis="y2", line={"dash": "dot"})
        )
        made.update_layout(
            yaxis2={
                "overlaying": "y", "side": "right", "title": "ms", "type": "log", "tickformat": ".3~g", "nticks": 5,
                "showgrid": False, "automargin": True,
            }
        )  # fmt: skip
    for fault in section.failovers or []:
        if fault.stage == series.stage:
            made.add_vrect(
                x0=fault.began_at_s, x1=fault.began_at_s + fault.lasted_s, fillcolor=FAULT, line_width=0,
                annotation_text=", ".join(fault.faults),
            )  # fmt: skip
    if not section.failovers:  # which have them, too
        for outage in (one for stage in section.stages if stage.name == series.stage for one in stage.outages):
            made.add_vrect(
                x0=outage.from_s, x1=outage.from_s + outage.lasted_s, fillcolor=FAULT, line_width=0,
                annotation_text=f"{outage.region} {outage.kind}",
            )  # fmt: skip
    return Chart(f"{series.stage} over time", "Events that fell due and were acknowledged, second by second.", made)
