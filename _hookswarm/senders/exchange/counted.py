"""What Locust counted, by stage, origin and strategy. Nothing is counted anew: its own statistics are read."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from _hookswarm.senders.exchange.buckets import Percentiles

if TYPE_CHECKING:  # importing Locust patches the whole process
    from locust.stats import StatsEntry

REQUEST_TYPE = "DELIVERY"


@dataclass(frozen=True)
class CountedDeliveries:
    """Settled ones of a stage, an origin and a strategy since the run began."""

    stage: str
    origin: str
    strategy: str
    settled: int
    failed: int
    total_ms: float
    """Sum of all latencies, due to settled."""
    latencies: Mapping[float, int]
    """How many had each (ms, to three digits)."""


def counted_deliveries(entries: "Mapping[tuple[str, str], StatsEntry]", stage: str = "") -> list[CountedDeliveries]:
    """Of Locust's entries by name and method; of all stages, or of one."""
    found = (_of(name, entry) for (name, method), entry in list(entries.items()) if method == REQUEST_TYPE)
    return [one for one in found if stage in ("", one.stage)]


def _of(name: str, entry: "StatsEntry") -> CountedDeliveries:
    stage, origin, strategy = name.rsplit(" ", 2)  # as `worker` names them
    return CountedDeliveries(
        stage=stage,
        origin=origin,
        strategy=strategy,
        settled=entry.num_requests,
        failed=entry.num_failures,
        total_ms=entry.total_response_time,
        latencies=entry.response_times,  # type: ignore[arg-type]  # three digits: floats, too
    )


@dataclass(frozen=True)
class StageTotal:
    """A stage's deliveries so far, whatever their origin."""

    settled: int
    failed: int
    p99_ms: float
    """Of all of them together; 0 of none."""


def stage_total(entries: "Mapping[tuple[str, str], StatsEntry]", stage: str) -> StageTotal:
    """Of a stage, from Locust's entries by name and method."""
    told = counted_deliveries(entries, stage)
    (p99_ms,) = latency_ms(told, 0.99)
    return StageTotal(sum(one.settled for one in told), sum(one.failed for one in told), p99_ms or 0.0)


def are_whole(entries: "Mapping[tuple[str, str], StatsEntry]", settled: Mapping[str, int]) -> bool:
    """Whether they hold as many deliveries of each stage as were settled: one stage's surplus is no other's."""
    told: Counter[str] = Counter()
    for one in counted_deliveries(entries):
        told[one.stage] += one.settled
    return all(told[stage] >= count for stage, count in settled.items())


def latency_ms(counted: Iterable[CountedDeliveries], *shares: float) -> list[float | None]:
    """Within how many milliseconds each share of them was settled; None of none."""
    merged: Counter[float] = Counter()
    for one in counted:
        merged.update(one.latencies)
    percentile, count = Percentiles(), merged.total()
    return [percentile(merged, count, share) if count else None for share in shares]
