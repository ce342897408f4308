"""Is there a leak? What CPU does a delivery cost? Which resource gives out first?"""

from collections import Counter
from collections.abc import Iterator

from _hookswarm.analysis.schema.findings import Finding
from _hookswarm.analysis.schema.io import IoStage
from _hookswarm.analysis.schema.memory import MemoryTrend
from _hookswarm.analysis.schema.sections import Sections
from _hookswarm.analysis.verdicts.findings.wording import listed
from _hookswarm.common.wording import clock, figure

NONE = "none"
SUPERVISORS = ("master", "supervisor")
"""Processes that conduct, and take no delivery."""


def findings(found: Sections) -> Iterator[Finding]:
    """Of those stages that were played."""
    yield from _leak(found.memory.trends if found.memory else [])
    yield from _cpu(found)
    yield from _bottleneck(found.io.stages if found.io else [])


def _leak(trends: list[MemoryTrend]) -> Iterator[Finding]:
    if not trends:
        return
    by_verdict: dict[str, list[MemoryTrend]] = {}
    for trend in trends:
        by_verdict.setdefault(trend.verdict, []).append(trend)
    levels = ", ".join(f"{role} {size} MiB" for role, size in _levels(trends).items())
    worst = next(iter(by_verdict.get("leak") or by_verdict.get("growing") or ()), None)
    if worst is not None:
        soon = f", and would reach its limit in {clock(worst.s_to_limit)}" if worst.s_to_limit else ""
        word = "A leak" if worst.verdict == "leak" else "Growth that may be a leak"
        per = f"{figure(worst.bytes_per_event)} B an event" if worst.bytes_per_event else "steadily"
        text = f"{word}: the {worst.role} grows by {per} in {worst.stage}{soon}."
    elif by_verdict.get("flat"):
        text = f"No leak: memory stayed flat ({levels})."
    else:
        text = f"Whether anything leaks cannot be told in so short a time ({levels}): the full test takes long enough."
    number = worst.bytes_per_event if worst is not None else None
    yield Finding(about="leak", text=text, number=number, unit="bytes an event", look="Memory while a load lasts")


def _levels(trends: list[MemoryTrend]) -> dict[str, str]:
    roles: dict[str, int] = {}
    for trend in trends:
        if not trend.role.startswith(SUPERVISORS):
            roles[trend.role] = max(roles.get(trend.role, 0), trend.level_bytes)
    return {role: figure(size / (1 << 20)) for role, size in roles.items()}


def _cpu(found: Sections) -> Iterator[Finding]:
    stages = [stage for stage in (found.cpu.stages if found.cpu else []) if stage.scenario == "cpu" and stage.roles]
    if not stages:
        return
    busiest = max(stages, key=lambda stage: stage.throughput_per_s or 0)
    parts = [
        f"the {role} {figure(used.us_per_delivery)} us"
        for role, used in busiest.roles.items()
        if used.us_per_delivery and not role.startswith(SUPERVISORS)
    ]
    text = f"At {figure(busiest.throughput_per_s)}/s a delivery costs {listed(parts)} of CPU"
    saturation = next((one for one in (found.cpu.saturation if found.cpu else []) if one.scenario == "cpu"), None)
    if saturation and saturation.users is not None:
        text += f"; more than {saturation.users} workers bring no more"
    values = [used.us_per_delivery for used in busiest.roles.values() if used.us_per_delivery]
    if parts:
        yield Finding(
            about="CPU", text=f"{text}.", number=max(values), unit="us a delivery", look="CPU for each delivery"
        )


def _bottleneck(stages: list[IoStage]) -> Iterator[Finding]:
    if not stages:
        return
    counts = Counter(stage.bottleneck for stage in stages)
    named = [f"{name} ({count})" for name, count in counts.most_common() if name != NONE]
    if not named:
        nearest = max((stage for stage in stages if stage.suspects), key=lambda stage: stage.suspects[0].pressure,
                      default=None)  # fmt: skip
        near = f"; the nearest was {nearest.suspects[0].name} ({nearest.suspects[0].evidence})" if nearest else ""
        text = f"Nothing gave out in any of {len(stages)} stages{near}."
    else:
        text = f"What gave out first, of {len(stages)} stages: {listed(named)}"
        text += f"; nothing in {counts[NONE]}." if counts[NONE] else "."
    yield Finding(about="bottleneck", text=text, look="Bottlenecks")
