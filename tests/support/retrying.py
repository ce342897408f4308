"""Runs by hand through delivery services of known retry laws, whose endpoints answer 503 to everything."""

from collections.abc import Callable
from random import Random
from typing import Any

from _hookswarm.analysis.reading.frames import RunFrames
from _hookswarm.analysis.schema.service import Rule, ServiceReport
from _hookswarm.records.manifest import ServiceRecord
from _hookswarm.records.rows import Flag
from _hookswarm.records.timeline import Entry, RunEnded, ServiceDrained, StageEnded, StageStarted
from tests.support.journals import SECOND, START, Row, attempt, planned, run, worker_report

Next = Callable[[int, float], float | None]
"""When the n-th retry (from 1) is made after an attempt that ended at an instant, in s from START; None: never."""


def after(
    *waits_s: float, first: float = 0, factor: float = 1, retries: int = 0, chance: Callable[[], float] = lambda: 1.0
) -> Next:
    """Waits one by one, or of a series, each times what chance says."""
    series = waits_s or tuple(first * factor**n for n in range(retries))

    def follows(retry: int, ended_s: float) -> float | None:
        return ended_s + series[retry - 1] * chance() if retry <= len(series) else None

    return follows


def through_service(
    follows: Next,
    random: Random,
    retry: dict[str, Any] | None = None,
    events: int = 60,
    over_s: float = 4.0,
    watched_s: float = 60.0,
    first_s: Callable[[float], float] = lambda accepted_s: accepted_s + 0.002,
    status: Callable[[int], int] = lambda attempt: 503,
    held_s: float = 0.001,
    **plan: Any,
) -> RunFrames:
    """A run of one stage of `over_s`, watched for so long. A busy machine makes each arrival up to 4 ms late.

    `retry` is what the service promises; `status` what our receivers answer to the n-th attempt of an event,
    `held_s` after it came.
    """
    published, arrivals = [], []
    for number in range(events):
        due = START + round(random.uniform(0, over_s) * 1e9)
        sent = attempt(0, webhook=number, due=due)
        published.append(sent)
        at_s: float | None = first_s((sent["done"] - START) / 1e9)
        tried = 0
        while at_s is not None and at_s < watched_s:
            tried += 1
            start = START + round((at_s + random.uniform(0, 0.004)) * 1e9)
            arrivals.append(_arrival(sent, tried, start, start + round(held_s * 1e9), status(tried)))
            at_s = follows(tried, (arrivals[-1]["done"] - START) / 1e9) if status(tried) >= 300 else None
    fields: dict[str, Any] = {"name": "failing", "duration_s": over_s, "faults": {"status": {"503": 1.0}}} | plan
    end = START + round(watched_s * 1e9)
    service = ServiceRecord(
        name="one", run="1.0", endpoints=events, group_size=None, fan_out="endpoint", signed=False, drain_s=10,
        retry=retry, promises={},
    )  # fmt: skip
    report = worker_report(due=events, settled=events)
    drained = ServiceDrained(at_ns=end, stage=0, accepted=events, expected=events, taken=0, waited_s=10, patience_s=10)
    timeline: list[Entry] = [
        StageStarted(at_ns=START, stage=0, name="failing"),
        StageEnded(at_ns=START + round(over_s * 1e9), stage=0, reports=[report]),
        drained,
        RunEnded(at_ns=end + SECOND, interrupted=False),
    ]
    return run(published, arrivals, stages=[planned(**fields)], timeline=timeline, service=service)


def _arrival(of: Row, number: int, start: int, done: int, status: int) -> Row:
    fields = {"attempt": number, "due": 0, "late": 0, "start": start, "done": done, "status": status}
    return of | fields | {"outcome": 0, "flags": Flag.WRITTEN | Flag.SERVED | Flag.FAULT}


def rules(report: ServiceReport | None) -> dict[str, Rule]:
    """The conformance table by its rules' names."""
    assert report
    return {one.rule: one for one in report.conformance}
