"""What the pictures have in common: the same colour for the same role, lines told apart, axes for what they show."""

from collections import defaultdict
from typing import Any

import pytest

from _hookswarm.analysis.reporting.files import read_reports
from _hookswarm.analysis.reporting.html.charts import COLOURS, ROLES, TAIL, axis_for
from _hookswarm.analysis.reporting.html.page import page_parts
from tests.support.kept_runs import REPORTS

MEANINGS = ("p50", "p99", "offered", "delivered", "retries", "failed", "held", "broke", "limit", *ROLES)


@pytest.fixture(scope="module")
def traces() -> list[tuple[str, Any]]:
    """Every line, bar and mark of the page of five real runs, with its picture's title."""
    parts = page_parts(read_reports(REPORTS))
    return [(chart.title, trace) for part in parts for chart in part.charts for trace in chart.figure.data]


def _colour(trace: Any) -> str | None:
    line = trace.line.color if hasattr(trace, "line") else None
    found: str | None = line or trace.marker.color
    return found


def test_a_meaning_has_one_colour(traces: list[tuple[str, Any]]) -> None:
    """Wherever it is drawn, and whatever is drawn beside it."""
    seen: dict[str, set[str | None]] = defaultdict(set)
    for _, trace in traces:
        meaning = (trace.name or "").partition(",")[0].partition(" ")[0].partition("-")[0]
        if meaning in MEANINGS:
            seen[meaning].add(_colour(trace))
    assert {"p99", "offered", "delivered", "held", "sender", "receiver"} <= set(seen)
    assert {meaning: colours for meaning, colours in seen.items() if len(colours) > 1} == {}
    assert seen["p99"] == {TAIL}
    assert set().union(*seen.values()) <= set(COLOURS)


def test_lines_of_a_picture_are_told_apart() -> None:
    """By their colour or by how they are dashed."""
    pictures = [
        [(_colour(line), line.line.dash) for line in chart.figure.data]
        for part in page_parts(read_reports(REPORTS))
        for chart in part.charts
        if chart.title.endswith("of each process")
    ]
    assert max(map(len, pictures)) >= 5
    assert [looks for looks in pictures if len(set(looks)) < len(looks)] == []


@pytest.mark.parametrize(
    ("values", "kind", "ticks"),
    [
        ([5, 40, None, 0], None, None),
        ([1, 100], "log", "D2"),
        ([1, 10_000], "log", 1),
        ([], None, None),
    ],
)
def test_an_axis_is_logarithmic_where_values_span_decades(
    values: list[float | None], kind: str | None, ticks: str | int | None
) -> None:
    """With ticks at 1, 2 and 5, or only at powers of ten where there are many; else it starts at zero."""
    axis = axis_for(values)
    assert (axis.get("type"), axis.get("dtick")) == (kind, ticks)
    assert (axis.get("rangemode") == "tozero") == (kind is None)
