"""High volume under realistic conditions, sustained: unlike webhooks, bursts, slow and failing tenants, retries."""

from dataclasses import replace

from hookswarm import (
    Backlog,
    Bursts,
    Delay,
    Faults,
    Poisson,
    Ramp,
    Sine,
    Stage,
    StagesShape,
    WebhookClass,
    law,
    senders,
)

# Webhook 0 is the most popular one; these are of middle rank. The baseline knows them, too, to be compared with.
SLOW, FAILING = WebhookClass("slow", first=20, count=5), WebhookClass("failing", first=40, count=5)
TROUBLED = (
    replace(SLOW, faults=Faults(delay=Delay(0.5, "lognormal"))),
    replace(FAILING, faults=Faults({503: 0.5, 500: 0.3})),
)

LOAD = Stage(
    "load", users=64, webhooks=1_000, zipf=1.0, classes=TROUBLED, arrivals=Poisson(200), payload="mixed",
    retry=law("standard-webhooks", scale=0.00003), warmup_s=2, duration_s=30, drain_s=20, overload_s=60,
)  # fmt: skip
# Of a delivery service alone: endpoints that trouble it beside 96 that do not, and restarts of it (its table's).
TROUBLES = (
    WebhookClass("slow", first=20, count=1, faults=Faults(delay=Delay(0.5, "lognormal"))),
    WebhookClass("failing", first=40, count=1, faults=Faults({500: 1.0})),
    WebhookClass("rate-limited", first=60, count=1, faults=Faults({503: 1.0}, retry_after_s=15)),
    WebhookClass("hanging", first=80, count=1, faults=Faults(hang=1.0, hang_s=60)),
)
UNTROUBLED = tuple(replace(one, faults=None) for one in TROUBLES)
ISOLATION = replace(
    LOAD, scenario="isolation", service=True, course="isolation", webhooks=100, zipf=0, arrivals=Poisson(100),
    classes=TROUBLES, trouble_ends=True,
)  # fmt: skip
RESTART = replace(LOAD, scenario="restart", restart="*", webhooks=100, zipf=0, arrivals=Poisson(100), classes=())
# A burst of ten times the rate for 30 s every 5 minutes; the stage ends after the first one.
BURSTS = Bursts(100, factor=10, every_s=300, for_s=30, from_s=40)
QUICK = replace(LOAD, retry=law("standard-webhooks", scale=0.000005), warmup_s=0.5, duration_s=3.5, drain_s=10)
QUICK_TROUBLES = (*TROUBLES[:2], replace(TROUBLES[2], faults=Faults({503: 1.0}, retry_after_s=5)), TROUBLES[3])
QUICK_ISOLATION = replace(ISOLATION, warmup_s=0.5, duration_s=2.5, classes=QUICK_TROUBLES)


class Load(StagesShape):
    test = "load"
    stages = (
        replace(LOAD, scenario="slow tenants baseline", classes=(SLOW, FAILING), ours=True),
        replace(LOAD, scenario="slow tenants", ours=True),
        replace(LOAD, scenario="bursts", arrivals=BURSTS, duration_s=100),
        replace(LOAD, scenario="ramp", arrivals=Ramp(50, to=500, over_s=40), duration_s=40),
        replace(LOAD, scenario="day", arrivals=Sine(200, period_s=40), duration_s=40),
        replace(LOAD, scenario="backlog", arrivals=Backlog(200, backlog=5_000)),
        replace(LOAD, scenario="sustained", duration_s=45, stretch=True),
        replace(ISOLATION, scenario="isolation baseline", classes=UNTROUBLED),
        ISOLATION,
        RESTART,
    )
    quick_stages = (
        replace(QUICK, scenario="slow tenants baseline", classes=(SLOW, FAILING), ours=True),
        replace(QUICK, scenario="slow tenants", ours=True),
        replace(QUICK, scenario="bursts", arrivals=Bursts(100, factor=10, every_s=2, for_s=0.2)),
        replace(QUICK, scenario="backlog", arrivals=Backlog(200, backlog=500)),
        replace(QUICK, scenario="sustained", stretch=True),
        replace(QUICK_ISOLATION, scenario="isolation baseline", classes=UNTROUBLED),
        QUICK_ISOLATION,
        replace(RESTART, warmup_s=0.5, duration_s=5.5),
    )


globals().update(senders())
