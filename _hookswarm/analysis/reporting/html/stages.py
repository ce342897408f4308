"""Pictures of every test: throughput and latency of its stages, and how they went over time."""

from collections.abc import Iterator, Sequence
from typing import Any

import plotly.graph_objects as go

from _hookswarm.analysis.reporting.html.charts import (
    FAULT,
    LOG,
    MEDIAN,
    PLAIN,
    TAIL,
    Chart,
    chart_figure,
    spans_decades,
)
from _hookswarm.analysis.reporting.stage_words import stage_words
from _hookswarm.analysis.schema.report import Section, Series, Stage

QUANTILES = (("p50", "50 %"), ("p90", "90 %"), ("p95", "95 %"), ("p99", "99 %"), ("p999", "99.9 %"), ("max", "all"))
MOST = 60
"""Stages in one picture."""
CURVES = 6
"""As many as there are colours."""


def stage_charts(section: Section) -> Iterator[Chart]:
    """Throughput, latency and percentiles of the stages in which anything was acknowledged.

    As answers came, and at a rate of their own, are different questions: a picture each. One stage alone has none.
    """
    stages = [stage for stage in section.stages if stage.deliveries.acknowledged and not stage.disturbed]
    closed = [stage for stage in stages if _is_closed(stage)]
    opened = [stage for stage in stages if not _is_closed(stage)]
    for kind, own in (("as fast as answers came", closed), ("at a rate of their own", opened)):
        if len(own) > 1:
            yield _throughput(own[:MOST], kind)
            yield _latency(own[:MOST], kind)
    if len(stages) > 1:
        yield _curves(stages)


def _is_closed(stage: Stage) -> bool:
    return bool((stage.parameters.get("arrivals") or {}).get("kind", "closed") == "closed")


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


def _throughput(stages: Sequence[Stage], kind: str) -> Chart:
    made = chart_figure("deliveries a second", "", height=90 + 18 * len(stages))
    rates, names = [stage.throughput_per_s for stage in stages], [stage_words(stage.name) for stage in stages]
    made.add_trace(go.Bar(x=rates, y=names, orientation="h", name="a second"))
    made.update_yaxes(autorange="reversed")
    made.update_xaxes(tickformat=PLAIN, rangemode="tozero")
    return Chart(f"Throughput, {kind}", "What was acknowledged in each stage's window, by the window's length.", made)


def _latency(stages: Sequence[Stage], kind: str) -> Chart:
    made = chart_figure("ms, due to acknowledged", "", height=90 + 18 * len(stages))
    names = [stage_words(stage.name) for stage in stages]
    told: list[float | None] = []
    for name, symbol, colour in (("p50", "circle", MEDIAN), ("p99", "diamond", TAIL)):
        values = [getattr(stage.latency_ms.delivery, name) for stage in stages]
        told += values
        marker = {"symbol": symbol, "size": 9, "color": colour}
        made.add_trace(go.Scatter(x=values, y=names, mode="markers", name=name, marker=marker))
    made.update_yaxes(autorange="reversed")
    made.update_xaxes(**LOG if spans_decades(told) else {"tickformat": PLAIN, "rangemode": "tozero"})
    return Chart(f"Latency, {kind}", "Median and 99th percentile of each stage, from due to acknowledged.", made)


def _curves(stages: Sequence[Stage]) -> Chart:
    made = chart_figure("share of the deliveries", "ms, due to acknowledged", log_y=True, height=380)
    made.update_xaxes(type="category")
    slowest = sorted(stages, key=lambda stage: -(stage.latency_ms.delivery.p99 or 0))[:CURVES]
    for stage in slowest:
        told = stage.latency_ms.delivery
        values = [getattr(told, name) for name, _ in QUANTILES]
        made.add_trace(
            go.Scatter(
                x=[label for _, label in QUANTILES], y=values, mode="lines+markers", name=stage_words(stage.name)
            )
        )
    more = f" The {CURVES} slowest of {len(stages)} stages." if len(stages) > CURVES else ""
    return Chart("Percentiles", f"So many deliveries took no longer than so long.{more}", made)


def _over_time(series: Series, section: Section) -> Chart:
    columns, made = _whole(series, section), chart_figure("s from the stage's start", "a second")
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
                "overlaying": "y", "side": "right", "title": "ms", "showgrid": False, "automargin": True, **LOG,
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
    return Chart(
        f"{stage_words(series.stage)} over time", "Events that fell due and were acknowledged, second by second.", made
    )


def _whole(series: Series, section: Section) -> dict[str, list[int | float | None]]:
    """Its columns; without what was offered in a second that the plan has only a part of: that looks like a fall."""
    plan: dict[str, Any] = next((one.parameters for one in section.stages if one.name == series.stage), {})
    length_s = float(plan.get("duration_s") or 0) + float(plan.get("warmup_s") or 0)
    begun = length_s % series.step_s and length_s // series.step_s * series.step_s
    at, offered = series.columns["second"], series.columns["offered"]
    whole = [None if begun and second == begun else count for second, count in zip(at, offered, strict=True)]
    return series.columns | {"offered": whole}
