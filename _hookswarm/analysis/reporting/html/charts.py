"""What the pictures have in common: their colours, which colour-blind people tell apart, and how they are drawn."""

from dataclasses import dataclass

import plotly.graph_objects as go

# Okabe and Ito, "Color Universal Design", 2008, without black and yellow: those vanish on a dark or a light page.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
FAULT = "rgba(213, 94, 0, 0.18)"
BAND = "rgba(0, 158, 115, 0.2)"
HEIGHT = 340


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
    made.update_yaxes(title=y, automargin=True, type="log" if log_y else None)
    return made
