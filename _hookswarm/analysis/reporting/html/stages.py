"""Pictures of every test: throughput and latency of its stages, and how they went over time."""

from collections.abc import Iterator, Sequence
from typing import Any

import plotly.graph_objects as go

from _hookswarm.analysis.reporting.html.charts import (
    COLOURS,
    FAULT,
    MEDIAN,
    TAIL,
    Chart,
    axis_for,
    chart_figure,
)
from _hookswarm.analysis.reporting.stage_words import stage_words
from _hookswarm.analysis.schema.base import Quantiles
from _hookswarm.analysis.schema.report import Class, Retry, Section, Series, Stage
from _hookswarm.common.wording import figure

QUANTILES = (("p50", "50 %"), ("p90", "90 %"), ("p95", "95 %"), ("p99", "99 %"), ("p999", "99.9 %"), ("max", "all"))
MOST = 60
"""Stages in one picture."""
CURVES = 6
"""As many as there are colours."""
TOLD_APART = 0.02
"""Shares of delivered events that differ by less are alike: their picture would say nothing."""
RATES = {"offered": COLOURS[4], "delivered": COLOURS[0], "retries": COLOURS[5], "failed": COLOURS[3]}
"""What is told of each second, and its colour."""


def stage_charts(section: Section) -> Iterator[Chart]:
    """Of the stages in which anything was acknowledged: throughput, latency, percentiles, classes, what retries bring.

    As answers came, and at a rate of their own, are different questions: a picture each. One stage alone has none.
    """
    stages = [stage for stage in section.stages if stage.deliveries.acknowledged and not stage.disturbed]
    closed = [stage for stage in stages if _is_closed(stage)]
    opened = [stage for stage in stages if not _is_closed(stage)]
    kinds = (("as fast as answers came", closed), ("at a rate of their own", opened))
    several = [(kind, own) for kind, own in kinds if len(own) > 1]
    for kind, own in several:
        yield _throughput(own[:MOST], kind)
        yield _latency(own[:MOST], kind)
    for kind, own in several:
        yield _curves(own, kind)
    classes = [(stage, part) for stage in stages for part in stage.classes or []][:MOST]
    if len(classes) > 1:
        yield _classes(classes)
    retried = [(stage_words(stage.name), stage.retry) for stage in stages if stage.retry]
    shares = [retry.share_delivered or 0 for _, retry in retried]
    if shares and max(shares) - min(shares) >= TOLD_APART:
        yield _retries(retried[:MOST])


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
    made.update_xaxes(rangemode="tozero")
    return Chart(f"Throughput, {kind}", "What was acknowledged in each stage's window, by the window's length.", made)


def _latency(stages: Sequence[Stage], kind: str) -> Chart:
    made = _medians_and_tails([(stage_words(stage.name), stage.latency_ms.delivery) for stage in stages])
    return Chart(f"Latency, {kind}", "Median and 99th percentile of each stage, from due to acknowledged.", made)


def _classes(parts: Sequence[tuple[Stage, Class]]) -> Chart:
    made = _medians_and_tails(
        [(f"{stage_words(stage.name)}, {part.name}", part.latency_ms.delivery) for stage, part in parts]
    )
    says = "Median and 99th percentile of the webhooks that a stage tells apart, and of the others."
    return Chart("Latency by class", says, made)


def _medians_and_tails(rows: Sequence[tuple[str, Quantiles]]) -> go.Figure:
    made = chart_figure("ms, due to acknowledged", "", height=90 + 18 * len(rows))
    names = [name for name, _ in rows]
    told: list[float | None] = []
    for name, symbol, colour in (("p50", "circle", MEDIAN), ("p99", "diamond", TAIL)):
        values = [getattr(latency, name) for _, latency in rows]
        told += values
        marker = {"symbol": symbol, "size": 9, "color": colour}
        made.add_trace(go.Scatter(x=values, y=names, mode="markers", name=name, marker=marker))
    made.update_yaxes(autorange="reversed")
    made.update_xaxes(**axis_for(told))
    return made


def _retries(retried: Sequence[tuple[str, Retry]]) -> Chart:
    made = chart_figure("share of the events that were delivered", "", height=90 + 20 * len(retried))
    names, shares = [name for name, _ in retried], [retry.share_delivered for _, retry in retried]
    costs = [f"attempts an event: {figure(retry.amplification)}" for _, retry in retried]
    text = {"text": costs, "textposition": "inside", "insidetextanchor": "start", "constraintext": "none"}
    marker = {"color": RATES["delivered"]}
    made.add_trace(go.Bar(x=shares, y=names, orientation="h", name="delivered", marker=marker, **text))
    made.update_yaxes(autorange="reversed")
    made.update_xaxes(range=[0, 1], tickformat=".0%")
    return Chart("What retries bring", "The share of events that were delivered at last, and what it cost.", made)


def _curves(stages: Sequence[Stage], kind: str) -> Chart:
    made = chart_figure("share of the deliveries", "ms, due to acknowledged", height=380)
    made.update_xaxes(type="category")
    drawn: list[float | None] = []
    slowest = sorted(stages, key=lambda stage: -(stage.latency_ms.delivery.p99 or 0))[:CURVES]
    for stage in slowest:
        told = stage.latency_ms.delivery
        values = [getattr(told, name) for name, _ in QUANTILES]
        drawn += values
        made.add_trace(
            go.Scatter(
                x=[label for _, label in QUANTILES], y=values, mode="lines+markers", name=stage_words(stage.name)
            )
        )
    made.update_yaxes(**axis_for(drawn))
    more = f" The {CURVES} slowest of {len(stages)} stages." if len(stages) > CURVES else ""
    return Chart(f"Percentiles, {kind}", f"So many deliveries took no longer than so long.{more}", made)


def _over_time(series: Series, section: Section) -> Chart:
    columns, made = _whole(series, section), chart_figure("s from the stage's start", "a second")
    at = columns["second"]
    for name, colour in RATES.items():
        rates = [None if count is None else count / series.step_s for count in columns[name]]
        if any(rates):
            made.add_trace(go.Scatter(x=at, y=rates, mode="lines", name=name, line={"color": colour}))
    if "p99_ms" in columns:
        line = {"color": TAIL, "dash": "dot"}
        made.add_trace(go.Scatter(x=at, y=columns["p99_ms"], mode="lines", name="p99, ms", yaxis="y2", line=line))
        made.update_layout(
            yaxis2={
                "overlaying": "y", "side": "right", "title": "p99, ms", "showgrid": False, "automargin": True,
                **axis_for(columns["p99_ms"]),
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
