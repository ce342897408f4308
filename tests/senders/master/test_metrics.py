"""What Prometheus reads of the master: by its own parser."""

from itertools import pairwise

import pytest
from prometheus_client.parser import text_string_to_metric_families

from _hookswarm.protocol.exposition import exposition
from _hookswarm.senders.exchange.counted import CountedDeliveries
from _hookswarm.senders.master.metrics import Before, RunSnapshot, run_metrics


def samples(snapshot: RunSnapshot) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    text, _ = exposition(run_metrics(snapshot))
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
    }


ONE = CountedDeliveries("retry delay=0.2", "eu", "nearest", 10, 2, 1_234.5, {0.7: 3, 40.0: 5, 99_000.0: 2})
LABELS = (("origin", "eu"), ("stage", "retry delay=0.2"), ("strategy", "nearest"))


def test_deliveries_and_their_latencies() -> None:
    """Counters by result, and a histogram in seconds whose buckets are cumulative."""
    found = samples(RunSnapshot([ONE], {"acknowledged": 8, "rejected": 4}, queued=3, in_flight=2, workers=1))
    assert found["hookswarm_deliveries_total", (LABELS[0], ("result", "failed"), *LABELS[1:])] == 2
    assert found["hookswarm_deliveries_total", (LABELS[0], ("result", "acknowledged"), *LABELS[1:])] == 8
    edge = "hookswarm_delivery_duration_seconds_bucket"
    assert found[edge, (("le", "0.001"), *LABELS)] == 3
    assert found[edge, (("le", "0.05"), *LABELS)] == 8
    assert found[edge, (("le", "60.0"), *LABELS)] == 8
    assert found[edge, (("le", "+Inf"), *LABELS)] == 10
    assert found["hookswarm_delivery_duration_seconds_count", LABELS] == 10
    assert found["hookswarm_delivery_duration_seconds_sum", LABELS] == 1.2345
    assert found["hookswarm_attempts_total", (("outcome", "rejected"),)] == 4
    assert (found["hookswarm_queue_length", ()], found["hookswarm_in_flight", ()]) == (3, 2)


def test_counters_only_grow() -> None:
    """Over runs, and over resets of Locust's statistics in the midst of one; series that are not counted now stay."""
    other = CountedDeliveries("steady", "us", "nearest", 5, 0, 10.0, {2.0: 5})
    more = CountedDeliveries(ONE.stage, ONE.origin, ONE.strategy, 4, 1, 100.0, {0.7: 1, 40.0: 2, 7.0: 1})
    before = Before()
    told = [samples(before.with_it(RunSnapshot([ONE, other], {"acknowledged": 8})))]
    before.keep_deliveries([ONE, other])  # reset
    told.append(samples(before.with_it(RunSnapshot([], {"acknowledged": 8}))))
    told.append(samples(before.with_it(RunSnapshot([more], {"acknowledged": 8}))))
    before.keep_attempts({"acknowledged": 8})
    before.keep_deliveries([more])  # the next run
    told.append(samples(before.with_it(RunSnapshot([], {}))))
    told.append(samples(before.with_it(RunSnapshot([more], {"acknowledged": 3, "timeout": 1}))))
    gauges = ("hookswarm_queue", "hookswarm_in_flight", "hookswarm_workers")
    counters = [name for name in told[0] if not name[0].startswith(gauges)]
    for earlier, later in pairwise(told):
        assert all(later[name] >= earlier[name] for name in counters)
    edge = "hookswarm_delivery_duration_seconds_bucket"
    assert told[-1][edge, (("le", "0.001"), *LABELS)] == 3 + 1 + 1
    assert told[-1][edge, (("le", "+Inf"), *LABELS)] == 10 + 4 + 4
    assert told[-1]["hookswarm_delivery_duration_seconds_sum", LABELS] == pytest.approx(1.4345)
    assert told[-1]["hookswarm_deliveries_total", (LABELS[0], ("result", "failed"), *LABELS[1:])] == 4
    assert told[-1]["hookswarm_attempts_total", (("outcome", "acknowledged"),)] == 11


def test_what_is_on_is_told_while_it_is() -> None:
    """The stage and the faults that hold; without a run there are none."""
    found = samples(RunSnapshot(stage="failover refused", faults=("refused",)))
    assert found["hookswarm_stage_running", (("stage", "failover refused"),)] == 1
    assert found["hookswarm_fault_active", (("fault", "refused"),)] == 1
    assert not any(name == "hookswarm_stage_running" for name, _ in samples(RunSnapshot()))
