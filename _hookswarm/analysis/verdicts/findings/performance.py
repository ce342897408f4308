"""How fast are deliveries, one by one and side by side? What do retries bring and cost? What memory do they take?"""

from collections.abc import Iterator, Sequence

from _hookswarm.analysis.schema.findings import Finding
from _hookswarm.analysis.schema.memory import Slope
from _hookswarm.analysis.schema.report import Stage
from _hookswarm.analysis.schema.sections import Sections
from _hookswarm.analysis.verdicts.findings.wording import limited_by, ms, of_scenario, share, users
from _hookswarm.common.wording import figure, many

TROUBLES = {
    "retry outage": "In an outage of {for_s} s",
    "retry failing": "Where {failing} of all attempts are answered 503",
    "retry ack lost": "Where {ack_lost} of all acknowledgements are lost",
}


def findings(found: Sections) -> Iterator[Finding]:
    """Of those stages that were played."""
    stages = found.performance.stages
    yield from _concurrent(of_scenario(stages, "concurrent"))
    yield from _sequential(of_scenario(stages, "sequential"))
    for scenario in TROUBLES:
        yield from _retries(of_scenario(stages, scenario), scenario)
    yield from _memory(found)


def _concurrent(stages: Sequence[Stage]) -> Iterator[Finding]:
    known = [stage for stage in stages if stage.throughput_per_s]
    if not known:
        return
    best = max(known, key=lambda stage: stage.throughput_per_s or 0)
    rate = best.throughput_per_s or 0
    text = f"{many(users(best), 'worker')} {'delivers' if users(best) == 1 else 'deliver'} {figure(rate)}/s"
    few = min(known, key=users)
    if few is not best and few.throughput_per_s:
        text += f", {figure(rate / few.throughput_per_s)} times what {_alone(users(few))}"
    text += f", with a p99 of {ms(best.latency_ms.delivery.p99)}.{limited_by(best)}"
    more = max(known, key=users)
    if more is not best:
        text += f" {many(users(more), 'worker')} deliver no more than that."
    yield Finding(
        about="throughput", text=text, number=rate, unit="a second", look="Throughput, as fast as answers came"
    )


def _alone(count: int) -> str:
    return "one does" if count == 1 else f"{count} do"


def _sequential(stages: Sequence[Stage]) -> Iterator[Finding]:
    known = [stage for stage in stages if stage.latency_ms.delivery.p50]
    if not known:
        return
    most = max(known, key=lambda stage: stage.deliveries.due)
    latency = most.latency_ms.delivery
    text = f"One after the other, a delivery takes {ms(latency.p50)} (median), {ms(latency.p99)} at p99."
    webhooks = sorted(known, key=lambda stage: stage.parameters["webhooks"])
    few, many_ = webhooks[0], webhooks[-1]
    if (first := few.latency_ms.delivery.p50) and few.parameters["webhooks"] != many_.parameters["webhooks"]:
        times = (many_.latency_ms.delivery.p50 or 0) / first
        text += f" Over {many_.parameters['webhooks']:,} webhooks it takes {figure(times)} times as long as over "
        text += f"{few.parameters['webhooks']:,}."
    yield Finding(about="latency", text=text, number=latency.p50, unit="ms", look="Latency, as fast as answers came")


def _retries(stages: Sequence[Stage], scenario: str) -> Iterator[Finding]:
    """The stage with the most retries beside the one without."""
    told = [stage for stage in stages if stage.retry and stage.retry.share_delivered is not None]
    without = next((stage for stage in told if not _most(stage)), None)
    best = max(told, key=lambda stage: (_most(stage), stage.retry.share_delivered if stage.retry else 0), default=None)
    if not best or not best.retry or not _most(best):
        return
    faults = best.parameters.get("faults") or {}
    where = TROUBLES[scenario].format(
        for_s=figure(best.parameters.get("faults_for_s")),
        failing=share(sum((faults.get("status") or {}).values())),
        ack_lost=share(faults.get("ack_lost") or 0),
    )
    delivered = best.retry.share_delivered or 0
    all_or = "all" if delivered == 1 else share(delivered)
    text = f"{where}, {many(_most(best), 'retry', 'retries')} deliver {all_or} of the events"
    if without and without.retry and without.retry.share_delivered is not None:
        text += f"; without retries {share(without.retry.share_delivered)} arrive"
    cost = best.retry.amplification or 1
    text += f". They cost {figure(cost)} attempts an event; p99 becomes {ms(best.retry.time_to_deliver_ms.p99)}"
    if doubled := best.retry.duplicates:
        text += f", and {many(doubled, 'event')} came twice"
    yield Finding(about="retries", text=f"{text}.", number=delivered, unit="share", look="Retries")


def _most(stage: Stage) -> int:
    return int((stage.parameters.get("retry") or {}).get("retries") or 0)


def _memory(found: Sections) -> Iterator[Finding]:
    fits = found.memory.fits if found.memory else {}
    parts = []
    for role, fit in fits.items():
        slopes = ((fit.peak.bytes_per_event, "an event"), (fit.peak.bytes_per_webhook, "a webhook"))
        if told := [f"{_bytes(slope)} {what}" for slope, what in slopes if slope]:
            parts.append(f"the {role} {' and '.join(told)}")
    if parts:
        event = fits["sender"].peak.bytes_per_event if "sender" in fits else None
        text = f"Memory at its peak: {'; '.join(parts)}."
        yield Finding(
            about="memory", text=text, number=event.value if event else None, unit="bytes an event",
            low=event.low if event else None, high=event.high if event else None, look="Memory by events and webhooks",
        )  # fmt: skip


def _bytes(slope: Slope) -> str:
    """Where chance could be all of it, its upper bound."""
    unclear = slope.low <= 0 <= slope.high
    return f"at most {figure(slope.high)} B" if unclear else f"{figure(slope.value)} B"
