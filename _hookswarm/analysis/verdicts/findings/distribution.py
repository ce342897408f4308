"""Which strategy is best, or can it not be told? How long does a failover take, and what do users notice?"""

from collections.abc import Iterator, Sequence

from _hookswarm.analysis.schema.distribution import Strategies
from _hookswarm.analysis.schema.failover import Failover
from _hookswarm.analysis.schema.findings import Finding
from _hookswarm.analysis.schema.sections import Sections
from _hookswarm.analysis.verdicts.findings.wording import listed, ms
from _hookswarm.common.wording import figure, many


def findings(found: Sections) -> Iterator[Finding]:
    """Of what was compared, and of the failovers that are in no comparison."""
    section = found.performance
    compared = section.strategies or []
    for one in compared[:2]:
        yield _strategies(one)
    ranked = {stage for one in compared for stage in one.stages}
    alone = [one for one in section.failovers or [] if one.stage not in ranked]
    if alone:
        yield _recovery(alone)
        yield from _detection(alone)


def _strategies(compared: Strategies) -> Finding:
    best = [one for one in compared.strategies if one.rank == 1]
    others = len(compared.strategies) - len(best)
    names = listed([one.strategy for one in best])
    p99 = [one.objective_ms for one in best if one.objective_ms is not None]
    seen = f" (p99 {_range(p99)})" if p99 else ""
    of = "" if compared.scenario == "strategies" else f" in {compared.scenario!r}"
    if len(best) == 1:
        second = next((one for one in compared.strategies if one.rank > 1), None)
        beside = f"; next is {second.strategy} with {ms(second.objective_ms)}" if second else ""
        text = f"The best strategy{of} is {names}{seen}{beside}."
    elif others:
        text = f"The best strategies{of} are {names}{seen}: they cannot be told apart. {others} are worse."
    else:
        text = f"Which strategy is best{of} cannot be told of {names}{seen}: longer stages or more repeats tell more."
    return Finding(
        about="strategies", text=text, number=min(p99, default=None), unit="ms", look=f"Strategies: {compared.scenario}"
    )


def _range(values: Sequence[float]) -> str:
    low, high = min(values), max(values)
    return ms(low) if low == high else f"{figure(low)} to {ms(high)}"


def _recovery(failovers: Sequence[Failover]) -> Finding:
    late = sum(one.failed + one.late for one in failovers)
    unseen = [one for one in failovers if one.recovered_s == 0]
    known = [one for one in failovers if one.recovered_s]
    never = [_name(one) for one in failovers if one.recovered_s is None]
    parts = []
    if known:
        slowest = max(known, key=lambda one: one.recovered_s or 0)
        parts.append(f"events came in time again after {figure(slowest.recovered_s)} s at most ({_name(slowest)})")
    if unseen:
        faults = many(len(failovers), "fault")
        noticed = f"users noticed none of the {faults}"
        if len(unseen) < len(failovers):
            noticed = f"users did not notice {len(unseen)} of the {faults}"
        deadline_s = max(one.deadline_s for one in unseen)
        parts.append(noticed if late else f"{noticed}: every event came within {figure(deadline_s)} s")
    if never:
        parts.append(f"no recovery was seen from {listed(never)}")
    text = f"Failovers: {'; '.join(parts)}."
    if late:
        text += f" {many(late, 'event')} failed or came late."
    times = [one.recovered_s for one in failovers if one.recovered_s is not None]
    return Finding(
        about="failover", text=text, number=max(times, default=None), unit="s", low=min(times, default=None),
        high=max(times, default=None), look="Failovers",
    )  # fmt: skip


def _detection(failovers: Sequence[Failover]) -> Iterator[Finding]:
    times = {}
    for one in failovers:
        seen = [origin.detected_s for origin in one.by_origin if origin.detected_s is not None]
        if seen:
            times[_name(one)] = max(seen)
    if times:
        fastest, slowest = min(times, key=times.__getitem__), max(times, key=times.__getitem__)
        told = f"{figure(times[slowest])} s ({slowest})"
        if fastest != slowest:
            told = f"{figure(times[fastest])} s ({fastest}) to {told}"
        text = f"All senders had left the failed region after {told}."
        yield Finding(about="detection", text=text, number=times[slowest], unit="s", look="Failovers")


def _name(one: Failover) -> str:
    return one.stage.removeprefix("failover ")
