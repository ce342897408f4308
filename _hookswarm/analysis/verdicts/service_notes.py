"""What is told of a delivery service though nothing forbids it: another order, what may still come, what was before."""

from collections.abc import Iterator, Sequence

from _hookswarm.analysis.reading.frames import RunFrames
from _hookswarm.analysis.schema.report import Stage
from _hookswarm.analysis.schema.service import Through
from _hookswarm.analysis.schema.verdict import Reason
from _hookswarm.analysis.verdicts.codes import Code
from _hookswarm.common.wording import figure


def service_notes(frames: RunFrames, stages: Sequence[Stage]) -> Iterator[Reason]:
    """Of a run through a service; of others nothing."""
    service = frames.manifest.service
    if not service:
        return
    for stage in stages:
        if stage.through and stage.through.missing:
            yield Reason(code=Code.DELIVERIES_MISSING, message=f"{stage.name}: {_missing(service.name, stage)}")
    for stage in stages:
        if stage.through and stage.through.overdue:
            yield Reason(code=Code.DELIVERIES_LATE, message=f"{stage.name}: {_overdue(stage.through)}")
    if valueless := sum(stage.through.valueless for stage in stages if stage.through):
        told = f"{valueless:,} deliveries hold the event's id and no payload: nothing says that {service.name} keeps "
        yield Reason(code=Code.DELIVERIES_VALUELESS, message=f"{told}values; {Code.DELIVERIES_VALUELESS.advice}")
    if service.promises.get("order") != "kept":
        for stage in stages:
            if stage.ledger.reordered:
                told = (
                    f"{stage.name}: {stage.ledger.reordered:,} of {stage.ledger.seen:,} events came after a later one"
                )
                told += f" of their endpoint, and {service.name} promises no order; {Code.DELIVERIES_REORDERED.advice}"
                yield Reason(code=Code.DELIVERIES_REORDERED, message=told)


def _overdue(through: Through) -> str:
    told = f"{through.overdue:,} of {through.accepted:,} accepted events came late"
    if through.allowed_s is not None:
        told += f", when nothing had come for the {figure(through.allowed_s)} s that they may take"
    return f"{told}; {Code.DELIVERIES_LATE.advice}"


def _missing(service: str, stage: Stage) -> str:
    through = stage.through
    assert through
    told = f"{through.missing:,} of {through.accepted:,} accepted events had not arrived"
    if through.quiet_s is None:
        return f"{told} when the run ended: nobody waited for them; let a run end by itself"
    allowed = "" if through.allowed_s is None else f": {service}'s law allows up to {figure(through.allowed_s)} s"
    return f"{told} after {figure(through.quiet_s)} s without any{allowed}; {Code.DELIVERIES_MISSING.advice}"
