"""What is read of Locust's statistics."""

import pytest

from _hookswarm.senders.exchange.counted import CountedDeliveries, latency_ms


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
