"""The capacity that a search found: the highest rate that keeps its limits, by the journals of its tries."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from math import inf
from typing import Any, Literal

import numpy as np

from _hookswarm.analysis.deliveries.recorder import Recorder
from _hookswarm.analysis.deliveries.stages import PlayedStage
from _hookswarm.analysis.reading.frames import RunFrames
from _hookswarm.analysis.scaling import scaling
from _hookswarm.analysis.schema.report import Stage
from _hookswarm.analysis.schema.scalability import Capacity, Try
from _hookswarm.analysis.schema.sections import Sections
from _hookswarm.common.limits import MAX_DISTURBED
from _hookswarm.common.wording import figure
from _hookswarm.records.piling import piles_up
from _hookswarm.records.timeline import StageOverloaded

MAX_RATE = "max_rate"
"""What a search was limited by whose every rate held, up to the highest that may be offered."""
OFFERED_SHARE = 0.5
"""Of a try's limit: events that a service accepted within it were offered as planned."""
Broke = Literal["generator", "queue", "error_rate", "p99_ms", "nothing_due"]


class CapacityRecorder(Recorder):
    """Notes the tries whose queue grew, and those that the generator disturbed."""

    def __init__(self, frames: RunFrames) -> None:
        super().__init__(frames)
        self._overloaded = {entry.stage for entry in frames.entries(StageOverloaded)}
        self._whole: set[str] = set()
        self._clogged: set[str] = set()
        self._disturbed: set[str] = set()

    def add(self, stage: PlayedStage) -> None:
        if not stage.plan.limits:
            return
        if stage.ended:
            self._whole.add(stage.plan.name)
            if any(report.disturbed(closed=False) for report in stage.ended.reports):
                self._disturbed.add(stage.plan.name)
        # Late to drain: an event first sent later than the limit after the window's end was queued behind others.
        sent = stage.delivered.attempts.rows["start"][stage.delivered.attempts.first]
        late = stage.window[1] + stage.plan.limits["p99_ms"] * 1e6
        if stage.number in self._overloaded or np.any(sent > late) or _piles_up(stage):
            self._clogged.add(stage.plan.name)

    def fill(self, sections: Sections) -> None:
        sections.performance.capacity = self.searches(sections.performance.stages)

    def searches(self, stages: Sequence[Stage]) -> list[Capacity]:
        """What each search found; a try that was stopped does not count."""
        whole = [stage for stage in stages if stage.name in self._whole]
        return capacities_of(whole, self._clogged, self._disturbed)


def _piles_up(stage: PlayedStage) -> bool:
    """Whether a service had more and more that was accepted and not yet taken."""
    if not stage.published:
        return False
    accepted = stage.published.acknowledged_ns != 0
    until_ns = stage.drained.at_ns if stage.drained else stage.window[1]
    return piles_up(stage.published.due_ns[accepted], stage.delivered.acknowledged_ns[accepted], until_ns)


def capacities_of(tries: Sequence[Stage], clogged: Collection[str], disturbed: Collection[str] = ()) -> list[Capacity]:
    """What each search found, in the order of the plan.

    `clogged` are the names of tries whose queue grew, `disturbed` of those in which a sender was late or starved.
    """
    searches: dict[str, list[Stage]] = {}
    for stage in tries:
        searches.setdefault(stage.scenario, []).append(stage)
    return [
        _capacity(scenario, own[0].parameters, list(_tries(own, clogged, disturbed)))
        for scenario, own in searches.items()
    ]


def _tries(stages: Sequence[Stage], clogged: Collection[str], disturbed: Collection[str]) -> Iterator[Try]:
    """As the search took them: a disturbed try says nothing, but that one too many of a rate are the generator's."""
    seen: Counter[float] = Counter()
    for stage in stages:
        rate = stage.parameters["arrivals"]["rate"]
        if stage.name in disturbed:
            seen[rate] += 1
            yield _try(stage, held=None, broke="generator" if seen[rate] > MAX_DISTURBED else None)
        else:
            broke = _broke(stage, stage.name in clogged)
            yield _try(stage, held=broke is None, broke=broke)


def _try(stage: Stage, held: bool | None, broke: Broke | None) -> Try:
    return Try(
        name=stage.name,
        rate_per_s=stage.parameters["arrivals"]["rate"],
        reached_per_s=stage.throughput_per_s,
        p99_ms=stage.latency_ms.delivery.p99,
        error_rate=stage.error_rate,
        held=held,
        broke=broke,
    )


def _broke(stage: Stage, clogged: bool) -> Broke | None:
    """What broke first, by what leads to what: a busy generator to a queue, and a queue to latency."""
    if not stage.deliveries.due:
        return "nothing_due"
    limits, p99_ms = stage.parameters["limits"], stage.latency_ms.delivery.p99
    broke: Broke | None = None
    if clogged or stage.deliveries.abandoned:
        broke = "queue"
    elif p99_ms is None or (stage.error_rate or 0) > limits["error_rate"]:
        broke = "error_rate"
    elif p99_ms > limits["p99_ms"]:
        broke = "p99_ms"
    return "generator" if broke and scaling.is_generator_bound(stage) and not _was_offered(stage) else broke


def _was_offered(stage: Stage) -> bool:
    """Whether a service accepted the try's events well within the limit: then what broke it came after that."""
    publish_ms = stage.through.latency_ms.publish.p99 if stage.through else None
    return publish_ms is not None and publish_ms <= OFFERED_SHARE * float(stage.parameters["limits"]["p99_ms"])


def _capacity(scenario: str, parameters: Mapping[str, Any], tries: Sequence[Try]) -> Capacity:
    votes = {rate: own for rate in sorted({one.rate_per_s for one in tries}) if (own := _votes(rate, tries))}
    broken = [rate for rate, own in votes.items() if 2 * sum(one.held is True for one in own) <= len(own)]
    high = min(broken, default=None)
    low = max((rate for rate in votes if high is None or rate < high), default=None)
    causes = [one.broke for one in votes.get(high, []) if one.broke] if high is not None else []
    cause: str | None = Counter(causes).most_common(1)[0][0] if causes else None
    if high is None and low is not None and low >= (parameters.get("max_rate") or inf):
        cause = MAX_RATE
    return Capacity(
        scenario=scenario,
        limits=dict(parameters["limits"]),
        rate_per_s=low,
        low_per_s=low,
        high_per_s=high,
        lower_bound=high is None or cause == "generator",
        limited_by=cause,
        tries=list(tries),
    )


def _votes(rate: float, tries: Sequence[Try]) -> list[Try]:
    """The tries of a rate that say something: those that were not disturbed; without any, those of one too many."""
    own = [one for one in tries if one.rate_per_s == rate]
    return [one for one in own if one.held is not None] or [one for one in own if one.broke]


def capacity_lines(capacities: Sequence[Capacity]) -> Iterator[str]:
    """`capacity 412/s (400 to 420), p99_ms broke first`, one for each search."""
    for found in capacities:
        if found.rate_per_s is None and found.high_per_s is None:
            yield f"{found.scenario}: every try was disturbed by the generator: give the senders cores of their own"
        elif found.rate_per_s is None:
            yield f"{found.scenario}: none of the rates held, down to {figure(found.high_per_s)}/s; {_cause(found)}"
        else:
            least = "at least " if found.lower_bound else ""
            upper = "no rate" if found.high_per_s is None else f"{figure(found.high_per_s)}/s"
            yield f"{found.scenario}: {least}{figure(found.rate_per_s)}/s held, {upper} broke; {_cause(found)}"


def _cause(found: Capacity) -> str:
    if found.limited_by is None:
        return "the search ended below the limit"
    if found.limited_by == MAX_RATE:
        return "the search ended at --max-rate: raise it to find more"
    if found.limited_by == "generator":
        return "the generator was the limit, the target may do more"
    if found.limited_by == "nothing_due":
        return "no event fell due: raise --rate"
    what = "a growing queue" if found.limited_by == "queue" else found.limited_by
    return f"{what} broke first"
