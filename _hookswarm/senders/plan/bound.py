"""What a plan becomes under `--rate` and `--max-rate`: shapes at other rates, and stages with fewer events."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from _hookswarm.common.wording import figure, first_of
from _hookswarm.senders.plan.arrivals import Backlog, Bursts, Closed, Open, Ramp, Sine, at_rate
from _hookswarm.senders.plan.conformance import CONFORMANCE
from _hookswarm.senders.plan.spacing import slots_per_s
from _hookswarm.senders.plan.stages import Stage
from _hookswarm.senders.plan.variations import renamed

EVENTS_FOR_S = 10
"""What ends by its events gets no more than go out in so many seconds."""
NAMES_SHOWN = 6


class Bounded(NamedTuple):
    """A stage under a bound, and as it was before."""

    stage: Stage
    planned: Stage


def peak(arrivals: Open) -> float:
    """The highest rate that arrivals have, a second; that of a backlog is the one after it."""
    match arrivals:
        case Bursts(rate=rate, factor=factor):
            return rate * factor
        case Ramp(rate=rate, to=to):
            return max(rate, to)
        case Sine(rate=rate, swing=swing):
            return rate * (1 + swing)
    return arrivals.rate


def at_base_rate(stages: Sequence[Stage], rate: float) -> list[Stage]:
    """Open arrivals at this base rate; where a scenario has several, the lowest is this, and the others keep their
    proportion to it. What asks for manners is no load, and keeps its pace."""
    lowest = _of_scenarios(stages, min, lambda _, arrivals: arrivals.rate)
    return [
        stage
        if stage.scenario == CONFORMANCE
        else _faster(stage, rate / lowest.get(stage.scenario, rate), backlog=True)
        for stage in stages
    ]


def at_most(stages: Sequence[Stage], per_s: float) -> list[Bounded]:
    """The stages with so many attempts a second at most.

    A scenario whose peak is higher is slower as a whole; a backlog stays as long as it is. What ends by its events
    alone has fewer, and of stages that come to the same the first is left.
    """
    own = [replace(stage, max_rate=min(per_s, stage.max_rate or per_s)) for stage in stages]
    over = _of_scenarios(own, max, lambda stage, arrivals: peak(arrivals) / (slots_per_s(stage) or per_s))
    bounded: list[Bounded] = []
    for stage, planned in zip(own, stages, strict=True):
        found = _shorter(_faster(stage, 1 / max(over.get(stage.scenario, 1.0), 1.0), backlog=False))
        if found not in [one.stage for one in bounded]:
            bounded.append(Bounded(found, planned))
    return bounded


def told(bounded: Iterable[Bounded]) -> Iterator[str]:
    """What the bound changed, a line for each kind of change."""
    slower: dict[str, str] = {}
    fewer: list[str] = []
    let_out: list[str] = []
    for stage, planned in bounded:
        before, after = planned.arrivals, stage.arrivals
        if not (isinstance(before, Closed) or isinstance(after, Closed)) and after.rate < before.rate:
            slower.setdefault(stage.scenario, f"{stage.scenario} ({figure(before.rate)}/s to {figure(after.rate)}/s)")
        if isinstance(after, Backlog):
            let_out.append(f"{stage.name} ({after.backlog:,} at once)")
        if stage.events != planned.events:
            fewer.append(f"{planned.name} ({planned.events:,} to {stage.events:,})")
    if slower:
        yield f"slower, so that no peak is above it: {first_of(list(slower.values()), NAMES_SHOWN)}"
    if let_out:
        yield f"let out at it, one after the other: {first_of(let_out, NAMES_SHOWN)}"
    if fewer:
        yield f"with the events that go out in {EVENTS_FOR_S} s at it: {first_of(fewer, NAMES_SHOWN)}"


def _of_scenarios(
    stages: Iterable[Stage],
    pick: Callable[[Iterable[float]], float],
    number: Callable[[Stage, Open], float],
) -> dict[str, float]:
    """A number of each scenario with open arrivals, picked of its stages'."""
    found: dict[str, list[float]] = {}
    for stage in stages:
        if not isinstance(stage.arrivals, Closed):
            found.setdefault(stage.scenario, []).append(number(stage, stage.arrivals))
    return {scenario: pick(numbers) for scenario, numbers in found.items()}


def _faster(stage: Stage, factor: float, backlog: bool) -> Stage:
    """At `factor` times the rate; `backlog`: one of that is as much longer."""
    before = stage.arrivals
    if isinstance(before, Closed) or factor == 1:
        return stage
    after = at_rate(before, before.rate * factor)
    if isinstance(after, Backlog) and isinstance(before, Backlog) and not backlog:
        after = replace(after, backlog=before.backlog)
    assert not isinstance(after, Closed)
    return replace(stage, arrivals=after, name=renamed(stage.name, "rate", f"{after.rate:g}"))


def _shorter(stage: Stage) -> Stage:
    """Without events that its bound lets out too late."""
    per_s = slots_per_s(stage)
    if stage.events is None or stage.duration_s is not None or per_s is None:
        return stage
    events = min(stage.events, max(int(EVENTS_FOR_S * per_s), 1))
    return replace(stage, events=events, name=renamed(stage.name, "events", str(events)))
