"""What the pictures have in common: their colours, which colour-blind people tell apart, and how they are drawn."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

# Okabe and Ito, "Color Universal Design", 2008, without black and yellow: those vanish on a dark or a light page.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
ROLES = {
    "sender": COLOURS[0],
    "receiver": COLOURS[1],
    "watched": COLOURS[2],
    "master": COLOURS[3],
    "supervisor": COLOURS[4],
}
"""The same role has the same colour in all pictures."""
MEDIAN, TAIL = COLOURS[0], COLOURS[1]
"""Of p50 and p99, wherever they are."""
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
"""By which lines of one colour are told apart."""
PLAIN = ",.6~r"
"""Ticks as people write them: 1,380, not 1.38e+3."""
FAULT = "rgba(213, 94, 0, 0.18)"
BAND = "rgba(0, 158, 115, 0.2)"
HEIGHT = 340
DECADES, MANY_DECADES = 30, 1_000
"""From where on an axis is logarithmic, and has no ticks at 2 and 5 any more."""


@dataclass(frozen=True)
class Chart:
    """`says` is what it shows in a sentence, also for those who cannot see it."""

    title: str
    says: str
    figure: go.Figure

    def json(self) -> str:
        """For plotly.js, safe inside a `<script>`."""
        text: str = self.figure.to_json()
        return text.replace("</", "<\\/")


def chart_figure(x: str, y: str, *, height: int = HEIGHT) -> go.Figure:
    """An empty one, with its axes named, both linear; the page gives it the colours of text and lines."""
    made = go.Figure()
    made.update_layout(
        height=height,
        margin={"l": 60, "r": 24, "t": 12, "b": 48},
        colorway=list(COLOURS),
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        legend={"orientation": "h", "y": 1.01, "yanchor": "bottom", "x": 0},
        template="none",
    )
    made.update_xaxes(title={"text": x, "standoff": 8}, automargin=True, tickformat=PLAIN)
    made.update_yaxes(title=y, automargin=True, tickformat=PLAIN, rangemode="tozero")
    return made


def axis_for(values: Iterable[float | None]) -> dict[str, Any]:
    """An axis on which small ones can be seen beside large ones: from 0, or logarithmic where they span decades.

    Its ticks are its own: those of a second axis would else stand where the first has some, at odd values.
    """
    known = [value for value in values if value]
    spans = max(known) / min(known) if known else 1
    if spans <= DECADES:
        return {"tickformat": PLAIN, "tickmode": "auto", "rangemode": "tozero"}
    return {"type": "log", "tickformat": PLAIN, "tickmode": "linear", "dtick": "D2" if spans <= MANY_DECADES else 1}


def role_colour(role: str) -> str:
    """Of a role, be it one of a region: `receiver-eu`."""
    return ROLES.get(role.partition("-")[0], COLOURS[5])
