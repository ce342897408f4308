"""Does it hold a sustained, uneven load? Who holds up whom?"""

from collections.abc import Iterator

from _hookswarm.analysis.deliveries.classes import OTHERS
from _hookswarm.analysis.schema.findings import Finding
from _hookswarm.analysis.schema.report import Stage
from _hookswarm.analysis.schema.sections import Sections
from _hookswarm.analysis.verdicts.findings.wording import ms, of_scenario, share
from _hookswarm.common.wording import figure

COURSES = {"bursts": "bursts", "backlog": "a backlog", "ramp": "a ramp", "day": "a day's rise and fall"}
FELT = 1.5
"""Times the baseline's p99 from which on others are said to feel it."""


def findings(found: Sections) -> Iterator[Finding]:
    """Of those stages that were played."""
    stages = found.performance.stages
    for stage in of_scenario(stages, "sustained"):
        yield _sustained(stage)
    for stage in of_scenario(stages, "slow tenants"):
        yield from _tenants(stage)
    uneven = [stage for scenario in COURSES for stage in of_scenario(stages, scenario) if stage.deliveries.acknowledged]
    if uneven:
        yield _uneven(uneven)


def _sustained(stage: Stage) -> Finding:
    rate, latency = stage.throughput_per_s or 0, stage.latency_ms.delivery
    offered = (stage.parameters.get("arrivals") or {}).get("rate")
    beside = f" of {figure(offered)}/s offered" if offered else ""
    text = f"Sustained, {figure(rate)}/s{beside} were delivered, with a median of {ms(latency.p50)} and a p99 of "
    text += f"{stage.latency_ms.sign}{ms(latency.p99)}; {share(stage.error_rate or 0)} failed."
    return Finding(about="sustained load", text=text, number=rate, unit="a second", look=f"{stage.name} over time")


def _tenants(stage: Stage) -> Iterator[Finding]:
    others = next((part for part in stage.classes or [] if part.name == OTHERS), None)
    ratio = stage.against.p99_ratio if stage.against else None
    if others is None or ratio is None:
        return
    hold = "hold" if ratio >= FELT else "do not hold"
    theirs = f"their p99 is {ms(others.latency_ms.delivery.p99)}, {figure(ratio)} times that without them"
    text = f"Slow and failing tenants {hold} up the others: {theirs}."
    yield Finding(about="slow tenants", text=text, number=ratio, unit="times", look="Classes of webhooks")


def _uneven(stages: list[Stage]) -> Finding:
    parts = [
        f"{COURSES[stage.scenario]} {stage.latency_ms.sign}{ms(stage.latency_ms.delivery.p99)}" for stage in stages
    ]
    worst = max(stages, key=lambda stage: stage.latency_ms.delivery.p99 or 0)
    text = f"Uneven arrivals: p99 is {', '.join(parts)} (due to acknowledged, retries of failing endpoints included)."
    return Finding(
        about="uneven load",
        text=text,
        number=worst.latency_ms.delivery.p99,
        unit="ms",
        look="Latency, at a rate of their own",
    )
