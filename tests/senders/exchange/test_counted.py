"""What is read of Locust's statistics."""

from collections import Counter
from types import SimpleNamespace
from typing import Any

import pytest

from _hookswarm.senders.exchange.counted import (
    REQUEST_TYPE,
    CountedDeliveries,
    StageTotal,
    are_whole,
    latency_ms,
    stage_total,
)


def of(*latencies_ms: float) -> CountedDeliveries:
    counts = {ms: latencies_ms.count(ms) for ms in latencies_ms}
    return CountedDeliveries("sustained", "eu", "nearest", len(latencies_ms), 0, sum(latencies_ms), counts)


@pytest.mark.parametrize(
    ("counted", "expected"),
    [
        ([], [None, None]),
        ([of()], [None, None]),
        ([of(3.0)], [3.0, 3.0]),
        ([of(*[1.0] * 600), of(*[2.0] * 395, *[9.0] * 5)], [1.0, 2.0]),
        ([of(*[1.0] * 400), of(*[2.0] * 580, *[9.0] * 20)], [2.0, 9.0]),
    ],
)
def test_quantiles_over_all_origins(counted: list[CountedDeliveries], expected: list[float | None]) -> None:
    """Half of all took so long at most, and 99 % of all."""
    assert latency_ms(counted, 0.5, 0.99) == expected


def entry(*latencies_ms: float, failed: int = 0) -> Any:
    """One of Locust's, which cannot be imported here: it patches the process."""
    return SimpleNamespace(
        num_requests=len(latencies_ms),
        num_failures=failed,
        total_response_time=sum(latencies_ms),
        response_times=Counter(latencies_ms),
    )


@pytest.mark.parametrize(("far", "p99_ms"), [(9, 10.0), (11, 900.0)])
def test_a_stage_is_judged_by_all_its_origins_together(far: int, p99_ms: float) -> None:
    """As the analysis does: a far origin counts as much as it delivers, and stages of longer names are others."""
    entries = {
        ("capacity rate=100 #1 eu nearest", REQUEST_TYPE): entry(*[10.0] * 990, failed=2),
        ("capacity rate=100 #1 us nearest", REQUEST_TYPE): entry(*[900.0] * far, failed=1),
        ("capacity rate=100 #1 us nearest", "ATTEMPT"): entry(5_000.0),
        ("capacity rate=100 #1 again eu nearest", REQUEST_TYPE): entry(*[5_000.0] * 99, failed=99),
    }
    assert stage_total(entries, "capacity rate=100 #1") == StageTotal(990 + far, 3, p99_ms)


def test_what_one_stage_has_too_many_of_is_not_anothers() -> None:
    """A worker that was lost had told of deliveries that no report has: others are still waited for."""
    entries = {
        ("struck eu nearest", REQUEST_TYPE): entry(*[1.0] * 90),
        ("after eu nearest", REQUEST_TYPE): entry(*[1.0] * 15),
        ("after us nearest", REQUEST_TYPE): entry(*[1.0] * 14),
    }
    assert are_whole(entries, {"struck": 50, "after": 29})
    assert not are_whole(entries, {"struck": 50, "after": 30})
    assert not are_whole(entries, {"yet to come": 1})


def test_nothing_is_counted_yet() -> None:
    """Of a stage whose statistics have not come."""
    assert stage_total({}, "capacity") == StageTotal(0, 0, 0.0)
