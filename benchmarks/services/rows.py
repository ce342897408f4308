"""The questions of docs/services.md, one row each, and how a cell is made of what was kept.

A number is the median of the repeats, with the lowest and the highest. What a repeat could not see says why.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from statistics import median
from typing import NamedTuple

from _hookswarm.analysis.schema.memory import MemoryTrend
from _hookswarm.analysis.schema.restarts import Restarted
from _hookswarm.common.wording import figure
from benchmarks.services.kept import Kept, KeptRun, KeptStage

NOT_OBSERVED = "not observed"
AT_HALF, IDLE, ISOLATION, CPU = "isolation baseline", "capacity idle", "isolation", "cpu"
"""Scenarios: a hundred endpoints without trouble at half of the capacity; when idle; with four that trouble it; and as
answers come, at half of the capacity at most.
"""

Cell = Callable[[Sequence[KeptRun]], str]


class Row(NamedTuple):
    """A question."""

    asked: str
    run: str
    """Which run of a repeat answers it."""
    cell: Cell


def cell_of(row: Row, kept: Kept) -> str:
    """What was seen."""
    played = list(kept.played(row.run))
    if not played:
        return "void each time" if any(one.run == row.run for one in kept.runs) else "not played"
    return row.cell(played)


def spread(values: Iterable[float | None], unit: str, why: str) -> str:
    """Median, lowest and highest of what is known; `why` nothing is."""
    known = [value for value in values if value is not None]
    if not known:
        return f"{NOT_OBSERVED}: {why}"
    text = f"{figure(median(known))}{unit}"
    return text if len(known) == 1 else f"{text} ({figure(min(known))} to {figure(max(known))}, {len(known)} repeats)"


def once(texts: Iterable[str]) -> str:
    """Each text once, and in how many repeats it was so where they differ."""
    told = list(texts)
    distinct = list(dict.fromkeys(told))
    if len(distinct) == 1:
        return distinct[0]
    return "; ".join(f"{text} ({told.count(text)} of {len(told)} repeats)" for text in distinct)


def _capacity(runs: Sequence[KeptRun]) -> str:
    found = [one for run in runs for one in run.capacity]
    text = spread((one.rate_per_s for one in found), " events/s", "no rate held")
    if any(one.lower_bound for one in found):
        text = f"at least {text}"
    limits = [_limit(str(one.limited_by)) for one in found if one.limited_by]
    return f"{text}; what broke first: {once(limits)}" if limits else text


def _limit(code: str) -> str:
    return {
        "queue": "accepted events piled up",
        "p99_ms": "p99",
        "error_rate": "publishes failed",
        "generator": "the sender",
    }.get(code, code)


def _latency(scenario: str) -> Cell:
    def cell(runs: Sequence[KeptRun]) -> str:
        stages = _stages(runs, scenario)
        why = "no such stage could be judged"
        halves = (spread((getattr(one, name) for one in stages), " ms", why) for name in ("p50_ms", "p99_ms"))
        rate = spread((one.rate_per_s for one in stages), "/s", why)
        return f"p50 {next(halves)}, p99 {next(halves)}, at {rate}" if stages else f"{NOT_OBSERVED}: {why}"

    return cell


def _stages(runs: Sequence[KeptRun], scenario: str) -> list[KeptStage]:
    """Stages of a scenario whose figures count."""
    return [one for run in runs for one in run.stages if one.scenario == scenario and not one.disturbed]


def _drains(runs: Sequence[KeptRun]) -> str:
    names = dict.fromkeys(one.stage for run in runs for one in run.service.drains)
    if not names:
        return f"{NOT_OBSERVED}: nothing piled up, or too little to tell"
    return "; ".join(f"{_told_stage(name)}: {_drain(runs, name)}" for name in names)


def _drain(runs: Sequence[KeptRun], stage: str) -> str:
    own = [one for run in runs for one in run.service.drains if one.stage == stage]
    accepts = spread((one.accept_per_s for one in own), "/s", "")
    return f"accepts {accepts}, drains {spread((one.drain_per_s for one in own), '/s', '')}"


def _told_stage(name: str) -> str:
    """Without its rate, which differs between repeats."""
    return re.sub(r" rate=\S+", "", name)


def _isolation(runs: Sequence[KeptRun]) -> str:
    own = [one for run in runs for one in run.service.isolation if one.stage.startswith(ISOLATION)]
    if not own:
        return f"{NOT_OBSERVED}: no stage could be compared with its baseline"
    felt = spread((one.felt_p99_ms for one in own), " ms", "")
    fifo = spread((one.fifo_p99_ms for one in own), " ms", "")
    return f"{spread((one.number for one in own), '', '')}; healthy endpoints' p99 is longer by {felt}; \
in a queue of as many workers by {fifo}"


def _holds(runs: Sequence[KeptRun]) -> str:
    """The longest time that one endpoint of each kind kept healthy ones waiting."""
    own = [one for run in runs for one in run.service.isolation if one.stage.startswith(ISOLATION)]
    if not own:
        return f"{NOT_OBSERVED}: no stage could be compared with its baseline"
    seen = [hold for one in own for hold in one.holds]
    names = dict.fromkeys(hold.name for hold in seen)
    told = (f"{name}: {spread((one.seconds for one in seen if one.name == name), ' s', '')}" for name in names)
    return ", ".join(told) or "none does"


def _rule(name: str, **others: str) -> Cell:
    """What the conformance table says of a rule, and of others, each after a word of its own."""

    def cell(runs: Sequence[KeptRun]) -> str:
        told = {"": _judged(runs, name)} | {word: _judged(runs, other) for word, other in others.items()}
        parts = [f"{word}: {text}" if word else text for word, text in told.items() if text]
        return "<br>".join(parts) or f"{NOT_OBSERVED}: no such stage was played"

    return cell


def _judged(runs: Sequence[KeptRun], name: str) -> str:
    """Empty where there is no such rule."""
    rules = [one for run in runs for one in run.service.conformance if one.rule == name]
    if not rules:
        return ""
    seen = [one for one in rules if one.verdict != NOT_OBSERVED]
    if not seen:
        text = f"{NOT_OBSERVED}: {once(one.evidence if one.observed == '-' else one.observed for one in rules)}"
    else:
        text = once(one.observed for one in seen)
        promised = rules[0].promised
        verdict = once(one.verdict for one in seen)
        text += f" (promised: {promised}: {verdict})" if promised else " (nothing is promised)"
    return text


def _restarts(runs: Sequence[KeptRun]) -> str:
    names = dict.fromkeys(one.name for run in runs for one in run.service.restarts)
    if not names:
        return f"{NOT_OBSERVED}: the environment names no process to end"
    return "<br>".join(f"{name}: {_restart([_of(run, name) for run in runs])}" for name in names)


def _of(run: KeptRun, name: str) -> Restarted | None:
    """The last one: where a stage was played once more, the first time was disturbed."""
    return next((one for one in reversed(run.service.restarts) if one.name == name), None)


def _restart(found: Sequence[Restarted | None]) -> str:
    own = [one for one in found if one]
    told = [
        f"{spread((one.waiting for one in own), '', '')} waiting",
        f"{spread((one.lost for one in own), '', '')} lost",
        f"{spread((one.missing for one in own), '', '')} missing",
        f"{spread((one.twice for one in own), '', '')} doubled",
        f"{spread((one.in_doubt for one in own), '', '')} in doubt",
        f"nothing arrived for {spread((one.nothing_moved_s for one in own), ' s', 'nothing came again')}",
    ]
    faults = dict.fromkeys(one.fault for one in own if one.fault)
    return ", ".join([*told, *faults])


def _counts(runs: Sequence[KeptRun]) -> str:
    stages = [stage for run in runs for stage in run.stages]
    kinds = ("accepted", "lost", "missing", "doubled", "corrupt", "rewritten", "unexpected")
    told = ", ".join(f"{sum(getattr(one, kind) for one in stages):,} {kind}" for kind in kinds)
    unbalanced = [one.name for one in stages if not one.balanced]
    return f"{told}; books balance" if not unbalanced else f"{told}; books do not balance in {', '.join(unbalanced)}"


def _memory(runs: Sequence[KeptRun]) -> str:
    trends = [_named(run.memory) for run in runs if run.memory]
    if not trends:
        return f"{NOT_OBSERVED}: its processes were not sampled, or the machine was disturbed"
    names = dict.fromkeys(name for told in trends for name in told)
    return "; ".join(_grows(name, [told[name] for told in trends if name in told]) for name in names)


def _named(trends: Sequence[MemoryTrend]) -> dict[str, MemoryTrend]:
    """A run's processes by their program, the largest first where it has several of it: `convoy`, `convoy 2` …"""
    named: dict[str, MemoryTrend] = {}
    for one in sorted(trends, key=lambda one: -one.level_bytes):
        program = one.role.partition("-")[2]
        same = sum(name.partition(" ")[0] == program for name in named)
        named[f"{program} {same + 1}" if same else program] = one
    return named


def _grows(role: str, own: Sequence[MemoryTrend]) -> str:
    level = spread((one.level_bytes / 1e6 for one in own), " MB", "")
    event = spread((one.bytes_per_event for one in own), " bytes an event", "no slope in so short a time")
    return f"{role}: {level}, {event}, {once(one.verdict for one in own)}"


def _cpu(runs: Sequence[KeptRun]) -> str:
    own = [max(_sampled(run), key=lambda one: one.acknowledged) for run in runs if _sampled(run)]
    each = [one.cpu.us_per_delivery for one in own if one.cpu]
    return spread(each, " us a delivery", "its processes were not sampled, or the machine was disturbed")


def _sampled(run: KeptRun) -> list[KeptStage]:
    return [one for one in _stages([run], CPU) if one.cpu]


ROWS = (
    Row("capacity", "capacity", _capacity),
    Row("end to end at half of it", "isolation", _latency(AT_HALF)),
    Row("end to end when idle", "capacity", _latency(IDLE)),
    Row("accept against drain", "load", _drains),
    Row("isolation (0: a queue, 1: perfect)", "isolation", _isolation),
    Row("one endpoint holds others up by", "isolation", _holds),
    Row("waits between attempts", "performance", _rule("waits between attempts", jitter="jitter of the waits")),
    Row("number of attempts", "performance", _rule("number of attempts", end="time until it gives up")),
    Row("`Retry-After` with a 503", "performance", _rule("Retry-After in seconds, with a 503")),
    Row("`Retry-After` with a 429", "performance", _rule("Retry-After in seconds, with a 429")),
    Row("after a 410", "performance", _rule("after a 410")),
    Row("after a 302", "performance", _rule("after a 302")),
    Row("after a 307", "performance", _rule("after a 307")),
    Row("what is a success", "performance", _rule("what is a success")),
    Row("time-out", "performance", _rule("how long it waits for an answer")),
    Row("order at one endpoint", "isolation", _rule("order at one endpoint")),
    Row("the same id a second later", "performance", _rule("the same id again, a while later")),
    Row("the same id ten times at once", "performance", _rule("the same id again, at the same instant")),
    Row("bytes", "performance", _rule("the payload's bytes")),
    Row("signature", "performance", _rule("signature")),
    Row("lost, doubled", "load", _counts),
    Row("lost, doubled beside trouble", "isolation", _counts),
    Row("at each restart", "restarts", _restarts),
    Row("memory", "resource", _memory),
    Row("CPU", "resource", _cpu),
)  # fmt: skip
