"""What healthy endpoints feel of troubled ones: against a queue, and against nothing."""

from typing import Any

import pytest

from _hookswarm.analysis.schema.isolation import Isolation
from tests.support.journals import Row, planned
from tests.support.published import arrived, frames_of, published, report_of

EVERY_MS = 10
EVENTS = 400
TROUBLED, HUNG_S = 40, 1.5
"""Every so-many-th event goes to the hanging endpoint, which the service gives up after so many seconds."""
FAULTS: dict[str, Any] = {"hang": 1.0, "hang_s": 60.0}


def stage(name: str, faults: dict[str, Any] | None) -> dict[str, Any]:
    classes = [{"name": "hanging", "first": 99, "count": 1, "faults": faults}]
    return planned(name, scenario=name, classes=classes, duration_s=EVENTS * EVERY_MS / 1000)


def offered(number: int) -> list[Row]:
    """An event every ten milliseconds, to one of ten healthy endpoints or to the one that hangs."""
    return [
        published(n * EVERY_MS, n, 99 if n % TROUBLED == TROUBLED - 1 else n % 10, stage=number) for n in range(EVENTS)
    ]


def calm(events: list[Row]) -> list[Row]:
    """Each arrives two milliseconds after it was published."""
    return [arrived(one, n * EVERY_MS + 2) for n, one in enumerate(events)]


def isolated(events: list[Row]) -> list[Row]:
    """The same, but those that hang: one at a time, the next when the service gave the one before up."""
    found, free_ms = [], 0.0
    for n, one in enumerate(events):
        at_ms = n * EVERY_MS + 2.0
        if one["webhook"] == 99:
            at_ms = max(at_ms, free_ms)
            free_ms = at_ms + HUNG_S * 1000
            found.append(arrived(one, at_ms, status=0))
        else:
            found.append(arrived(one, at_ms))
    return found


def in_a_queue(events: list[Row]) -> list[Row]:
    """One at a time all of them."""
    found, free_ms = [], 0.0
    for n, one in enumerate(events):
        at_ms = max(n * EVERY_MS + 2.0, free_ms)
        hangs = one["webhook"] == 99
        free_ms = at_ms + (HUNG_S * 1000 if hangs else 1)
        found.append(arrived(one, at_ms, status=0 if hangs else 204))
    return found


def analysed(troubled: list[Row], **promises: Any) -> Isolation:
    usual, events = offered(0), offered(1)
    stages = [stage("isolation baseline", None), stage("isolation", FAULTS)]
    frames = frames_of([*usual, *events], [*calm(usual), *troubled], stages, promises={"timeout_s": HUNG_S, **promises})
    (found,) = report_of(frames).isolation
    return found


def test_who_serves_one_endpoint_after_the_other_is_no_better_than_a_queue() -> None:
    """Nearly 0; what holds up the others is named, with how long, and so is how many it serves at once."""
    found = analysed(in_a_queue(offered(1)))
    assert found.number == pytest.approx(0, abs=0.02)
    assert found.felt_p99_ms == pytest.approx(found.fifo_p99_ms, rel=0.05)
    assert (found.stage, found.baseline, found.concurrency, found.gave_up_s) == (
        "isolation", "isolation baseline", 1, HUNG_S,
    )  # fmt: skip
    (held,) = found.holds
    assert held.name == "hanging"
    assert held.seconds == pytest.approx(HUNG_S, abs=0.02)
    assert "a hanging endpoint holds those after it by 1.5 s" in found.told


def test_who_keeps_healthy_endpoints_apart_is_perfect() -> None:
    """Exactly 1, where a queue of as many workers would have held them by seconds."""
    found = analysed(isolated(offered(1)))
    assert (found.number, found.felt_p99_ms, found.holds) == (1.0, 0.0, [])
    assert found.fifo_p99_ms > 1000
    assert found.told.startswith("no endpoint holds up the healthy ones: at p99 these feel 0 ms")
    assert found.events == EVENTS - EVENTS // TROUBLED


def test_half_a_delay_is_half_an_isolation() -> None:
    """Every healthy event is later by half of what the queue would hold the slowest."""
    fifo_ms = analysed(isolated(offered(1))).fifo_p99_ms
    later = round(fifo_ms / 2 * 1e6)
    held = [
        row | {"start": row["start"] + later * (row["webhook"] != 99), "done": row["done"] + later}
        for row in isolated(offered(1))
    ]
    assert analysed(held).number == pytest.approx(0.5, abs=0.05)


def test_trouble_that_fills_no_queue_says_so() -> None:
    """A queue would not have held them either: a few milliseconds more are no fault, and the way out is told."""
    events = offered(1)
    found = analysed([arrived(one, n * EVERY_MS + 5) for n, one in enumerate(events)])
    assert found.fifo_p99_ms == 0
    assert found.number == pytest.approx(1, abs=0.01)
    assert "raise --rate" in found.told


@pytest.mark.parametrize(("offers", "why"), [(False, "they had no events: raise --rate"), (True, "none arrived")])
def test_where_nothing_was_troubled_there_is_no_number(offers: bool, why: str) -> None:
    """At a low rate no event falls to the endpoint that hangs, or none comes so far: then nothing is known."""
    usual = offered(0)
    events = [one for one in offered(1) if offers or one["webhook"] != 99]
    came = [arrived(one, one["sequence"] * EVERY_MS + 2) for one in events if one["webhook"] != 99]
    stages = [stage("isolation baseline", None), stage("isolation", FAULTS)]
    (found,) = report_of(frames_of([*usual, *events], [*calm(usual), *came], stages)).isolation
    assert found.number is None
    assert found.told.startswith("how far it keeps hanging endpoints apart is not known, because ")
    assert why in found.told
    assert found.row()[1] == "-"


@pytest.mark.parametrize(
    ("law", "failing_ms"),
    [({"waits_s": [2.0]}, []), (None, [2000.0, 2600.0])],
    ids=["as promised", "as other failures show"],
)
def test_how_long_it_waits_is_seen_by_its_retries(law: dict[str, Any] | None, failing_ms: list[float]) -> None:
    """What lies between two attempts, but for the wait before a retry, is how long it waited for an answer."""
    classes = [
        {"name": "hanging", "first": 99, "count": 1, "faults": FAULTS},
        {"name": "failing", "first": 98, "count": 1, "faults": {"status": {503: 1.0}}},
    ]
    stages = [
        planned(name, scenario=name, classes=classes, duration_s=4.0) for name in ("isolation baseline", "isolation")
    ]
    usual = published(0, 0, 1)
    healthy = [published(n * 100, n, 1, stage=1) for n in range(60)]
    hangs = published(0, 0, 99, stage=1)
    fails = [published(0, n, 98, stage=1) for n in range(len(failing_ms))]
    rows = [arrived(usual, 2), *(arrived(one, n * 100 + 2) for n, one in enumerate(healthy))]
    rows += [arrived(hangs, 2, 0, status=0), arrived(hangs, 5002, attempt=2)]
    for one, again_ms in zip(fails, failing_ms, strict=True):
        rows += [arrived(one, 2, 0, status=503), arrived(one, 2 + again_ms, attempt=2)]
    frames = frames_of([usual, *healthy, hangs, *fails], rows, stages, retry=law)
    (found,) = report_of(frames).isolation
    assert found.gave_up_s == 3.0


def test_what_was_never_delivered_counts_as_long_as_it_was_waited_for() -> None:
    """Otherwise a service that loses what it cannot deliver would look better than one that is late."""
    events = offered(1)
    arrivals = [row for row in isolated(events) if not (row["webhook"] == 3 and row["sequence"] > 100)]
    found = analysed(arrivals)
    assert found.undelivered == 30
    assert found.number == pytest.approx(0, abs=0.5)
