"""Our sender with all that it always does: queue, signature, journal, Locust's statistics."""

from benchmarks import meter
from hookswarm import Stage, StagesShape, senders

meter.install()


class Bench(StagesShape):
    test = "bench"
    stages = (
        Stage(
            "bench",
            users=meter.USERS,
            webhooks=100,
            warmup_s=meter.WARM_UP_S,
            duration_s=meter.WINDOW_S + 1,
            payload="thin",
        ),
    )
    quick_stages = stages


globals().update(senders())
