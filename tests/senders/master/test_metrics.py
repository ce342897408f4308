"""What Prometheus reads of the master: by its own parser."""

from collections import Counter
from itertools import pairwise

import pytest
from prometheus_client.parser import text_string_to_metric_families

from _hookswarm.protocol.exposition import exposition
from _hookswarm.senders.exchange.counted import CountedDeliveries
from _hookswarm.senders.master.metrics import run_metrics
from _hookswarm.senders.master.snapshot import Before, Counts, RunSnapshot, Waiting


def samples(snapshot: RunSnapshot) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    text, _ = exposition(run_metrics(snapshot))
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


ONE = CountedDeliveries("retry delay=0.2", "eu", "nearest", 10, 2, 1_234.5, {0.7: 3, 40.0: 5, 99_000.0: 2})
LABELS = (("origin", "eu"), ("stage", "retry delay=0.2"), ("strategy", "nearest"))
EU, US = ("eu", "nearest"), ("us", "nearest")
AT_EU = (("origin", "eu"), ("strategy", "nearest"))


def counts(due: int, **attempts: int) -> Counts:
    return Counts(due, late=1, abandoned=2, attempts=Counter(attempts))


def test_deliveries_and_their_latencies() -> None:
    """Counters by result, and a histogram in seconds whose buckets are cumulative."""
    found = samples(RunSnapshot([ONE]))
    assert found["hookswarm_deliveries_total", (LABELS[0], ("result", "failed"), *LABELS[1:])] == 2
    assert found["hookswarm_deliveries_total", (LABELS[0], ("result", "acknowledged"), *LABELS[1:])] == 8
    edge = "hookswarm_delivery_duration_seconds_bucket"
    assert found[edge, (("le", "0.001"), *LABELS)] == 3
    assert found[edge, (("le", "0.05"), *LABELS)] == 8
    assert found[edge, (("le", "60.0"), *LABELS)] == 8
    assert found[edge, (("le", "+Inf"), *LABELS)] == 10
    assert found["hookswarm_delivery_duration_seconds_count", LABELS] == 10
    assert found["hookswarm_delivery_duration_seconds_sum", LABELS] == 1.2345


def test_what_the_workers_told() -> None:
    """By origin and strategy: attempts by outcome, one that never came about, too; what waits; how late they woke."""
    found = samples(
        RunSnapshot(
            counts={EU: counts(20, acknowledged=8, rejected=4, timeout=0)},
            waiting={EU: Waiting(3, 4, 2)},
            workers=2,
            gone=1,
            starved=0.3,
            starved_limit=0.25,
        )
    )
    assert found["hookswarm_attempts_total", (AT_EU[0], ("outcome", "rejected"), AT_EU[1])] == 4
    assert found["hookswarm_attempts_total", (AT_EU[0], ("outcome", "timeout"), AT_EU[1])] == 0
    counted = ("events_due", "attempts_late", "events_abandoned")
    assert [found[f"hookswarm_{name}_total", AT_EU] for name in counted] == [20, 1, 2]
    awaited = ("queue_length", "retries_waiting", "in_flight")
    assert [found[f"hookswarm_{name}", AT_EU] for name in awaited] == [3, 4, 2]
    assert (found["hookswarm_workers", ()], found["hookswarm_workers_gone_total", ()]) == (2, 1)
    starved = ("worker_starved_ratio", "worker_starved_limit_ratio")
    assert [found[f"hookswarm_{name}", ()] for name in starved] == [0.3, 0.25]


def test_counters_only_grow() -> None:
    """Over runs, and over resets of Locust's statistics in the midst of one; series that are not counted now stay."""
    other = CountedDeliveries("steady", "us", "nearest", 5, 0, 10.0, {2.0: 5})
    more = CountedDeliveries(ONE.stage, ONE.origin, ONE.strategy, 4, 1, 100.0, {0.7: 1, 40.0: 2, 7.0: 1})
    first = RunSnapshot(counts={EU: counts(9, acknowledged=8), US: counts(5, acknowledged=5)}, gone=1)
    second = RunSnapshot([more], {EU: counts(4, acknowledged=3, timeout=1)})
    before = Before()
    told = [samples(before.with_it(RunSnapshot([ONE, other], first.counts, gone=1)))]
    before.keep_deliveries([ONE, other])  # reset
    told.append(samples(before.with_it(first)))
    told.append(samples(before.with_it(RunSnapshot([more], first.counts, gone=1))))
    before.keep_run(first)
    before.keep_deliveries([more])  # the next run
    told.append(samples(before.with_it(RunSnapshot())))
    told.append(samples(before.with_it(second)))
    gauges = ("hookswarm_workers",)
    counters = [name for name in told[0] if name[0] not in gauges]
    for earlier, later in pairwise(told):
        assert all(later[name] >= earlier[name] for name in counters)
    edge = "hookswarm_delivery_duration_seconds_bucket"
    assert told[-1][edge, (("le", "0.001"), *LABELS)] == 3 + 1 + 1
    assert told[-1][edge, (("le", "+Inf"), *LABELS)] == 10 + 4 + 4
    assert told[-1]["hookswarm_delivery_duration_seconds_sum", LABELS] == pytest.approx(1.4345)
    assert told[-1]["hookswarm_deliveries_total", (LABELS[0], ("result", "failed"), *LABELS[1:])] == 4
    assert told[-1]["hookswarm_attempts_total", (AT_EU[0], ("outcome", "acknowledged"), AT_EU[1])] == 11
    assert told[-1]["hookswarm_events_due_total", AT_EU] == 13
    assert told[-1]["hookswarm_events_due_total", (("origin", "us"), AT_EU[1])] == 5
    assert told[-1]["hookswarm_workers_gone_total", ()] == 1


def test_what_is_on_is_told_while_it_is() -> None:
    """The stage and the faults that hold; without a run there are none, and nothing is said of starving."""
    found = samples(RunSnapshot(stage="failover refused", faults=("refused",)))
    assert found["hookswarm_stage_running", (("stage", "failover refused"),)] == 1
    assert found["hookswarm_fault_active", (("fault", "refused"),)] == 1
    absent = {"hookswarm_stage_running", "hookswarm_worker_starved_ratio", "hookswarm_worker_starved_limit_ratio"}
    assert absent.isdisjoint(name for name, _ in samples(RunSnapshot()))
