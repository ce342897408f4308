"""Rows arranged by stage, event, attempt and time."""

from collections.abc import Mapping

from hypothesis import given
from hypothesis import strategies as st

from _hookswarm.analysis.reading.rows import arrange_rows, group_events, places_in, rows_of_stage
from tests.support.journals import START, Row, attempt, table

SMALL = st.integers(0, 2)
MOST = 2**32 - 1
NAMES = st.tuples(st.sampled_from([0, 1, 65_535]), st.sampled_from([0, 1, MOST]), st.sampled_from([0, 1, MOST]), SMALL)


@st.composite
def parts(draw: st.DrawFn) -> list[list[Row]]:
    """Rows of a few journals, each in any order."""
    return [
        [
            attempt(sequence, webhook, stage=stage, attempt=number, start=START + draw(st.integers(0, 9)))
            for stage, webhook, sequence, number in draw(st.lists(NAMES, max_size=6))
        ]
        for _ in range(draw(SMALL))
    ]


def _name(row: Mapping[str, int]) -> tuple[int, ...]:
    return row["stage"], row["webhook"], row["sequence"], row["attempt"], row["start"]


@given(parts())
def test_rows_are_sorted_and_whole(journals: list[list[Row]]) -> None:
    """Every row is there once with all its fields, in the order that Python would put it into."""
    rows = [row for journal in journals for row in journal]
    assert arrange_rows([table(journal) for journal in journals]).tolist() == table(sorted(rows, key=_name)).tolist()


@given(parts())
def test_times_are_moved_before_they_are_compared(journals: list[list[Row]]) -> None:
    """Each journal by its own nanoseconds, but for times that never came."""
    ahead = [5 - 7 * number for number in range(len(journals))]
    moved = [
        row | {name: row[name] + by if row[name] else 0 for name in ("due", "start", "done")}
        for journal, by in zip(journals, ahead, strict=True)
        for row in journal
    ]
    found = arrange_rows([table(journal) for journal in journals], ahead)
    assert found.tolist() == table(sorted(moved, key=_name)).tolist()


@given(parts())
def test_stages_are_parts_of_the_whole(journals: list[list[Row]]) -> None:
    """A stage's rows are found without being copied; a stage that has none is empty."""
    rows = arrange_rows([table(journal) for journal in journals])
    for stage in (0, 1, 7, 65_535):
        found = rows_of_stage(rows, stage)
        assert found.tolist() == rows[rows["stage"] == stage].tolist()
        assert found.base is not None


@given(parts())
def test_groups_are_the_same_from_any_order(journals: list[list[Row]]) -> None:
    """Rows that are not arranged are, before they are gathered by event."""
    rows = table(row for journal in journals for row in journal if row["stage"] == 0)
    found, arranged = group_events(rows), group_events(arrange_rows([rows]))
    assert found.rows.tolist() == arranged.rows.tolist()
    assert found.event.tolist() == arranged.event.tolist()
    assert found.key[found.event].tolist() == [int(w) << 32 | int(s) for w, s in found.rows[["webhook", "sequence"]]]


def test_what_is_not_there_is_not_found() -> None:
    """The place of each value in a table, -1 where it has none; in an empty one nothing is found."""
    rows = arrange_rows([table([attempt(2), attempt(4)])])
    assert places_in(rows["sequence"], rows["sequence"]).tolist() == [0, 1]
    assert places_in(rows["sequence"], rows["sequence"][1:]).tolist() == [-1, 0]
    assert places_in(rows["sequence"], rows["sequence"][:0]).tolist() == [-1, -1]
