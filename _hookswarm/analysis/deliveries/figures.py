"""What is said of a stage's events, and of any part of them: counts, rates, latencies."""

import numpy as np

from _hookswarm.analysis.deliveries import quantiles
from _hookswarm.analysis.deliveries.deliveries import Events, State
from _hookswarm.analysis.schema.base import Quantiles
from _hookswarm.analysis.schema.report import Deliveries

Window = tuple[int, int]
"""From and to (exclusive), wall-clock nanoseconds."""


def delivery_counts(events: Events) -> Deliveries:
    """How the events ended: each is in one of the counts, whether it fell due in the window or not."""
    return Deliveries(
        due=len(events),
        acknowledged=events.count(State.ACKNOWLEDGED),
        failed=events.count(State.FAILED),
        in_doubt=events.count(State.IN_DOUBT),
        abandoned=events.count(State.ABANDONED),
    )


def throughput(events: Events, window: Window) -> float | None:
    """Events a second acknowledged in the window, whenever they fell due; None of an empty window."""
    begin, end = window
    counted = np.count_nonzero((events.acknowledged_ns >= begin) & (events.acknowledged_ns < end))
    return round(int(counted) / (end - begin) * 1e9, 3) if end > begin else None


def error_rate(events: Events) -> float | None:
    """The share that was not acknowledged, abandoned events among it; None where there are no events."""
    due = len(events)
    return round(1 - events.count(State.ACKNOWLEDGED) / due, 6) if due else None


def latency(events: Events, window: Window) -> Quantiles:
    """From due to acknowledged, of the acknowledged events that fell due in the window."""
    begin, end = window
    counted = (events.state == State.ACKNOWLEDGED) & (events.due_ns >= begin) & (events.due_ns < end)
    return quantiles.quantiles_of((events.acknowledged_ns - events.due_ns)[counted] / 1e6)
