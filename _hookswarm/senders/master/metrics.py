"""What the master tells Prometheus, on its web port at /metrics: Locust's statistics and the workers' ticks.

Nothing is counted for it on the way: histograms are made of Locust's own when somebody asks.
"""

from collections.abc import Callable, Iterator, Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from _hookswarm.senders.master.snapshot import Counts, RunSnapshot, Waiting

BUCKETS_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 60.0)

WHERE = ("origin", "strategy")

COUNTED: Mapping[str, tuple[str, Callable[[Counts], int]]] = {
    "hookswarm_events_due": ("Events that fell due.", lambda one: one.due),
    "hookswarm_events_abandoned": (
        "Events that fell due and were not settled when their stage was over: not sent in time.",
        lambda one: one.abandoned,
    ),
    "hookswarm_attempts_late": (
        "Attempts for which an idle worker woke more than 20 ms late: the sender's machine was the limit.",
        lambda one: one.late,
    ),
}
AWAITED: Mapping[str, tuple[str, Callable[[Waiting], int]]] = {
    "hookswarm_queue_length": ("Events that are due and wait for a worker.", lambda one: one.queued),
    "hookswarm_retries_waiting": ("Events that wait for their next attempt.", lambda one: one.retrying),
    "hookswarm_in_flight": ("Attempts under way.", lambda one: one.in_flight),
}


def run_metrics(now: RunSnapshot) -> Iterator[Metric]:
    """Latencies are in seconds, and counted by BUCKETS_S."""
    yield from _settled(now)
    attempts = CounterMetricFamily(
        "hookswarm_attempts", "Attempts answered or given up, by how they ended.", labels=(*WHERE, "outcome")
    )
    for where, one in now.counts.items():
        for outcome, count in one.attempts.items():
            attempts.add_metric((*where, outcome), count)
    yield attempts
    for name, (told, count_of) in COUNTED.items():
        counter = CounterMetricFamily(name, told, labels=WHERE)
        for where, one in now.counts.items():
            counter.add_metric(where, count_of(one))
        yield counter
    for name, (told, length_of) in AWAITED.items():
        gauge = GaugeMetricFamily(name, told, labels=WHERE)
        for where, left in now.waiting.items():
            gauge.add_metric(where, length_of(left))
        yield gauge
    yield from _senders(now)
    stage = GaugeMetricFamily("hookswarm_stage_running", "1 for the stage that is on.", labels=("stage",))
    if now.stage:
        stage.add_metric((now.stage,), 1)
    faults = GaugeMetricFamily("hookswarm_fault_active", "1 for each planned fault that holds now.", labels=("fault",))
    for fault in now.faults:
        faults.add_metric((fault,), 1)
    yield from (stage, faults)


def _settled(now: RunSnapshot) -> Iterator[Metric]:
    labels = ("stage", *WHERE)
    deliveries = CounterMetricFamily(
        "hookswarm_deliveries", "Deliveries settled: acknowledged, or failed for good.", labels=(*labels, "result")
    )
    latency = HistogramMetricFamily(
        "hookswarm_delivery_duration_seconds", "From when an event was due until it was settled.", labels=labels
    )
    for one in now.deliveries:
        named = (one.stage, one.origin, one.strategy)
        deliveries.add_metric((*named, "acknowledged"), one.settled - one.failed)
        deliveries.add_metric((*named, "failed"), one.failed)
        latency.add_metric(named, list(_buckets(one.latencies)), one.total_ms / 1e3)
    yield from (deliveries, latency)


def _senders(now: RunSnapshot) -> Iterator[Metric]:
    yield GaugeMetricFamily("hookswarm_workers", "Sending processes that are there.", now.workers)
    yield CounterMetricFamily(
        "hookswarm_workers_gone", "Sending processes that ended, or were silent for 4 s, in a run.", now.gone
    )
    yield GaugeMetricFamily(
        "hookswarm_worker_starved_ratio",
        "Share of the stage that is on in which a sending process was ready to run and had no CPU: of the worst one. "
        "Absent between stages, and where the kernel does not tell.",
        now.starved,
    )
    yield GaugeMetricFamily(
        "hookswarm_worker_starved_limit_ratio",
        "The share from which on the figures of the stage that is on say nothing of the target. Absent between stages.",
        now.starved_limit,
    )


def _buckets(latencies: Mapping[float, int]) -> Iterator[tuple[str, float]]:
    """Cumulative counts by upper edge in seconds."""
    told = sorted(latencies.items())
    place = count = 0
    for edge in BUCKETS_S:
        while place < len(told) and told[place][0] <= edge * 1e3:
            count += told[place][1]
            place += 1
        yield str(edge), count
    yield "+Inf", count + sum(more for _, more in told[place:])
