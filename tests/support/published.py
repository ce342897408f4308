"""Runs through a delivery service made by hand: events as they were published, and how they arrived."""

from collections.abc import Sequence
from typing import Any

from _hookswarm.analysis.reading.frames import RunFrames
from _hookswarm.analysis.reports import analyse
from _hookswarm.analysis.schema.service import ServiceReport
from _hookswarm.analysis.schema.verdict import Verdict
from _hookswarm.records.manifest import ServiceRecord
from _hookswarm.records.rows import Flag
from _hookswarm.records.timeline import Entry, ServiceDrained
from tests.support.journals import MS, START, Row, arrival, attempt, run, story

SERVED = Flag.WRITTEN | Flag.SERVED


def service_record(**fields: Any) -> ServiceRecord:
    """A service of one endpoint for each webhook, which promises nothing, unless told otherwise."""
    told: dict[str, Any] = {
        "name": "made-up", "run": "not run", "endpoints": 100, "group_size": None, "fan_out": "endpoint",
        "signed": True, "drain_s": 10.0, "retry": None, "promises": {},
    }  # fmt: skip
    return ServiceRecord.model_validate(told | fields)


def published(at_ms: float, sequence: int, webhook: int = 0, **fields: int) -> Row:
    """An event that fell due so long after the start, and was accepted a millisecond later."""
    due = START + round(at_ms * MS)
    return attempt(sequence, webhook, due=due, start=due, **fields)


def arrived(of: Row, at_ms: float, took_ms: float = 0.1, **fields: int) -> Row:
    """Its arrival so long after the start, and how long our receiver took to answer."""
    begin = START + round(at_ms * MS)
    return arrival(of, **{"start": begin, "done": begin + round(took_ms * MS), "flags": SERVED} | fields)


def drained(stage: int = 0, at_s: float = 60) -> ServiceDrained:
    """After a stage nothing moved for as long as a delivery may take."""
    return ServiceDrained(
        at_ns=START + round(at_s * 1000) * MS, stage=stage, accepted=0, expected=0, taken=0, waited_s=30, patience_s=10,
        settled=True, allowed_s=10,
    )  # fmt: skip


def frames_of(
    attempts: Sequence[Row],
    arrivals: Sequence[Row],
    stages: Sequence[dict[str, Any]],
    entries: Sequence[Entry] = (),
    **service: Any,
) -> RunFrames:
    """The frames of such a run; `entries` stand beside those of its stages. Each was waited for to the end, unless they
    say how it was.
    """
    told = {entry.stage for entry in entries if isinstance(entry, ServiceDrained)}
    waited = [drained(number) for number in range(len(stages)) if number not in told]
    timeline = [*story(attempts, stages), *waited, *entries]
    return run(attempts, arrivals, stages, timeline, service=service_record(**service))


def report_of(frames: RunFrames) -> ServiceReport:
    """What the analysis says of the service."""
    found = analyse(frames, keep_disturbed=True).performance.service
    assert found
    return found


def verdict_of(frames: RunFrames) -> Verdict:
    """What the analysis makes of the run."""
    return analyse(frames, keep_disturbed=True).performance.verdict
