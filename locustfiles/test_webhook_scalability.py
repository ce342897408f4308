"""How it scales: one factor after the other doubled, the Universal Scalability Law, and the search for capacity."""

from dataclasses import replace

from hookswarm import Constant, Limits, Poisson, Stage, StagesShape, scaling, senders

UNIT = Stage("unit", users=16, processes=1, receiver_workers=1, webhooks=100, warmup_s=0.5, duration_s=2)
OPEN = replace(UNIT, users=64, overload_s=2, warmup_s=0)
USERS = replace(UNIT, scenario="scaling users")
RATE = replace(OPEN, scenario="scaling rate", arrivals=Constant(200))
PAYLOAD = replace(UNIT, scenario="scaling payload")
WEBHOOKS = replace(UNIT, scenario="scaling webhooks")
SENDERS = replace(UNIT, scenario="scaling senders")
RECEIVERS = replace(UNIT, scenario="scaling receivers")
LIMITS = Limits(p99_ms=250, over_idle_ms=1_000)
CAPACITY = replace(OPEN, scenario="capacity", arrivals=Poisson(2_000), duration_s=5, limits=LIMITS)


class Scalability(StagesShape):
    test = "scalability"
    stages = (
        *scaling(USERS, users=(1, 2, 4, 8, 16)),
        *scaling(RATE, rate=(200, 400, 800, 1_600, 3_200)),
        *scaling(PAYLOAD, payload=(1_000, 2_000, 4_000, 8_000, 16_000)),
        *scaling(WEBHOOKS, webhooks=(100, 200, 400, 800, 1_600)),
        *scaling(SENDERS, processes=(1, 2, 4, 8, 16)),
        *scaling(RECEIVERS, receiver_workers=(1, 2, 4, 8, 16)),
        CAPACITY,
    )
    quick_stages = (
        *scaling(replace(USERS, warmup_s=0.2, duration_s=1), repeats=1, users=(1, 2, 4, 8)),
        *scaling(replace(SENDERS, warmup_s=0.2, duration_s=1), repeats=1, processes=(1, 2)),
        replace(CAPACITY, arrivals=Poisson(4_000), duration_s=1.2, limits=replace(LIMITS, tolerance=0.3, repeats=1)),
    )


globals().update(senders())
