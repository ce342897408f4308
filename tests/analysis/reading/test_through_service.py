"""Rows of a run through a delivery service: publishes once for each endpoint, arrivals by their place as attempts."""

from typing import Literal

import numpy as np
import pytest

from _hookswarm.analysis.reading.through_service import (
    ELSEWHERE,
    UNPUBLISHED,
    delivered_rows,
    has_body,
    is_misdelivered,
    published_by_itself,
    published_rows,
    shared_by,
)
from _hookswarm.records.manifest import ServiceRecord
from _hookswarm.records.reading import Rows
from _hookswarm.records.rows import Flag
from tests.support.journals import MS, SECOND, START, TAG, Row, arrival, attempt, table

FanOut = Literal["endpoint", "group", "run"]
NO_STAGES: list[tuple[int, int]] = []
RUNS = np.array([TAG], np.uint32)


def record(fan_out: FanOut = "endpoint", endpoints: int = 5, group_size: int | None = None) -> ServiceRecord:
    return ServiceRecord(
        name="mine", run="not run", endpoints=endpoints, group_size=group_size, fan_out=fan_out, signed=False,
        drain_s=1, retry=None, promises={},
    )  # fmt: skip


def at(endpoint: int, of: Row, after_ms: int = 1, **fields: int) -> Row:
    """An event's arrival at an endpoint of a service."""
    flags = fields.pop("flags", int(Flag.WRITTEN | Flag.SERVED))
    return arrival(of, late=endpoint + 1, start=of["start"] + after_ms * MS, attempt=0, flags=flags, **fields)


def names(rows: Rows) -> list[tuple[int, int, int]]:
    return [(int(row["webhook"]), int(row["sequence"]), int(row["attempt"])) for row in rows]


def delivered(rows: list[Row], service: ServiceRecord) -> list[tuple[int, int, int]]:
    return names(delivered_rows(table(rows), service, NO_STAGES, RUNS))


@pytest.mark.parametrize(
    ("fan_out", "size", "share"), [("endpoint", None, 1), ("group", 2, 2), ("group", None, 1), ("run", None, 5)]
)
def test_how_many_endpoints_get_an_event(fan_out: FanOut, size: int | None, share: int) -> None:
    """Its own, its group's, or all."""
    assert shared_by(record(fan_out, group_size=size)) == share


def test_a_publish_counts_once_where_one_endpoint_gets_it() -> None:
    """Its target is the region where that endpoint is."""
    rows = published_rows(table([attempt(0, 0), attempt(1, 0), attempt(0, 3)]), record(), 2)
    assert names(rows) == [(0, 0, 1), (0, 1, 1), (3, 0, 1)]
    assert rows["target"].tolist() == [0, 0, 1]


def test_a_publish_counts_for_each_of_its_group() -> None:
    """Of the last group, which is smaller, for those that there are; each is a delivery with a name of its own."""
    published = [attempt(0, 0), attempt(0, 1), attempt(0, 4), attempt(1, 4)]
    rows = published_rows(table(published), record("group", group_size=2), 1)
    assert names(rows) == [(0, 0, 1), (0, 1, 1), (1, 0, 1), (1, 1, 1), (4, 0, 1), (4, 2, 1)]


@pytest.mark.parametrize(("fan_out", "size"), [("endpoint", None), ("group", 2), ("run", None)])
def test_each_publish_is_found_again_once(fan_out: FanOut, size: int | None) -> None:
    """Among the deliveries that it counts for: at the endpoint that it names."""
    service = record(fan_out, group_size=size)
    rows = published_rows(table([attempt(number, webhook) for webhook in range(5) for number in range(2)]), service, 1)
    own = rows[published_by_itself(rows, service)]
    share = shared_by(service)
    assert [(webhook, sequence // share) for webhook, sequence, _ in names(own)] == [
        (webhook, number) for webhook in range(5) for number in range(2)
    ]


def test_a_publish_to_everyone_counts_for_everyone() -> None:
    """Whichever endpoint it was made for."""
    rows = published_rows(table([attempt(0, 0), attempt(0, 2)]), record("run", endpoints=3), 1)
    assert names(rows) == [(webhook, sequence, 1) for webhook in range(3) for sequence in (0, 2)]


@pytest.mark.parametrize(("fan_out", "size"), [("endpoint", None), ("group", 2), ("run", None)])
def test_what_is_published_arrives_under_the_same_name(fan_out: FanOut, size: int | None) -> None:
    """At each endpoint that gets it: by their names both ends are joined."""
    service = record(fan_out, group_size=size)
    published = [attempt(sequence, webhook) for webhook in range(5) for sequence in range(3)]
    share = shared_by(service)
    arrived = [
        at(endpoint, of)
        for of in published
        for endpoint in range(5)
        if endpoint // share == of["webhook"] // share
    ]  # fmt: skip
    assert delivered(arrived, service) == names(published_rows(table(published), service, 1))


def test_arrivals_of_an_event_are_numbered_as_attempts() -> None:
    """In the order in which they came, for each endpoint and event, whatever the order of the journals."""
    one, other = attempt(0, 1), attempt(1, 1)
    arrived = [at(1, one, 9), at(1, other, 5), at(1, one, 2), at(1, one, 4)]
    rows = delivered_rows(table(arrived), record(), NO_STAGES, RUNS)
    assert names(rows) == [(1, 0, 1), (1, 0, 2), (1, 0, 3), (1, 1, 1)]
    assert [(int(start) - START) // MS for start in rows["start"]] == [2, 4, 9, 5]
    assert not rows["late"].any()


def test_an_arrival_at_another_endpoint_is_nobodys() -> None:
    """It was published to none there: it is unexpected, and takes no one's place."""
    event = attempt(0, 1)
    rows = delivered_rows(table([at(1, event), at(2, event)]), record(), NO_STAGES, RUNS)
    assert names(rows) == [(1, 0, 1), (2, int(UNPUBLISHED | ELSEWHERE), 1)]
    assert is_misdelivered(rows).tolist() == [False, True]


def test_what_names_no_event_is_of_the_stage_that_was_on() -> None:
    """And an event that nobody published; what came before the first stage is the first's."""
    event = attempt(7, 0, run=0, stage=0)
    foreign = int(Flag.WRITTEN | Flag.SERVED | Flag.FOREIGN)
    arrived = [at(0, event, after, flags=foreign) for after in (-1, 1, 1500)]
    started = [(START + SECOND, 4), (START, 3)]
    rows = delivered_rows(table(arrived), record(), started, RUNS)
    assert rows["stage"].tolist() == [3, 3, 4]
    assert set(rows["run"].tolist()) == {TAG}
    assert (rows["sequence"] & UNPUBLISHED).all()
    assert not is_misdelivered(rows).any()
    assert not (rows["flags"] & Flag.FOREIGN).any()


@pytest.mark.parametrize(("fan_out", "size"), [("endpoint", None), ("group", 2), ("group", 20), ("run", None)])
def test_what_names_no_event_is_nobodys_however_many_share_one(fan_out: FanOut, size: int | None) -> None:
    """Another application's events, at whichever path: unpublished, and at no wrong endpoint, for they have none."""
    foreign = int(Flag.WRITTEN | Flag.SERVED | Flag.FOREIGN)
    crcs = [0, 1, 0x0CCCCCCD, 0x40000000, 0x7FFFFFFF, 0xC0000000, 0xFFFFFFFF]
    arrived = [at(webhook, attempt(crc, max(webhook, 0)), flags=foreign) for webhook in (-1, 0, 4) for crc in crcs]
    rows = delivered_rows(table(arrived), record(fan_out, group_size=size), [(START, 3)], RUNS)
    assert (rows["sequence"] & UNPUBLISHED).all()
    assert not is_misdelivered(rows).any()


@pytest.mark.parametrize(("fan_out", "size"), [("endpoint", None), ("group", 2), ("group", 16)])
def test_an_id_that_was_changed_is_no_other_events(fan_out: FanOut, size: int | None) -> None:
    """However large its number is: it is nobody's, and not at a wrong endpoint."""
    arrived = [at(1, attempt(number, 1)) for number in (0x10000000, 0x40000000, 0x80000003, 0xFFFFFFFF)]
    rows = delivered_rows(table(arrived), record(fan_out, group_size=size), NO_STAGES, RUNS)
    wide = rows[(rows["sequence"] & UNPUBLISHED) == 0]
    assert wide["sequence"].tolist() == ([] if size == 16 else [0x10000000 * (size or 1) + (size == 2)])
    assert not is_misdelivered(rows).any()


def test_foreign_requests_that_are_no_service_stay_foreign() -> None:
    """Somebody else's, at our receivers' own address."""
    stray = at(0, attempt(1, 0), flags=int(Flag.WRITTEN | Flag.FOREIGN))
    rows = delivered_rows(table([stray]), record(), [(START, 3)], RUNS)
    assert rows["flags"].tolist() == [int(Flag.WRITTEN | Flag.FOREIGN)]


def test_an_arrival_without_a_body_is_no_delivery() -> None:
    """A redirect that became a GET."""
    event = attempt(0, 1)
    rows = table([at(1, event), at(1, event, flags=int(Flag.SERVED | Flag.BODILESS))])
    assert has_body(rows).tolist() == [True, False]


def test_nothing_is_nothing() -> None:
    """A stage in which nothing was published, and to which nothing came."""
    empty = table([])
    assert len(published_rows(empty, record("group", group_size=2), 1)) == 0
    assert len(delivered_rows(empty, record("group", group_size=2), NO_STAGES, RUNS)) == 0
