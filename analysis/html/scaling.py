"""Pictures of the test "scalability": what more of something brings, and the law behind it."""

from collections.abc import Iterator

import plotly.graph_objects as go

from analysis.html.charts import BAND, COLOURS, Chart, figure
from analysis.models import Section
from analysis.scalability_models import Capacity, Estimate, Scaling, Usl


def charts(section: Section) -> Iterator[Chart]:
    laws = section.usl or {}
    for scaling in section.scaling or []:
        if any(factor.throughput_per_s for factor in scaling.factors):
            yield _scaling(scaling, laws.get(scaling.scenario))
    for capacity in section.capacity or []:
        yield _capacity(capacity)


def _scaling(scaling: Scaling, law: Usl | None) -> Chart:
    made = figure(f"times the smallest ({scaling.parameter or 'factor'})", "deliveries a second")
    known = [factor for factor in scaling.factors if factor.throughput_per_s]
    x = [factor.factor for factor in known]
    told = [factor.throughput_per_s for factor in known if factor.throughput_per_s]
    median = [one.median for one in told]
    error = {"type": "data", "symmetric": False, "array": [one.high - one.median for one in told],
             "arrayminus": [one.median - one.low for one in told]}  # fmt: skip
    made.add_trace(go.Scatter(x=x, y=median, mode="markers", name="measured, least to most", error_y=error))
    ideal = [median[0] * factor / x[0] for factor in x]
    made.add_trace(go.Scatter(x=x, y=ideal, mode="lines", name="in proportion", line={"dash": "dot"}))
    says = "What more of it brings, against what it would bring in proportion."
    if law and law.curve:
        sizes = [point.factor for point in law.curve]
        lows, rates, highs = zip(*((one.low, one.value, one.high) for one in _estimates(law)), strict=True)
        made.add_trace(go.Scatter(x=sizes, y=lows, mode="lines", line_width=0, hoverinfo="skip", showlegend=False))
        made.add_trace(
            go.Scatter(
                x=sizes, y=highs, mode="lines", line_width=0, fill="tonexty", fillcolor=BAND, name="its 95 % interval"
            )
        )
        line = {"color": COLOURS[2]}
        made.add_trace(go.Scatter(x=sizes, y=rates, mode="lines", name="Universal Scalability Law", line=line))
        says += f" The law: {law.shape}."
    return Chart(scaling.scenario, says, made)


def _estimates(law: Usl) -> Iterator[Estimate]:
    yield from (point.throughput_per_s for point in law.curve)


def _capacity(capacity: Capacity) -> Chart:
    made = figure("offered, a second", "p99, ms", log_y=True)
    for held, name, symbol in ((True, "held", "circle"), (False, "broke", "x")):
        own = [one for one in capacity.tries if one.held is held]
        made.add_trace(
            go.Scatter(
                x=[one.rate_per_s for one in own],
                y=[one.p99_ms for one in own],
                mode="markers",
                name=name,
                marker={"symbol": symbol, "size": 10},
            )
        )
    if limit := capacity.limits.get("p99_ms"):
        ends = [min(rates), max(rates)] if (rates := [one.rate_per_s for one in capacity.tries]) else []
        made.add_trace(go.Scatter(x=ends, y=[limit] * len(ends), mode="lines", name="limit", line={"dash": "dash"}))
    found = "no rate held" if capacity.rate_per_s is None else f"{capacity.rate_per_s:,.0f} a second held"
    return Chart(f"Search: {capacity.scenario}", f"Every try of a rate: {found}.", made)
