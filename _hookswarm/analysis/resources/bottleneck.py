"""Which resource gave out first: a table of rules, each a measure, the limit from which on it is one, and advice.

The order is that of causes: what its own machine kept a sender from sending loads nothing; a process without file
descriptors accepts nothing, whatever its CPU does; a busy CPU makes answers slow, and not the other way round. The
first rule whose limit is reached is the bottleneck, and says which side was the limit. What is left when all others are
at ease is time: the target's own, or the way's.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from _hookswarm.analysis.resources.evidence import Evidence
from _hookswarm.analysis.schema.io import Suspect
from _hookswarm.common.limits import BUSY_SHARE, LATE_MS, STARVED_SHARE
from _hookswarm.records.shortage import DESCRIPTORS, MEMORY, PORTS, Shortage

Side = Literal["generator", "target", "neither"]

NONE = "none"
LACKING = 0.01
"""Of the attempts: a sender that cannot make so many sends another load than the planned one."""

SIDES: Mapping[str, frozenset[Side]] = {
    "local ports": frozenset({"generator"}),
    "file descriptors": frozenset({"generator", "target"}),
    "accept queue": frozenset({"target"}),
    "connection set-up": frozenset({"generator", "target"}),
    "generator CPU": frozenset({"generator"}),
    "generator timers": frozenset({"generator"}),
    "endpoints' CPU": frozenset({"generator"}),
    "receiver CPU": frozenset({"target"}),
    "service CPU": frozenset({"target"}),
    "disk": frozenset({"target", "neither"}),
    "memory": frozenset({"generator", "target", "neither"}),
    "target's own delay": frozenset({"target"}),
    "network": frozenset({"target"}),
    NONE: frozenset({"neither"}),
}
"""Each bottleneck, and the sides that may be the limit with it, seen from the sender: all beyond it is the target.

Descriptors are the side's whose process lacked them; set-up is the side's whose limit it led to; of a machine's disk
and memory nobody knows who used them, but workers that are kept waiting are kept by the target.
"""


def _generators(_: Evidence) -> Side:
    return "generator"


def _targets(_: Evidence) -> Side:
    return "target"


def _whose_limit(evidence: Evidence) -> Side:
    return "generator" if evidence.sender_full else "target"


def _who_is_kept(evidence: Evidence) -> Side:
    return "target" if evidence.kept_waiting else "neither"


@dataclass(frozen=True)
class Rule:
    """A resource has given out where its measure is at the limit, or above; a measure of None is unknown."""

    name: str
    measure: Callable[[Evidence], float | None]
    limit: float | None
    """None: from where on workers are kept waiting."""
    side: Callable[[Evidence], Side]
    says: str
    """The evidence, with the measure as `{0}`."""
    try_next: str


def _connecting(evidence: Evidence) -> float | None:
    """Of the waits, where something was limited: else connections are opened, and nobody is the slower for it."""
    limited = evidence.kept_waiting or evidence.sender_full or evidence.receiver_full
    return evidence.connecting if limited else None


def _unknown_where(evidence: Evidence) -> float | None:
    return evidence.waited if evidence.inside_receiver is None else None


def _waited(evidence: Evidence) -> tuple[float, float] | None:
    """Of the workers' time, that of attempts inside the receiver, or waiting for its CPU; and that on the way.

    What an attempt waits for outside of the receiver is the sender's as far as that was ready to run.
    """
    if evidence.waited is None or evidence.inside_receiver is None:
        return None
    inside = evidence.waited * evidence.inside_receiver
    outside = (evidence.waited - inside) * (1 - min(evidence.sender_ready or 0.0, 1.0))
    queued = outside * min(evidence.receiver_busy or 0.0, 1.0)
    return inside + queued, outside - queued


def _mostly_inside(evidence: Evidence) -> float | None:
    """A wait is told once: as that in which most of it was spent."""
    parts = _waited(evidence)
    return sum(parts) if parts and parts[0] >= parts[1] else None


def _mostly_outside(evidence: Evidence) -> float | None:
    parts = _waited(evidence)
    return sum(parts) if parts and parts[0] < parts[1] else None


def _lacking(lack: Shortage, measure: Callable[[Evidence], float | None]) -> Rule:
    says = "{0:.1%} of the attempts ended at their sender: " + lack.says
    return Rule(lack.name, measure, LACKING, _generators, says, lack.try_next)


RULES: tuple[Rule, ...] = (
    _lacking(PORTS, lambda e: e.without_port),
    _lacking(DESCRIPTORS, lambda e: e.without_descriptor),
    _lacking(MEMORY, lambda e: e.without_memory),
    Rule(
        "file descriptors",
        lambda e: e.sender_fds,
        0.95,
        _generators,
        "a sending process had {0:.0%} of the file descriptors that it may have",
        "raise its limit (ulimit -n), or use fewer workers",
    ),
    Rule(
        "file descriptors",
        lambda e: e.receiver_fds,
        0.95,
        _targets,
        "a receiving process had {0:.0%} of the file descriptors that it may have",
        "raise its limit (ulimit -n), or keep fewer connections",
    ),
    Rule(
        "accept queue",
        lambda e: e.overflows_per_s,
        1.0,
        _targets,
        "{0:,.0f} connections a second found the accept queue full",
        "a larger back-log, more accepting processes, or kept connections",
    ),
    Rule(
        "connection set-up",
        _connecting,
        0.5,
        _whose_limit,
        "of the time in which workers awaited answers they still connected for {0:.0%}",
        "keep connections open between deliveries",
    ),
    Rule(
        "generator CPU",
        lambda e: e.sender_busy,
        BUSY_SHARE,
        _generators,
        "the busiest sending process used {0:.0%} of a core",
        "more sending processes (--processes), each with a core of its own",
    ),
    Rule(
        "generator timers",
        lambda e: e.late_ms,
        LATE_MS,
        _generators,
        "idle workers woke {0:.0f} ms late (p99)",
        "a machine, or cores, of its own for the senders",
    ),
    Rule(
        "endpoints' CPU",
        lambda e: e.endpoints_busy,
        BUSY_SHARE,
        _generators,
        "the busiest of our receiving processes, which are the service's endpoints, used {0:.0%} of a core",
        "more receiving processes of ours (--regions, and `hookswarm.receiver --workers`), on cores of their own",
    ),
    Rule(
        "service CPU",
        lambda e: e.service_busy,
        BUSY_SHARE,
        _targets,
        "the busiest process of the service used {0:.0%} of a core",
        "more processes of the service, or less work for each event",
    ),
    Rule(
        "receiver CPU",
        lambda e: e.receiver_busy,
        BUSY_SHARE,
        _targets,
        "the busiest receiving process used {0:.0%} of a core",
        "more receiving processes, or less work for each webhook",
    ),
    Rule(
        "generator CPU",
        lambda e: e.sender_starved,
        STARVED_SHARE,
        _generators,
        "a sending process was ready to run and had no CPU for {0:.0%} of the stage",
        "a machine, or cores, of its own for the senders",
    ),
    Rule(
        "generator CPU",
        lambda e: e.sender_ready,
        BUSY_SHARE,
        _generators,
        "the busiest sending process ran, or was ready to, for {0:.0%} of the time",
        "a machine, or cores, of its own for the senders",
    ),
    Rule(
        "disk",
        lambda e: e.fsync_share,
        0.5,
        _targets,
        "a receiving process was in fdatasync for {0:.0%} of the time",
        "a faster disk, or a durability that waits less (os)",
    ),
    Rule(
        "disk",
        lambda e: e.disk_busy,
        0.8,
        _who_is_kept,
        "the disk was busy for {0:.0%} of the time",
        "a faster disk, or fewer bytes for each webhook",
    ),
    Rule(
        "memory",
        lambda e: e.memory_pressure,
        0.1,
        _who_is_kept,
        "processes waited for memory for {0:.0%} of the time",
        "more memory, or fewer processes",
    ),
    Rule(
        "target's own delay",
        _mostly_inside,
        None,
        _targets,
        "workers awaited answers, the sender at ease, for {0:.0%} of their time, most of it inside the receiver",
        "look at what the handler waits for; more workers hide it",
    ),
    Rule(
        "target's own delay",
        _unknown_where,
        None,
        _targets,
        "workers awaited answers for {0:.0%} of their time; what part of it was the way is not known",
        "look at what the target waits for, and at its CPU (--watch); more workers hide it",
    ),
    Rule(
        "network",
        _mostly_outside,
        None,
        _targets,
        "workers awaited answers, the sender at ease, for {0:.0%} of their time, most of it on the way",
        "a shorter or wider way, or more workers to fill it",
    ),
)


@dataclass(frozen=True)
class Bottleneck:
    """What gave out first, or `NONE`, and what came near: suspects are sorted, the nearest to its limit first."""

    name: str
    side: Side
    evidence: str
    try_next: str
    runner_up: Suspect | None
    suspects: list[Suspect]
    causes: list[str]
    """The evidence, and what else of the same side was at its limit, each once."""


def find_bottleneck(evidence: Evidence, rules: Sequence[Rule] = RULES) -> Bottleneck:
    """The first rule whose limit is reached, and of the others the one that was nearest to its own."""
    found = [(rule, value) for rule in rules if (value := rule.measure(evidence)) is not None]
    told = [(rule, _suspect(rule, value, evidence)) for rule, value in found]
    suspects = sorted((one for _, one in told), key=lambda one: -one.pressure)
    reached = [(rule, value) for rule, value in found if value >= _limit(rule, evidence)]
    if not reached:
        text = f"nothing was at its limit; the nearest: {suspects[0].evidence}" if suspects else "nothing was measured"
        return Bottleneck(NONE, "neither", text, "offer more load", suspects[0] if suspects else None, suspects, [])
    guilty, side = reached[0][0], reached[0][0].side(evidence)
    same = {rule.name: rule.says.format(value) for rule, value in reversed(reached) if rule.side(evidence) == side}
    causes = list(reversed(same.values()))
    others = [one for one in suspects if one.name != guilty.name]
    return Bottleneck(guilty.name, side, causes[0], guilty.try_next, others[0] if others else None, suspects, causes)


def _limit(rule: Rule, evidence: Evidence) -> float:
    return evidence.waiting_limit if rule.limit is None else rule.limit


def _suspect(rule: Rule, value: float, evidence: Evidence) -> Suspect:
    pressure = round(value / _limit(rule, evidence), 4)
    return Suspect(name=rule.name, pressure=pressure, evidence=rule.says.format(value))
