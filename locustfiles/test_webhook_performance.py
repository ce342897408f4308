"""How fast webhooks are delivered, one by one and side by side; what retries bring and cost; what memory it takes."""

from dataclasses import replace

from hookswarm import Constant, Duplicate, Faults, Stage, StagesShape, conformance, senders, sweep

SEQUENTIAL = Stage("sequential", users=1)
CONCURRENT = Stage("concurrent", webhooks=100, warmup_s=1, duration_s=5)
FAILING = Stage(
    "retry failing", users=8, webhooks=10, arrivals=Constant(100), duration_s=4, drain_s=10, faults=Faults({503: 0.3})
)
OUTAGE = replace(FAILING, scenario="retry outage", faults=Faults({503: 1.0}), faults_from_s=1, faults_for_s=2)
ACK_LOST = replace(FAILING, scenario="retry ack lost", faults=Faults(ack_lost=0.1))
# Of a delivery service alone: how long its waits become, and when it gives up.
TO_THE_END = replace(
    FAILING, scenario="retry to the end", service=True, arrivals=Constant(10), duration_s=2, faults=Faults({503: 1.0})
)
TWICE = Stage("duplicates", events=40, drain_s=30)
DUPLICATES = (
    replace(TWICE, duplicate=Duplicate("later", after_s=0.2), name="duplicates later"),
    replace(TWICE, duplicate=Duplicate("at_once"), users=4, events=200, name="duplicates at once"),
    replace(TWICE, duplicate=Duplicate("ack_lost", after_s=0.2), name="duplicates ack lost"),
    replace(TWICE, duplicate=Duplicate("interleaved"), users=20, arrivals=Constant(10), name="duplicates interleaved"),
)
MEMORY = Stage("memory", users=8, settle_s=2)


class Performance(StagesShape):
    test = "performance"
    stages = (
        *sweep(SEQUENTIAL, webhooks=(1, 10, 100), events=(1_000, 10_000)),
        *sweep(CONCURRENT, users=(1, 4, 16, 64)),
        *sweep(FAILING, retries=(0, 1, 3, 5), delay_s=(0.0, 0.2, 1.0)),
        *sweep(OUTAGE, retries=(0, 1, 3, 5), delay_s=(0.0, 0.2, 1.0)),
        *sweep(ACK_LOST, retries=(0, 1, 3, 5), delay_s=(0.0, 0.2, 1.0)),
        *DUPLICATES,
        *sweep(MEMORY, webhooks=(1, 100, 10_000), events=(1_000, 10_000, 100_000)),
        TO_THE_END,
    )
    quick_stages = (
        *sweep(SEQUENTIAL, webhooks=(1, 100), events=(100, 1_000)),
        *sweep(replace(CONCURRENT, warmup_s=0.3, duration_s=1.5), users=(1, 4, 64)),
        *sweep(replace(FAILING, duration_s=2), retries=(0, 3), delay_s=(0.2,)),
        *sweep(replace(OUTAGE, duration_s=2.5, faults_from_s=0.5, faults_for_s=1), retries=(0, 3), delay_s=(0.5,)),
        *sweep(replace(ACK_LOST, duration_s=2), retries=(0, 3), delay_s=(0.2,)),
        *(replace(stage, events=20) for stage in DUPLICATES),
        *sweep(replace(MEMORY, settle_s=0.6), webhooks=(1, 100, 10_000), events=(1_000, 3_000, 10_000)),
    )
    service_stages = conformance


globals().update(senders())
