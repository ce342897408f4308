"""Watched processes on the page, in Markdown and on the terminal."""

import io

from rich.console import Console

from _hookswarm.analysis.reporting.files import reports_of
from _hookswarm.analysis.reporting.html.page import PagePart, page_parts
from _hookswarm.analysis.reporting.html.resources import watched_charts
from _hookswarm.analysis.reporting.markdown import markdown_summary
from _hookswarm.analysis.reporting.summary import show_section
from _hookswarm.analysis.reporting.watched import MOST, first_rows
from _hookswarm.analysis.schema.sections import Sections
from tests.support.reported import sections_of
from tests.support.watched_processes import watched

ROW = ("postgres 77", "25%", "50%", "10", "12", "13", "0", "3")


def seen(test: str = "load") -> Sections:
    sections = sections_of(test)
    sections.performance.watched = [watched()]
    return sections


def part_of(sections: Sections) -> PagePart:
    (part,) = page_parts(reports_of(sections))
    return part


def test_the_page_draws_them() -> None:
    """CPU, memory and what they wrote, over time; of what was never read there is no picture."""
    charts = {chart.title: chart.figure for chart in part_of(seen()).charts if "watched" in chart.title}
    assert list(charts) == [f"{what} of watched processes" for what in ("CPU", "Memory", "Disk writes")]
    (line,) = charts["Memory of watched processes"].data
    assert (line.name, list(line.x), list(line.y)) == ("watched-postgres 77", [1, 2, 3], [11, 13, 12])


def test_the_page_has_their_table() -> None:
    """CPU, memory at both ends and at most, disk."""
    (table,) = [table for table in part_of(seen()).tables if table.title == "Watched processes"]
    assert table.rows == [ROW]


def test_a_trend_of_their_memory_stands_beside_it() -> None:
    """Where stages sustain a load, and the memory report tells it."""
    sections = seen("resource")
    assert sections.memory
    trend = sections.memory.trends[0].model_copy(
        update={"role": "watched-postgres", "process": "77", "stage": "sustained", "verdict": "leak"}
    )
    sections.memory.trends = [trend]
    (table,) = [table for table in part_of(sections).tables if table.title == "Watched processes"]
    assert table.rows == [(*ROW, "sustained: leak")]
    assert table.header[-1] == "memory while a load lasts"


def test_of_many_the_busiest_are_shown() -> None:
    """The busiest of them, in a summary, too; lines are told apart by how they are dashed."""
    many = [watched(process=str(number)) for number in range(MOST + 3)]
    cpu, *_ = watched_charts(many)
    assert len(cpu.figure.data) == MOST
    assert f"The {MOST} busiest of {MOST + 3}." in cpu.says
    assert len({line.line.dash for line in cpu.figure.data[:4]}) == 4
    assert [row[0] for row in first_rows(many)][-2:] == [f"postgres {MOST - 1}", "and 3 more"]


def test_markdown_and_terminal_have_the_row() -> None:
    """And nothing where nobody was watched."""
    out = io.StringIO()
    show_section(seen().performance, Console(file=out, width=100))
    (line,) = [line for line in out.getvalue().splitlines() if line.startswith("postgres")]
    assert tuple(line.replace("postgres 77", "postgres_77").split()) == ("postgres_77", *ROW[1:])
    assert f"| {' | '.join(ROW)} |" in markdown_summary([seen().performance], [])
    assert "watched process" not in markdown_summary([sections_of("load").performance], [])
