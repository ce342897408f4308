"""What a delivery service did with the events, and whether it kept its promises."""

from collections.abc import Iterator

from _hookswarm.analysis.schema.findings import Finding
from _hookswarm.analysis.schema.sections import Sections
from _hookswarm.analysis.schema.service import ServiceReport
from _hookswarm.analysis.verdicts.findings.wording import listed
from _hookswarm.common.wording import figure, first_of, many

MOST = 3


def findings(found: Sections) -> Iterator[Finding]:
    """Nothing of a run whose senders delivered themselves."""
    service = found.performance.service
    if service is None:
        return
    yield from _books(found, service.name)
    yield from _isolation(service)
    yield from _drains(service)
    yield from _restarts(service)
    yield from _promises(service)


def _books(found: Sections, name: str) -> Iterator[Finding]:
    through = [stage.through for stage in found.performance.stages if stage.through]
    accepted = sum(one.accepted for one in through)
    if not accepted:
        return
    ledgers = [stage.ledger for stage in found.performance.stages]
    wrong = {
        "lost": sum(one.lost or 0 for one in ledgers),
        "missing": sum(one.missing for one in through),
        "delivered again without cause": sum(one.duplicated_spurious or 0 for one in ledgers),
        "corrupt": sum(one.corrupt or 0 for one in ledgers),
        "rewritten": sum(one.rewritten for one in through),
    }
    told = [f"{count:,} {word}" for word, count in wrong.items() if count]
    events = many(accepted, "event")
    text = (
        f"{name} accepted {events}: {listed(told)}."
        if told
        else f"{name} delivered all of {events} that it accepted, once each and unaltered."
    )
    yield Finding(about="losses", text=text, number=wrong["lost"], unit="events", look="Stages")


def _isolation(service: ServiceReport) -> Iterator[Finding]:
    for one in service.isolation[:1]:
        yield Finding(
            about="isolation", text=f"Isolation {figure(one.number)} (0 is a queue, 1 is perfect): {one.told}.",
            number=one.number, unit="0 to 1", look="What healthy endpoints feel",
        )  # fmt: skip


def _drains(service: ServiceReport) -> Iterator[Finding]:
    for one in service.drains[:1]:
        text = f"In {one.stage} it accepts {figure(one.accept_per_s)}/s and delivers {figure(one.drain_per_s)}/s: "
        text += f"what an hour piles up takes {figure(one.drains_in_s / 3600)} h to drain."
        yield Finding(about="drain", text=text, number=one.drain_per_s, unit="a second", look="Accepted and drained")


def _restarts(service: ServiceReport) -> Iterator[Finding]:
    if not service.restarts:
        return
    parts = []
    for one in service.restarts[:MOST]:
        pause = "nothing came again" if one.nothing_moved_s is None else f"a pause of {figure(one.nothing_moved_s)} s"
        parts.append(f"{one.name} lost {one.lost:,}, doubled {one.twice:,}, {pause}")
    lost = sum(one.lost for one in service.restarts)
    yield Finding(about="restarts", text=f"Restarts: {'; '.join(parts)}.", number=lost, unit="events", look="Restarts")


def _promises(service: ServiceReport) -> Iterator[Finding]:
    judged = [rule for rule in service.conformance if rule.verdict in ("kept", "broken")]
    if not judged:
        return
    broken = [rule for rule in judged if rule.verdict == "broken"]
    if broken:
        told = first_of([f"{rule.rule}: {rule.observed}, promised {rule.promised}" for rule in broken], MOST, "; ")
        text = f"{len(broken)} of {many(len(judged), 'promise')} broken: {told}."
    else:
        count = len(judged)
        text = "The only promise that could be seen was kept."
        if count > 1:
            text = f"All {count} promises that could be seen were kept."
    yield Finding(
        about="promises",
        text=text,
        number=len(broken),
        unit="broken",
        look="What the service does, beside what it promises",
    )
