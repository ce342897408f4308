"""Attempts through a load balancer: the receivers' journals say where they went."""

from dataclasses import replace
from typing import Any

import pytest

from _hookswarm.analysis.deliveries import served
from _hookswarm.analysis.reading.balanced import arrivals_by_region
from _hookswarm.analysis.reading.rows import Grouped, group_events
from _hookswarm.analysis.reports import analyse
from _hookswarm.analysis.schema.report import Section
from _hookswarm.records.journal import Header
from _hookswarm.records.reading import JournalView
from _hookswarm.records.rows import BALANCED, CODES, Outcome
from tests.support.distributed import WORLD
from tests.support.journals import ANCHOR, MS, RUN_ID, Row, arrival, attempt, planned, run, table

WATCHED: dict[str, Any] = {
    "regions": [region.model_copy(update={"receiver": True}) for region in WORLD["regions"]],
    "links": WORLD["links"],
    "test": "distribution",
}


def through(sequence: int, **fields: int) -> Row:
    return attempt(sequence, target=BALANCED, **fields)


def targets(attempts: list[Row], arrivals: list[Row]) -> list[int]:
    """Where attempts went, by the arrivals."""
    found: Grouped = group_events(table(attempts))
    assert served.resolve_balanced(found, group_events(table(arrivals)))
    return [int(target) for target in found.rows["target"]]


def test_an_attempt_is_of_the_region_that_it_reached() -> None:
    """Of the last one, where the balancer made it anew; of none, where it reached nobody."""
    first, second, third = (through(sequence) for sequence in range(3))
    late = arrival(second, target=2)
    late["start"] += MS
    assert targets([first, second, third], [arrival(first, target=1), late, arrival(second, target=0)]) == [
        1,
        2,
        BALANCED,
    ]


def test_without_a_balancer_nothing_is_touched() -> None:
    """The senders' own choices stay what they say."""
    one = attempt(0, target=1)
    found = group_events(table([one]))
    assert not served.resolve_balanced(found, group_events(table([arrival(one, target=2)])))
    assert found.rows["target"].tolist() == [1]


def test_a_journal_tells_which_region_took_it() -> None:
    """Arrivals through a balancer are of the journal's own region, others of the one that their sender named."""
    rows = table([arrival(through(0)), arrival(attempt(1, target=0))])
    header = Header("arrivals", RUN_ID, "x", ANCHOR, "west")
    assert arrivals_by_region(JournalView(header, rows, 0), ["east", "west"])["target"].tolist() == [1, 0]
    assert rows["target"].tolist() == [BALANCED, 0]
    strange = JournalView(replace(header, region="nowhere"), rows, 0)
    assert arrivals_by_region(strange, ["east", "west"])["target"].tolist() == [BALANCED, 0]


@pytest.fixture
def section() -> Section:
    """Four events through a balancer: two regions took one each, one was refused by it, one was lost behind it."""
    events = [through(0), through(1), through(2, outcome=Outcome.REJECTED), through(3)]
    arrivals = [arrival(events[0], target=0), arrival(events[1], target=2)]
    frames = run(events, arrivals, stages=[planned(strategy="haproxy-random", links=False)], **WATCHED)
    return analyse(replace(frames, watched=[0, 1, 2, *range(BALANCED, CODES)])).performance


def test_the_report_tells_who_served_what(section: Section) -> None:
    """Regions by what they took; what nobody saw is unknown; and an acknowledgement of what nobody took is a loss."""
    (regions,) = section.regions or []
    assert {pair.target: pair.attempts for pair in regions.pairs} == {
        "east": 1,
        "south": 1,
        "unknown, behind a balancer": 2,
    }
    assert section.stages[0].ledger.lost == 1
    assert all(pair.rtt_ms is None for pair in regions.pairs)  # no distances were modelled
