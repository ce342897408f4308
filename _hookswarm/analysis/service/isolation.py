"""How much of the trouble that some endpoints make a delivery service lets the healthy ones feel.

| what   | is                                                                                             |
|--------|------------------------------------------------------------------------------------------------|
| felt   | the healthy endpoints' delivery latency, less the same in the stage without trouble            |
| fifo   | what they would wait if all arrivals went through one first-in-first-out queue, with as many   |
|        | workers as the most arrivals that were open at once; each is offered when it was accepted, a   |
|        | retry when it came, and keeps a worker until our receiver answered or the service gave it up   |
| number | 1 - felt / fifo at the 99th percentile: 1 is perfect isolation, 0 is no better than that queue; |
|        | not known where nothing arrived at the troubled endpoints: there was no trouble                |
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from _hookswarm.analysis.deliveries.classes import outside
from _hookswarm.analysis.deliveries.deliveries import State
from _hookswarm.analysis.deliveries.stages import PlayedStage
from _hookswarm.analysis.schema.isolation import Hold, Isolation
from _hookswarm.analysis.service.fifo import most_at_once, queued_ns
from _hookswarm.analysis.service.opened import HEALTHY, Opened, opened_of
from _hookswarm.common.wording import figure
from _hookswarm.records.manifest import ServiceRecord

LEAST_MS = 500.0
"""As long as our slow endpoint takes to answer. Where a queue would hold healthy endpoints by less than that, the
trouble was too little for it: then that is the scale."""
HELD_NS = 500_000_000
"""Nothing arrived for so long while healthy endpoints' events waited: somebody holds them up."""
SHORTER = 0.95
"""Of how long an arrival was open, which may be an estimate: who comes right after it is not there at the same time."""


class Waits(NamedTuple):
    """Of healthy endpoints, from due to delivered, in ms."""

    ms: npt.NDArray[np.float64]
    undelivered: int


def waits_of(stage: PlayedStage) -> Waits:
    """Of events that fell due in the window; one that was accepted and never delivered has waited for that long."""
    assert stage.published
    events, (begin, end) = stage.delivered, stage.window
    accepted = (events.state == State.ACKNOWLEDGED) | (stage.published.state == State.ACKNOWLEDGED)
    counted = outside(stage.plan.classes, events) & accepted & (events.due_ns >= begin) & (events.due_ns < end)
    given_up_ns = stage.drained.at_ns if stage.drained else end
    missing = events.acknowledged_ns[counted] == 0
    until_ns = np.where(missing, given_up_ns, events.acknowledged_ns[counted])
    return Waits((until_ns - events.due_ns[counted]) / 1e6, int(np.count_nonzero(missing)))


def isolation_of(stage: PlayedStage, baseline: str, usual: Waits, service: ServiceRecord) -> Isolation | None:
    """A stage whose classes trouble the service, beside its baseline; None where nothing was delivered in either."""
    waits, opened = waits_of(stage), opened_of(stage, service)
    if not len(waits.ms) or not len(usual.ms) or not len(opened.begin_ns):
        return None
    shorter_ns = opened.begin_ns + (opened.busy_ns * SHORTER).astype(np.int64)
    workers = most_at_once(opened.begin_ns, shorter_ns)
    queued = queued_ns(opened.offered_ns, opened.busy_ns, workers) / 1e6
    begin, end = stage.window
    counted = (opened.troubled == HEALTHY) & opened.first & (opened.offered_ns >= begin) & (opened.offered_ns < end)
    felt = [max(_quantile(waits.ms, at) - _quantile(usual.ms, at), 0.0) for at in (0.5, 0.99)]
    fifo = [_quantile(queued[counted], at) for at in (0.5, 0.99)]
    number = float(np.clip(1 - felt[1] / max(fifo[1], LEAST_MS), 0, 1))
    troubled = bool((opened.troubled != HEALTHY).any())
    names = [one.name for one in stage.plan.classes]
    holds = _holds(opened, names)
    return Isolation(
        stage=stage.plan.name,
        baseline=baseline,
        number=round(number, 3) if troubled else None,
        felt_p50_ms=round(felt[0], 3),
        felt_p99_ms=round(felt[1], 3),
        fifo_p50_ms=round(fifo[0], 3),
        fifo_p99_ms=round(fifo[1], 3),
        concurrency=workers,
        gave_up_s=None if opened.gave_up_ns is None else round(opened.gave_up_ns / 1e9, 2),
        events=len(waits.ms),
        undelivered=waits.undelivered,
        holds=holds,
        told=_told(holds, felt[1], fifo[1], workers) if troubled else _untroubled(stage, names),
    )


def _quantile(values: npt.NDArray[np.float64], at: float) -> float:
    return float(np.quantile(values, at, method="inverted_cdf")) if len(values) else 0.0


def _untroubled(stage: PlayedStage, names: list[str]) -> str:
    """Why nothing is known of how it isolates."""
    assert stage.published
    had = bool(np.count_nonzero(~outside(stage.plan.classes, stage.published)))
    none = "of their events none arrived: see what the service logged" if had else "they had no events: raise --rate"
    return f"how far it keeps {' and '.join(names)} endpoints apart is not known, because {none}"


def _told(holds: list[Hold], felt_ms: float, fifo_ms: float, workers: int) -> str:
    """In words."""
    held = " and ".join(f"a {one.name} endpoint holds those after it by {one.seconds:.1f} s" for one in holds)
    queue = f"a queue of {workers} worker{'s' * (workers > 1)} would hold them by {figure(fifo_ms)} ms"
    if fifo_ms >= LEAST_MS:
        return f"{held or 'no endpoint holds up the healthy ones'}: at p99 these feel {figure(felt_ms)} ms; {queue}"
    if felt_ms >= LEAST_MS:
        return f"{held or 'the healthy ones wait'}: at p99 these feel {figure(felt_ms)} ms, though {queue}"
    return f"the healthy ones feel {figure(felt_ms)} ms at p99, and {queue}: raise --rate to trouble it more"


def _holds(opened: Opened, names: list[str]) -> list[Hold]:
    """For each class the longest time that nothing arrived while it was open, and healthy endpoints' events waited."""
    found: dict[str, int] = {}
    for begin, end in _standstills(opened):
        overlap = np.minimum(opened.end_ns, end) - np.maximum(opened.begin_ns, begin)
        overlap[opened.troubled == HEALTHY] = 0
        longest = int(overlap.argmax())
        if overlap[longest] * 2 >= end - begin:
            name = names[int(opened.troubled[longest])]
            found[name] = max(found.get(name, 0), end - begin)
    return [
        Hold(name=name, seconds=round(held_ns / 1e9, 2))
        for name, held_ns in sorted(found.items(), key=lambda one: -one[1])
    ]


def _standstills(opened: Opened) -> Iterator[tuple[int, int]]:
    """Times between two arrivals in which a healthy endpoint's event waited for its first."""
    healthy = (opened.troubled == HEALTHY) & opened.first
    never = np.iinfo(np.int64).max
    waiting_from = np.minimum.accumulate(np.where(healthy, opened.offered_ns, never)[::-1])[::-1]
    begins = np.maximum(opened.begin_ns[:-1], waiting_from[1:])
    ends = opened.begin_ns[1:]
    for place in np.flatnonzero((begins != never) & (ends - begins >= HELD_NS)).tolist():
        yield int(begins[place]), int(ends[place])
