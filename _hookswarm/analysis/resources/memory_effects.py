"""What payloads, webhooks and concurrency cost in memory: stages that sustain a load, each beside the first of them."""

from collections.abc import Mapping, Sequence
from typing import Any

from _hookswarm.analysis.schema.memory import MemoryEffect, MemoryTrend

FACTORS = ("payload", "webhooks", "users")


def memory_effects_of(trends: Sequence[MemoryTrend], plans: Mapping[str, Mapping[str, Any]]) -> list[MemoryEffect]:
    """`plans` are the parameters of the stages by name. Stages that differ in one factor alone are compared."""
    stages = list(dict.fromkeys(trend.stage for trend in trends))
    found = []
    for stage in stages[1:]:
        first, other = plans[stages[0]], plans[stage]
        changed = [factor for factor in FACTORS if first.get(factor) != other.get(factor)]
        if len(changed) != 1:
            continue
        before = {(one.role, one.process): one for one in trends if one.stage == stages[0]}
        for trend in (one for one in trends if one.stage == stage):
            if base := before.get((trend.role, trend.process)):
                found.append(
                    MemoryEffect(
                        factor=changed[0],
                        from_value=first[changed[0]],
                        to_value=other[changed[0]],
                        process=trend.process,
                        role=trend.role,
                        level_bytes=trend.level_bytes - base.level_bytes,
                        peak_bytes=trend.peak_bytes - base.peak_bytes,
                    )
                )
    return found
