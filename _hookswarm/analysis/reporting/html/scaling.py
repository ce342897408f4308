"""Pictures of the test "scalability": what more of something brings, and the law behind it."""

from collections.abc import Iterator

import plotly.graph_objects as go

from _hookswarm.analysis.reporting.html.charts import BAND, COLOURS, Chart, axis_for, chart_figure
from _hookswarm.analysis.schema.report import Section
from _hookswarm.analysis.schema.scalability import Capacity, Scaling, Usl

WIDEST = 1.5
"""Times the most that was measured: an interval beyond it says nothing, and would hide all else."""


def scaling_charts(section: Section) -> Iterator[Chart]:
    """One for each scenario that was scaled, and one for each search; nothing of another test."""
    laws = section.usl or {}
    for scaling in section.scaling or []:
        if sum(factor.throughput_per_s is not None for factor in scaling.factors) > 1:
            yield _scaling(scaling, laws.get(scaling.scenario))
    for capacity in section.capacity or []:
        if len(capacity.tries) > 1:
            yield _capacity(capacity)


def _scaling(scaling: Scaling, law: Usl | None) -> Chart:
    made = chart_figure(f"times the smallest ({scaling.parameter or 'factor'})", "deliveries a second")
    known = [factor for factor in scaling.factors if factor.throughput_per_s]
    x = [factor.factor for factor in known]
    measured = [factor.throughput_per_s for factor in known if factor.throughput_per_s]
    median = [one.median for one in measured]
    error = {"type": "data", "symmetric": False, "array": [one.high - one.median for one in measured],
             "arrayminus": [one.median - one.low for one in measured]}  # fmt: skip
    made.add_trace(go.Scatter(x=x, y=median, mode="markers", name="measured, least to most", error_y=error))
    ideal = [median[0] * factor / x[0] for factor in x]
    made.add_trace(go.Scatter(x=x, y=ideal, mode="lines", name="in proportion", line={"dash": "dot"}))
    says = "What more of it brings, against what it would bring in proportion."
    if law and law.curve:
        sizes, told = [point.factor for point in law.curve], [point.throughput_per_s for point in law.curve]
        top = WIDEST * max(one.high for one in measured)
        edge = {"x": sizes, "mode": "lines", "line_width": 0, "hoverinfo": "skip"}
        made.add_trace(go.Scatter(y=[max(one.low, 0) for one in told], showlegend=False, **edge))
        band = {"fill": "tonexty", "fillcolor": BAND, "name": "its 95 % interval"}
        made.add_trace(go.Scatter(y=[min(one.high, top) for one in told], **band, **edge))
        if any(one.high > top or one.low < 0 for one in told):
            says += " Its interval is wider than the picture: so few measurements say little of the law."
        rates, line = [one.value for one in told], {"color": COLOURS[2]}
        made.add_trace(go.Scatter(x=sizes, y=rates, mode="lines", name="Universal Scalability Law", line=line))
        says += f" The law: {law.shape}."
    return Chart(scaling.scenario, says, made)


def _capacity(capacity: Capacity) -> Chart:
    made, limit = chart_figure("offered, a second", "p99, ms"), capacity.limits.get("p99_ms")
    made.update_yaxes(**axis_for([*(one.p99_ms for one in capacity.tries), limit]))
    for held, name, symbol, colour in (
        (True, "held", "circle", COLOURS[0]),
        (False, "broke", "x", COLOURS[1]),
        (None, "disturbed", "circle-open", COLOURS[3]),
    ):
        own = [one for one in capacity.tries if one.held is held]
        if held is None and not own:
            continue
        made.add_trace(
            go.Scatter(
                x=[one.rate_per_s for one in own],
                y=[one.p99_ms for one in own],
                mode="markers",
                name=name,
                marker={"symbol": symbol, "size": 10, "color": colour},
            )
        )
    if limit:
        rates, line = [one.rate_per_s for one in capacity.tries], {"color": COLOURS[2], "dash": "dash"}
        made.add_trace(go.Scatter(x=[min(rates), max(rates)], y=[limit] * 2, mode="lines", name="limit", line=line))
    found = "no rate held" if capacity.rate_per_s is None else f"{capacity.rate_per_s:,.0f} a second held"
    return Chart(f"Search: {capacity.scenario}", f"Every try of a rate: {found}.", made)
