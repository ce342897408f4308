"""Load from many regions to many: strategies side by side, and what happens when a region fails."""

from dataclasses import replace

from hookswarm import Delay, HealthLaw, Incident, Jitter, Poisson, RetryLaw, Stage, StagesShape, senders, sweep

# Times are a tenth or less of production's, so that a short stage sees detection, ejection and return.
BASE = Stage(
    "base", users=96, webhooks=960, arrivals=Poisson(200), payload="thin", timeout_s=1,
    retry=RetryLaw(retries=10, delay_s=0.1, growth="exponential", cap_s=2, jitter=Jitter("full")),
    health=HealthLaw(failures=5, eject_s=1, longest_s=8, probe_s=0.5, probe_timeout_s=0.5, fall=3, rise=2),
    warmup_s=1, drain_s=20,
)  # fmt: skip


def strategies(length_s: float, repeats: int, *names: str) -> tuple[Stage, ...]:
    """The same arrivals under every strategy; in the middle third the first region is slow."""
    brown_out = Incident("slow", 1 + length_s / 3, length_s / 3, delay=Delay(0.25, "exponential"))
    stage = replace(BASE, scenario="strategies", course="strategies", duration_s=length_s, incidents=(brown_out,))
    return (
        sweep(stage, repeat=tuple(range(1, repeats + 1)), strategy=names)
        if repeats > 1
        else sweep(stage, strategy=names)
    )


def failovers(length_s: float, from_s: float, for_s: float, timeout_s: float) -> dict[str, Stage]:
    """What befalls the first region, or the first two, or all."""
    incidents = {
        "refused": Incident("refused", from_s, for_s),
        "frozen": Incident("frozen", from_s, for_s),
        "brown-out": Incident("slow", from_s, for_s, delay=Delay(2.0, "exponential")),
        "errors": Incident("errors", from_s, for_s, share=0.9),
        "flapping": Incident("flapping", from_s, for_s, period_s=for_s / 3),
        "partition": Incident("cut", from_s, for_s, origins=(1,)),
        "one-sided partition": Incident("cut_back", from_s, for_s, origins=(0,)),
        "grey failure": Incident("grey", from_s, for_s, share=0.9),
        "two regions": Incident("errors", from_s, for_s, regions=(0, 1)),
        "all regions": Incident("errors", from_s, for_s, regions=()),
    }
    return {
        name: replace(
            BASE,
            scenario=f"failover {name}",
            least_regions=2,
            duration_s=length_s,
            timeout_s=timeout_s,
            incidents=(incident,),
        )
        for name, incident in incidents.items()
    }


def balancers(failover: Stage, *names: str) -> tuple[Stage, ...]:
    """A failover again: ours beside HAProxy's algorithms (`--balancer haproxy`), without distances."""
    scenario = failover.scenario.replace("failover", "balancers")
    return sweep(replace(failover, scenario=scenario, course=scenario, links=False), strategy=names)


HAPROXY = ("haproxy-roundrobin", "haproxy-leastconn", "haproxy-random", "haproxy-hash")
FULL = failovers(14, from_s=3, for_s=4.5, timeout_s=1)
SHORT = failovers(7, from_s=2, for_s=2.5, timeout_s=0.5)
QUICK = failovers(4, from_s=1.2, for_s=1.2, timeout_s=0.5)


class Distribution(StagesShape):
    test = "distribution"
    stages = (
        replace(BASE, scenario="geography", duration_s=9),
        *strategies(
            5, 3, "nearest", "round-robin", "weighted-round-robin", "random", "least-outstanding", "power-of-two",
            "peak-ewma", "consistent-hash", "priority",
        ),
        *FULL.values(),
        *(
            stage
            for name, failover in SHORT.items()
            if "partition" not in name  # a cut befalls links
            for stage in balancers(failover, "round-robin", "power-of-two", *HAPROXY)
        ),
    )  # fmt: skip
    quick_stages = (
        *strategies(2.5, 1, "nearest", "round-robin", "peak-ewma"),
        *(QUICK[name] for name in ("refused", "frozen", "grey failure")),
        *balancers(QUICK["refused"], "power-of-two", "haproxy-leastconn"),
    )


globals().update(senders())
