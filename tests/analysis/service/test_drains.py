"""Accept rate and drain rate, measured apart."""

from typing import Any

import pytest

from _hookswarm.analysis.schema.drains import Drain
from tests.support.journals import START, Row, planned
from tests.support.published import arrived, frames_of, published, report_of

BURST = 1000
ACCEPTS_MS, DRAINS_MS = 1.0, 4.0
"""Between two that are accepted, and two that are delivered: 1,000 and 250 a second."""


def backlog(drains_ms: float = DRAINS_MS) -> tuple[list[Row], list[Row]]:
    """A burst that is accepted four times as fast as it is delivered, and then an event a second."""
    events = [published(n * ACCEPTS_MS, n) for n in range(BURST)]
    events += [published(6000 + 1000 * n, BURST + n) for n in range(4)]
    arrivals, free_ms = [], 0.0
    for one in events:
        at_ms = max((one["due"] - START) / 1e6 + 1, free_ms)
        free_ms = at_ms + drains_ms
        arrivals.append(arrived(one, at_ms))
    return events, arrivals


def drained(events: list[Row], arrivals: list[Row], plan: dict[str, Any] | None = None, **service: Any) -> list[Drain]:
    return report_of(frames_of(events, arrivals, [planned("burst", **(plan or {}))], **service)).drains


def test_both_rates_are_found() -> None:
    """Within a percent; the lone events after the burst are no part of either. An hour of it needs three to drain."""
    (found,) = drained(*backlog())
    assert found.stage == "burst"
    assert found.accept_per_s == pytest.approx(1000, rel=0.01)
    assert found.drain_per_s == pytest.approx(250, rel=0.01)
    assert found.most_waiting == pytest.approx(750, abs=5)
    assert found.burst_s == 3600
    assert found.drains_in_s == pytest.approx(3 * 3600, rel=0.03)


def test_who_keeps_up_has_no_backlog() -> None:
    """Nothing is told of a service that delivers as fast as it accepts."""
    assert drained(*backlog(drains_ms=ACCEPTS_MS / 2)) == []


@pytest.mark.parametrize(
    ("promised", "signed_late", "clocks"),
    [
        ({"retry_window_s": 13.0}, False, ["retry window (13 s)"]),
        ({"retry_window_s": 100_000.0, "promises": {"idempotency_s": 3600.0}}, False, ["idempotency window (3,600 s)"]),
        ({"promises": {"idempotency_s": 86400.0}}, True, ["signature tolerance (300 s)"]),
        ({"promises": {"timestamps": "the first"}}, False, []),
        ({"retry_window_s": None}, False, []),
    ],
)
def test_the_clocks_that_run_out_are_named(promised: dict[str, Any], signed_late: bool, clocks: list[str]) -> None:
    """Those that are shorter than what it takes; whether a timestamp is of its publishing is seen, not believed."""
    events, arrivals = backlog(drains_ms=8.0)
    for event, one in zip(events, arrivals, strict=True):
        one["due"] = (event["due"] if signed_late else one["start"]) // 10**9 * 10**9
    (found,) = drained(events, arrivals, **promised)
    assert found.expire == clocks


def test_where_timestamps_are_not_seen_the_promise_counts() -> None:
    """Nothing waited for long enough to tell."""
    (found,) = drained(*backlog(), promises={"timestamps": "the first"})
    assert found.expire == ["signature tolerance (300 s)"]


@pytest.mark.parametrize(
    ("plan", "told"),
    [
        ({"faults": {"status": {503: 1.0}}}, 0),
        ({"classes": [{"name": "hanging", "first": 9, "count": 1, "faults": {"hang": 1.0}}]}, 0),
        ({"classes": [{"name": "failing", "first": 9, "count": 1, "faults": {"status": {503: 1.0}}}]}, 1),
    ],
)
def test_a_planned_fault_is_no_slow_service(plan: dict[str, Any], told: int) -> None:
    """Where it may hold deliveries up, there is no drain rate; where it makes retries only, first attempts tell it."""
    assert len(drained(*backlog(), plan)) == told


@pytest.mark.parametrize(
    ("plan", "told"),
    [
        ({"users": 700}, 1),
        ({"users": 800}, 0),
        ({"scenario": "calibration"}, 0),
    ],
)
def test_what_the_workers_keep_in_flight_is_no_backlog(plan: dict[str, Any], told: int) -> None:
    """Some 750 wait: where as many are published at once, nothing piled up; and a calibration is no burst."""
    assert len(drained(*backlog(), plan)) == told
