"""Rates for somebody's delivery service: what a calibration found, and the plan that drowns nobody.

Open stages run at half of the rate at which events are both accepted and delivered, and never faster than planned.
Closed ones may publish at twice that rate at most, so that what piles up meanwhile is delivered in as long again.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from _hookswarm.common.wording import figure, first_of
from _hookswarm.records.manifest import CALIBRATION
from _hookswarm.senders.plan.arrivals import Closed, at_rate
from _hookswarm.senders.plan.bound import EVENTS_FOR_S
from _hookswarm.senders.plan.conformance import CONFORMANCE
from _hookswarm.senders.plan.stages import Stage
from _hookswarm.senders.plan.variations import renamed

FIRST_EVENTS = 100
"""A first round is of so few that nobody is hurt; it says how long the next one may be."""
USERS = 16
ENDPOINTS = 100
LENGTH_S = {True: 2.0, False: 5.0}
"""By `--quick`: how long a quick service is published to."""
LONG_S = 8.0
"""A round that took longer than this tells enough, and a longer one would be a burden."""
GROWS = 1.3
"""Times the rate of the round before: then it was not the service's own."""
MOST_ROUNDS = 5
SHARE = 0.5
CLOSED = 2.0
"""Times that rate: what closed stages may publish."""
KEEPS_UP = 0.8
"""Of the bound of the rate: a service that takes so much of it was not the limit."""
ARRIVED = 0.98
"""A round is delivered when so many of its events are: a straggler says nothing of a rate."""
NAMES_SHOWN = 6

ANNOUNCED = "rates: a calibration at the start finds what the service takes; stages run at half of it, never faster \
than planned; --rate sets another"


class Round(NamedTuple):
    """What one round saw."""

    accepted: int
    publishing_s: float
    samples: Sequence[tuple[float, int]]
    """Seconds since its start, and arrivals taken so far."""


class Rates(NamedTuple):
    """What a service does, by a round of publishing."""

    accepts_per_s: float
    """Events."""
    delivers_per_s: float
    """Arrivals: of an event that goes to several endpoints each counts."""
    took_s: float
    """From the first event to the last arrival."""


def rates_of(seen: Round) -> Rates:
    """The rates of a round. Nothing arrived: it delivers 0 a second."""
    accepts = seen.accepted / seen.publishing_s if seen.publishing_s > 0 else 0.0
    total = max((taken for _, taken in seen.samples), default=0)
    if not total:
        return Rates(accepts, 0.0, seen.publishing_s)
    begin = max((at for at, taken in seen.samples if not taken), default=0.0)
    end, there = next((at, taken) for at, taken in seen.samples if taken >= ARRIVED * total)
    delivers = there / (end - begin) if end > begin else accepts
    return Rates(accepts, delivers, max(end, seen.publishing_s))


def first_round(webhooks: int, max_rate: float | None, quick: bool) -> Stage:
    """So many webhooks the plan has, and so many publishes a second there may be."""
    events = max(min(FIRST_EVENTS, int((max_rate or FIRST_EVENTS) * LENGTH_S[quick])), 1)
    stage = Stage(CALIBRATION, users=USERS, webhooks=min(webhooks, ENDPOINTS), events=events, payload="thin")
    return replace(stage, max_rate=max_rate, name=f"{CALIBRATION} #1")


def next_round(stage: Stage, rates: Sequence[Rates], fan_out: int, quick: bool) -> Stage | None:
    """What is played after `stage`, when the rounds so far saw `rates`; None: the last one tells.

    A quick service is published to for as long as a round should last. Of a slow one a round tells its latency, not its
    rate, where more events come at a higher rate: rounds double until they do not.
    """
    last, length_s = rates[-1], LENGTH_S[quick]
    if len(rates) == 1 and last.took_s < length_s / 2:
        events = max(round(CLOSED * length_s * through_per_s(last, fan_out)), FIRST_EVENTS)
        return replace(stage, events=events, duration_s=length_s, name=f"{CALIBRATION} #2")
    grew = len(rates) == 1 or through_per_s(last, fan_out) > GROWS * through_per_s(rates[-2], fan_out)
    told = stage.duration_s or stage.max_rate or last.took_s > LONG_S
    if told or not grew or len(rates) == MOST_ROUNDS:
        return None
    assert stage.events
    return replace(stage, events=2 * stage.events, name=f"{CALIBRATION} #{len(rates) + 1}")


def through_per_s(rates: Rates, fan_out: int) -> float:
    """Events a second that are both accepted and delivered, to `fan_out` endpoints each."""
    return min(rates.accepts_per_s, rates.delivers_per_s / fan_out)


def calibrated(stages: Sequence[Stage], rates: Rates, fan_out: int, max_rate: float | None = None) -> tuple[Stage, ...]:
    """The plan at rates that the service takes. A search for capacity starts at its half. Where it keeps up with
    `max_rate`, which no stage is above, the plan stays as it is.
    """
    per_s = through_per_s(rates, fan_out)
    if max_rate and per_s >= KEEPS_UP * max_rate:
        return tuple(stages)
    bent = [one for one in stages if one.scenario != CONFORMANCE]
    rates_planned = [one.arrivals.rate for one in bent if not (isinstance(one.arrivals, Closed) or one.limits)]
    factor = min(1.0, SHARE * per_s / max(rates_planned, default=SHARE * per_s))
    drowns = rates.accepts_per_s > CLOSED * per_s
    return _told_apart(
        [stage if stage.scenario == CONFORMANCE else _calibrated(stage, factor, per_s, drowns) for stage in stages]
    )


def _calibrated(stage: Stage, factor: float, per_s: float, drowns: bool) -> Stage:
    if isinstance(stage.arrivals, Closed):
        events = stage.events and max(min(stage.events, round(CLOSED * EVENTS_FOR_S * per_s)), 1)
        bound = min(stage.max_rate or CLOSED * per_s, CLOSED * per_s) if drowns else stage.max_rate
        name = stage.name if events == stage.events else renamed(stage.name, "events", str(events))
        return replace(stage, events=events, max_rate=bound, name=name)
    rate = float(f"{SHARE * per_s:.3g}") if stage.limits else stage.arrivals.rate * factor
    if rate == stage.arrivals.rate:
        return stage
    name = stage.name if stage.limits else renamed(stage.name, "rate", f"{rate:.4g}")
    return replace(stage, arrivals=at_rate(stage.arrivals, rate), name=name)


def _told_apart(stages: Sequence[Stage]) -> tuple[Stage, ...]:
    """Those of a sweep that were cut to as many events, and so to one name, share them out: 3 of 300 get 100, 200, 300;
    or one more where a stage has so many already.
    """
    of_name, seen = Counter(stage.name for stage in stages), Counter[str]()
    taken = {name for name, alike in of_name.items() if alike == 1}
    apart = []
    for stage in stages:
        if (alike := of_name[stage.name]) > 1 and stage.events and " events=" in stage.name:
            seen[stage.name] += 1
            events = max(stage.events * seen[stage.name] // alike, 1)
            while (name := renamed(stage.name, "events", str(events))) in taken:
                events += 1
            taken.add(name)
            stage = replace(stage, events=events, name=name)
        apart.append(stage)
    return tuple(apart)


def told_calibration(
    service: str,
    rates: Rates,
    fan_out: int,
    planned: Sequence[Stage],
    now: Sequence[Stage],
    max_rate: float | None = None,
) -> str:
    """For people: what was found, and what it makes of the plan."""
    found = f"{service} accepts {figure(rates.accepts_per_s)}/s and delivers {figure(rates.delivers_per_s)}/s"
    if max_rate and through_per_s(rates, fan_out) >= KEEPS_UP * max_rate:
        return f"{found}: it keeps up with {figure(max_rate)}/s, so stages run as planned; --rate sets another rate"
    half = figure(SHARE * through_per_s(rates, fan_out))
    shared = f", {fan_out} for each event" if fan_out > 1 else ""
    slower = first_of(list(_slower(planned, now)), NAMES_SHOWN)
    return (
        f"{found}{shared}: stages run at half of that, {half}/s at most{slower and f' ({slower})'}; --rate sets another"
    )


def _slower(planned: Sequence[Stage], now: Sequence[Stage]) -> Iterator[str]:
    """Each scenario once."""
    told: set[str] = set()
    for before, after in zip(planned, now, strict=True):
        if before.scenario in told or isinstance(before.arrivals, Closed) or isinstance(after.arrivals, Closed):
            continue
        if after.arrivals.rate < before.arrivals.rate:
            told.add(before.scenario)
            yield f"{before.scenario} at {figure(after.arrivals.rate)}/s, not {figure(before.arrivals.rate)}/s"
