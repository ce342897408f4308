"""What must hold of a plan before it is played."""

from collections.abc import Iterable, Iterator, Sequence

from _hookswarm.common.errors import ConfigError
from _hookswarm.common.wording import one_of
from _hookswarm.senders.plan.arrivals import Closed
from _hookswarm.senders.plan.made_payloads import trial_fault
from _hookswarm.senders.plan.payloads import SIZES
from _hookswarm.senders.plan.settings import Settings
from _hookswarm.senders.plan.stages import Stage
from _hookswarm.senders.plan.strategies import STRATEGIES


def check_plan(stages: Sequence[Stage], functions: Iterable[str] = ()) -> None:
    """Raise ConfigError, with every fault, unless each stage can end, is named apart, and can be played.

    `functions`: names of those that make payloads.
    """
    bodies = (*SIZES, *functions)
    names = [stage.name for stage in stages]
    faults = [
        f'stage {number} has no name: write Stage("a name", …)'
        for number, name in enumerate(names, 1)
        if not name.strip()
    ]
    faults += [
        f"stage {name!r} would never end: give it events or a duration_s"
        for name, stage in zip(names, stages, strict=True)
        if stage.events is None and stage.duration_s is None
    ]
    faults += [
        f"stage {name!r}: there is no payload {stage.payload!r}: write one of {', '.join(bodies)}"
        for name, stage in zip(names, stages, strict=True)
        if isinstance(stage.payload, str) and stage.payload not in bodies
    ]
    faults += [
        f"stage {name!r}: {problem}"
        for name, stage in zip(names, stages, strict=True)
        for problem in (*stage.retry.problems(), *stage.order().problems())
    ]
    faults += [
        f"stage {name!r}: {stage.users} users are not to be divided by {stage.processes} processes: choose a multiple"
        for name, stage in zip(names, stages, strict=True)
        if stage.processes and stage.users % stage.processes
    ]
    faults += [
        f"stage {name!r}: class {own.name!r} goes beyond its {stage.webhooks} webhooks: let it end before"
        for name, stage in zip(names, stages, strict=True)
        for own in stage.classes
        if own.first + own.count > stage.webhooks
    ]
    faults += [
        f"stage {name!r}: two classes are named alike: rename one"
        for name, stage in zip(names, stages, strict=True)
        if len({own.name for own in stage.classes} | {"others"}) <= len(stage.classes)
    ]
    faults += [
        f"stage {name!r}: a search for capacity needs a rate and a time: give it open arrivals and a duration_s"
        for name, stage in zip(names, stages, strict=True)
        if stage.limits and (isinstance(stage.arrivals, Closed) or stage.duration_s is None)
    ]
    faults += [
        f"stage {name!r}: there is no strategy {stage.strategy!r}: {one_of(stage.strategy, STRATEGIES)}"
        for name, stage in zip(names, stages, strict=True)
        if stage.strategy not in STRATEGIES
    ]
    faults += [
        f"stage {name!r}: {problem}"
        for name, stage in zip(names, stages, strict=True)
        for problem in (*stage.health.problems(), *_incident_problems(stage), *_duplicate_problems(stage))
    ]
    faults += [
        f"stage {stage.name!r}: a restart comes in the middle third of a time: give it a duration_s"
        for stage in stages
        if stage.restart and stage.duration_s is None
    ]
    faults += [
        f"two stages are named {name!r}: rename one" for name in sorted({n for n in names if names.count(n) > 1})
    ]
    if faults or not stages:
        raise ConfigError(faults or ["a plan without stages: give it one"])


def check_functions(stages: Sequence[Stage], settings: Settings) -> None:
    """Raise ConfigError, with every fault, unless each function makes the first body of each stage that names it."""
    tried = [made for stage in stages if (made := settings.made(stage))]
    if faults := list(dict.fromkeys(filter(None, map(trial_fault, tried)))):
        raise ConfigError(faults)


def _duplicate_problems(stage: Stage) -> Iterator[str]:
    if not stage.duplicate:
        return
    if stage.retry.retries:
        yield "deliveries that are repeated on purpose, and retries, exclude each other: leave one out"
    if stage.limits:
        yield "a search for capacity delivers nothing twice: leave the duplicates out"
    if stage.duplicate.times != 2 and stage.duplicate.kind != "at_once":
        yield "an event is delivered more than twice at the same instant only: write times=2"
    if stage.duplicate.kind == "interleaved" and stage.users < 2:
        yield "new and old events are interleaved by 2 users or more: give it more users"


def _incident_problems(stage: Stage) -> Iterator[str]:
    if stage.incidents and stage.order().parts():
        yield "incidents and faults, classes or a response time for all regions exclude each other: leave one out"
    for incident in stage.incidents:
        if stage.length_s is None or incident.from_s + incident.for_s > stage.length_s:
            yield f"the fault {incident.fault!r} outlasts the stage: let it end before"
    told = [(place, one) for one in stage.incidents for place in one.regions if one.faults]
    if len({place for place, _ in told}) < len(told):
        yield "a region can be slow or answer errors once in a stage: leave the others out"
    ended = [place for one in stage.incidents for place in one.regions if one.fault in ("refused", "frozen")]
    if len(set(ended)) < len(ended):
        yield "a region can be refused or frozen once in a stage: leave the others out"
