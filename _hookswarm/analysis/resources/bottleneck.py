"""Which resource gave out first: a table of rules, each a measure, the limit from which on it is one, and advice.

The order is that of causes: what its own machine kept a sender from sending loads nothing; a process without file
descriptors accepts nothing, whatever its CPU does; a busy CPU makes answers slow, and not the other way round. The
first rule whose limit is reached is the bottleneck. What is left when all others are at ease is time: the target's own,
or the way's.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from _hookswarm.analysis.schema.io import Suspect
from _hookswarm.common.limits import AWAITING_CLOSED_SHARE, BUSY_SHARE, STARVED_SHARE
from _hookswarm.records.shortage import DESCRIPTORS, MEMORY, PORTS, Shortage

NONE = "none"
LACKING = 0.01
"""Of the attempts: a sender that cannot make so many sends another load than the planned one."""


@dataclass(frozen=True)
class Evidence:
    """What a stage's processes and its machine tell; None is unknown. Shares are of the window."""

    without_port: float | None = None
    """Attempts, of all, for which the sender's machine had no local port; None, too, where that befell none."""
    without_descriptor: float | None = None
    """The same of file descriptors …"""
    without_memory: float | None = None
    """… and of memory for a connection."""
    sender_busy: float | None = None
    """Of a core, the busiest sending process."""
    sender_starved: float | None = None
    """Ready to run, and without a CPU."""
    receiver_busy: float | None = None
    fd_share: float | None = None
    """File descriptors of their limit, the process nearest to it."""
    overflows_per_s: float | None = None
    """Connections that found a listening socket's queue full."""
    new_connections: float | None = None
    """Attempts that opened one, of all."""
    fsync_share: float | None = None
    """Of the time, in which a receiving process was in fdatasync."""
    disk_busy: float | None = None
    memory_pressure: float | None = None
    waited: float | None = None
    """Of the workers' time, awaiting answers."""
    inside_receiver: float | None = None
    """Of the attempts' time, from received to answered."""


@dataclass(frozen=True)
class Rule:
    """A resource has given out where its measure is at the limit, or above; a measure of None is unknown."""

    name: str
    measure: Callable[[Evidence], float | None]
    limit: float
    says: str
    """The evidence, with the measure as `{0}`."""
    try_next: str


def _outside(evidence: Evidence) -> float | None:
    """Of the workers' time, that in which an attempt was outside of the receiver, while nobody's CPU was busy."""
    if evidence.waited is None or evidence.inside_receiver is None:
        return None
    busiest = min(max(evidence.sender_busy or 0.0, evidence.receiver_busy or 0.0), 1.0)
    return evidence.waited * (1 - evidence.inside_receiver) * (1 - busiest)


def _inside(evidence: Evidence) -> float | None:
    """Of the workers' time, that in which an attempt was in the receiver."""
    if evidence.waited is None or evidence.inside_receiver is None:
        return None
    return evidence.waited * evidence.inside_receiver


def _lacking(lack: Shortage, measure: Callable[[Evidence], float | None]) -> Rule:
    says = "{0:.1%} of the attempts ended at their sender: " + lack.says
    return Rule(lack.name, measure, LACKING, says, lack.try_next)


RULES: tuple[Rule, ...] = (
    _lacking(PORTS, lambda e: e.without_port),
    _lacking(DESCRIPTORS, lambda e: e.without_descriptor),
    _lacking(MEMORY, lambda e: e.without_memory),
    Rule(
        "file descriptors",
        lambda e: e.fd_share,
        0.95,
        "a process had {0:.0%} of the file descriptors that it may have",
        "raise its limit (ulimit -n), or keep fewer connections",
    ),
    Rule(
        "accept queue",
        lambda e: e.overflows_per_s,
        1.0,
        "{0:,.0f} connections a second found the accept queue full",
        "a larger back-log, more accepting processes, or kept connections",
    ),
    Rule(
        "connection set-up",
        lambda e: e.new_connections,
        0.5,
        "{0:.0%} of the attempts opened a connection first",
        "keep connections open between deliveries",
    ),
    Rule(
        "generator CPU",
        lambda e: e.sender_busy,
        BUSY_SHARE,
        "the busiest sending process used {0:.0%} of a core",
        "more sending processes (--processes), each with a core of its own",
    ),
    Rule(
        "receiver CPU",
        lambda e: e.receiver_busy,
        BUSY_SHARE,
        "the busiest receiving process used {0:.0%} of a core",
        "more receiving processes, or less work for each webhook",
    ),
    Rule(
        "generator CPU",
        lambda e: e.sender_starved,
        STARVED_SHARE,
        "a sending process was ready to run and had no CPU for {0:.0%} of the time",
        "a machine, or cores, of its own for the senders",
    ),
    Rule(
        "disk",
        lambda e: e.fsync_share,
        0.5,
        "a receiving process was in fdatasync for {0:.0%} of the time",
        "a faster disk, or a durability that waits less (os)",
    ),
    Rule(
        "disk",
        lambda e: e.disk_busy,
        0.8,
        "the disk was busy for {0:.0%} of the time",
        "a faster disk, or fewer bytes for each webhook",
    ),
    Rule(
        "memory",
        lambda e: e.memory_pressure,
        0.1,
        "processes waited for memory for {0:.0%} of the time",
        "more memory, or fewer processes",
    ),
    Rule(
        "target's own delay",
        _inside,
        AWAITING_CLOSED_SHARE,
        "webhooks were inside the receiver, its CPU at ease, for {0:.0%} of the workers' time",
        "look at what the handler waits for; more workers hide it",
    ),
    Rule(
        "network",
        _outside,
        AWAITING_CLOSED_SHARE,
        "attempts were on the way, nobody's CPU busy, for {0:.0%} of the workers' time",
        "a shorter or wider way, or more workers to fill it",
    ),
)


@dataclass(frozen=True)
class Bottleneck:
    """What gave out first, or `NONE`, and what came near: suspects are sorted, the nearest to its limit first."""

    name: str
    evidence: str
    try_next: str
    runner_up: Suspect | None
    suspects: list[Suspect]


def find_bottleneck(evidence: Evidence, rules: Sequence[Rule] = RULES) -> Bottleneck:
    """The first rule whose limit is reached, and of the others the one that was nearest to its own."""
    found = [(rule, value) for rule in rules if (value := rule.measure(evidence)) is not None]
    reached = [(rule, value) for rule, value in found if value >= rule.limit]
    guilty = reached[0][0] if reached else None
    suspects = sorted((_suspect(rule, value) for rule, value in found), key=lambda one: -one.pressure)
    others = [one for one in suspects if guilty is None or one.name != guilty.name]
    if guilty is None:
        text = f"nothing was at its limit; the nearest: {suspects[0].evidence}" if suspects else "nothing was measured"
        return Bottleneck(NONE, text, "offer more load", others[0] if others else None, suspects)
    return Bottleneck(
        guilty.name, guilty.says.format(reached[0][1]), guilty.try_next, others[0] if others else None, suspects
    )


def _suspect(rule: Rule, value: float) -> Suspect:
    return Suspect(name=rule.name, pressure=round(value / rule.limit, 4), evidence=rule.says.format(value))
