"""How fast webhooks are delivered: one after the other, and over levels of concurrency."""

from senders.locustfile import Stage, StagesShape, senders, sweep


class Performance(StagesShape):
    test = "performance"
    stages = (
        *sweep(Stage("sequential", users=1), webhooks=(1, 10, 100), events=(1_000, 10_000)),
        *sweep(Stage("concurrent", webhooks=100, warmup_s=2, duration_s=10), users=(1, 4, 16, 64)),
    )
    quick_stages = (
        *sweep(Stage("sequential", users=1), webhooks=(1, 10, 100), events=(100, 1_000)),
        *sweep(Stage("concurrent", webhooks=100, warmup_s=0.5, duration_s=2), users=(1, 4, 16, 64)),
    )


globals().update(senders())
