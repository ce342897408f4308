"""Pictures of the test "distribution": strategies side by side, and failovers on one line of time."""

from collections.abc import Iterator, Sequence

import plotly.graph_objects as go

from _hookswarm.analysis.reporting.html.charts import COLOURS, FAULT, MEDIAN, TAIL, Chart, chart_figure
from _hookswarm.analysis.schema.distribution import Strategies
from _hookswarm.analysis.schema.failover import Failover
from _hookswarm.analysis.schema.report import Section
from _hookswarm.common.wording import many


def distribution_charts(section: Section) -> Iterator[Chart]:
    """The failovers that are in no ranking, then each ranking; nothing of another test."""
    ranked = {stage for compared in section.strategies or [] for stage in compared.stages}
    alone = [found for found in section.failovers or [] if found.stage not in ranked]
    if alone:
        yield _failovers(alone)
    for compared in section.strategies or []:
        yield _strategies(compared)


def _strategies(compared: Strategies) -> Chart:
    made = chart_figure("ms, due to acknowledged", "", height=120 + 26 * len(compared.strategies))
    names = [f"{one.rank}. {one.strategy}" for one in compared.strategies]
    for label, values, colour in (
        ("median", [one.p50_ms for one in compared.strategies], MEDIAN),
        ("p99, what is ranked by", [one.objective_ms for one in compared.strategies], TAIL),
    ):
        made.add_trace(go.Bar(x=values, y=names, orientation="h", name=label, marker={"color": colour}))
    made.update_yaxes(autorange="reversed")
    made.update_layout(barmode="group")
    best = [one.strategy for one in compared.strategies if one.rank == 1]
    times = "once" if compared.repeats == 1 else f"{compared.repeats} times"
    says = f"Each {times}, on the same arrivals. In the first rank: {', '.join(best)}."
    if compared.left_out:
        says += f" Left out, a receiver of ours was out: {', '.join(compared.left_out)}."
    return Chart(f"Strategies: {compared.scenario}", says, made)


def _failovers(failovers: Sequence[Failover]) -> Chart:
    """A line each, from the fault's beginning: how long it was on, and when senders and users had done with it."""
    made = chart_figure("s from the fault's beginning", "", height=110 + 30 * len(failovers))
    names = [found.stage.removeprefix("failover ") for found in failovers]
    lasted = [found.lasted_s for found in failovers]
    made.add_trace(go.Bar(x=lasted, y=names, orientation="h", name="the fault", marker={"color": FAULT}))
    for label, values, symbol, colour in (
        ("all senders had left", [_detected(found) for found in failovers], "triangle-up", COLOURS[0]),
        ("events came in time again", [found.recovered_s or None for found in failovers], "circle", COLOURS[2]),
    ):
        marker = {"symbol": symbol, "size": 12, "color": colour}
        made.add_trace(go.Scatter(x=values, y=names, mode="markers", name=label, marker=marker))
    unseen = [name for name, found in zip(names, failovers, strict=True) if found.recovered_s == 0]
    if unseen:
        told = {"text": ["users never noticed"] * len(unseen), "textposition": "middle right"}
        made.add_trace(go.Scatter(x=[0] * len(unseen), y=unseen, mode="text", showlegend=False, **told))
    made.update_yaxes(autorange="reversed")
    late = sum(found.failed + found.late for found in failovers)
    says = f"{many(len(failovers), 'fault')}; {many(late, 'event')} did not come in time."
    if unseen:
        says += f" Users never noticed: {', '.join(unseen)}."
    return Chart("Failovers", says, made)


def _detected(found: Failover) -> float | None:
    return max((one.detected_s for one in found.by_origin if one.detected_s is not None), default=None)
