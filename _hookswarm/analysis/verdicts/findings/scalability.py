"""What does more of something bring? How many a second at most, and what is the limit?"""

from collections.abc import Iterator

from _hookswarm.analysis.schema.findings import Finding
from _hookswarm.analysis.schema.scalability import Capacity, Scaling, Usl
from _hookswarm.analysis.schema.sections import Sections
from _hookswarm.analysis.verdicts.findings.wording import share
from _hookswarm.common.wording import figure

BROKE = {
    "queue": "beyond it the queue grows",
    "p99_ms": "beyond it p99 goes over its limit",
    "error_rate": "beyond it deliveries fail",
    "generator": "the sender gave out first, so the target may take more",
    "max_rate": "--max-rate ended the search, so it may be more",
    "nothing_due": "no event fell due beyond it",
}
MOST = 3
"""Scenarios that are told."""


def findings(found: Sections) -> Iterator[Finding]:
    """The capacity first: it is what most people want to know."""
    section = found.performance
    for capacity in section.capacity or []:
        yield _capacity(capacity)
    for scaling in (section.scaling or [])[:MOST]:
        yield from _scaling(scaling, (section.usl or {}).get(scaling.scenario))


def _capacity(found: Capacity) -> Finding:
    limit = found.limits.get("p99_ms")
    kept = f" with p99 within {figure(limit)} ms" if limit else ""
    if (idle := found.limits.get("over_idle_ms")) and not limit:
        kept = f" with p99 within {figure(idle)} ms of that when idle"
    if found.rate_per_s is None:
        tried = min((one.rate_per_s for one in found.tries), default=0)
        text = f"No rate held{kept}: {figure(tried)}/s was already too much."
    else:
        at_least = "at least " * found.lower_bound
        text = f"Capacity: {at_least}{figure(found.rate_per_s)}/s{kept}"
        why = BROKE.get(found.limited_by or "", "")
        text += f"; {why}." if why else "."
        if found.high_per_s and not found.lower_bound:
            text += f" {figure(found.high_per_s)}/s was too much."
    return Finding(
        about="capacity", text=text, number=found.rate_per_s, unit="a second", low=found.low_per_s,
        high=found.high_per_s, look=f"Search: {found.scenario}",
    )  # fmt: skip


def _scaling(found: Scaling, law: Usl | None) -> Iterator[Finding]:
    known = [factor for factor in found.factors if factor.throughput_per_s]
    if len(known) < 2:
        return
    first, last = known[0], known[-1]
    assert first.throughput_per_s
    assert last.throughput_per_s
    what = found.parameter or "of it"
    times = last.throughput_per_s.median / first.throughput_per_s.median if first.throughput_per_s.median else 0
    text = f"From {first.value} to {last.value} {what}, throughput grows {figure(times)} times, "
    text += f"from {figure(first.throughput_per_s.median)} to {figure(last.throughput_per_s.median)}/s"
    if last.efficiency is not None:
        text += f" ({share(last.efficiency)} of proportional)"
    if law and law.peak:
        text += f"; the law puts its peak at {figure(law.peak.at.value)} times the smallest"
    yield Finding(about="scaling", text=f"{text}.", number=times, unit="times", look=found.scenario)
