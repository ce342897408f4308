"""What the pictures have in common: their colours, which colour-blind people tell apart, and how they are drawn."""

from collections.abc import Iterable
from dataclasses import dataclass

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
PLAIN = ",.3~r"
"""Ticks as people write them: 1,380, not 1.38e+3."""
FAULT = "rgba(213, 94, 0, 0.18)"
BAND = "rgba(0, 158, 115, 0.2)"
HEIGHT = 340
LOG = {"type": "log", "tickformat": PLAIN, "dtick": "D2", "exponentformat": "none"}
"""An axis for values over decades, with ticks at 1, 2 and 5."""
DECADES = 30


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


def chart_figure(x: str, y: str, *, log_y: bool = False, height: int = HEIGHT) -> go.Figure:
    """An empty one, with its axes named; the page gives it the colours of text and lines."""
    made = go.Figure()
    made.update_layout(
        height=height,
        margin={"l": 60, "r": 16, "t": 40, "b": 48},
        colorway=list(COLOURS),
        paper_bgcolor="rgba(0,0,0,0)",
        plot_bgcolor="rgba(0,0,0,0)",
        legend={"orientation": "h", "y": 1.01, "yanchor": "bottom", "x": 0},
        template="none",
    )
    made.update_xaxes(title=x, automargin=True)
    made.update_yaxes(title=y, automargin=True)
    if log_y:
        made.update_yaxes(**LOG)
    else:
        made.update_yaxes(rangemode="tozero")
    return made


def role_colour(role: str) -> str:
    """Of a role, be it one of a region: `receiver-eu`."""
    return ROLES.get(role.partition("-")[0], COLOURS[5])


def spans_decades(values: Iterable[float | None]) -> bool:
    """Whether a linear axis would hide the small ones."""
    known = [value for value in values if value]
    return bool(known) and max(known) > DECADES * min(known)
