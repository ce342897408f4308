"""What a service's requests look like: the headers that it sends, and what they do on a retry; its connections."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from itertools import pairwise

import numpy as np

from _hookswarm.analysis.reading.looks import Looks
from _hookswarm.analysis.schema.service import Rule
from _hookswarm.analysis.service.ruling import of, ruled, unseen
from _hookswarm.analysis.service.watched import Watched

APART_S = 1.5
"""Attempts that began so far apart are signed at different seconds."""
UNKEPT = "no receiver kept headers: play the stages of 'conformance'"
OF_HTTP = frozenset({"connection", "content-length", "expect", "host", "transfer-encoding"})
"""Headers of a request, not of an event."""
REDIRECTED = "/redirected"
"""What the paths begin with that our redirects name."""
SHOWN = 6
NEARLY = 0.9
"""Of all arrivals: with so many new connections none is kept."""
TIMES = {"each attempt": "of each attempt", "the first": "the first attempt's"}


def look_rules(looks: Sequence[Looks], stages: Sequence[Watched]) -> Iterator[Rule]:
    """Rules from the headers and connections that receivers kept."""
    once = {stage.number for stage in stages if not stage.plan.duplicate}
    whole = [one for one in looks if one.sequence is not None and not one.path.startswith(REDIRECTED)]
    events = [one for one in whole if one.stage in once]
    yield _id_rule(events)
    yield _header_rule(events)
    yield _request_rule(events)
    yield _connection_rule(looks, once)


def timestamp_rule(stages: Sequence[Watched], promise: str | None) -> Rule:
    """Whether a retry is signed with a time of its own."""
    rule, promised = "the time that a retry is signed with", TIMES.get(promise or "")
    pairs = same = 0
    signed = False
    for stage in stages:
        if stage.plan.duplicate:
            continue
        due, attempts = stage.attempts.rows["due"], stage.attempts
        signed = signed or bool(np.any(due != 0))
        places = np.flatnonzero(np.nan_to_num(attempts.apart_s) >= APART_S)
        places = places[(due[places] != 0) & (due[places + 1] != 0)]
        pairs += len(places)
        same += int(np.count_nonzero(due[places] == due[places + 1]))
    if not pairs:
        why = f"no retry came {APART_S:g} s after the attempt before it, or later"
        return unseen(rule, promised, why if signed else "nothing is signed with a time")
    told = {0: TIMES["each attempt"], pairs: f"{TIMES['the first']}: repeated {of(same, pairs)} times"}
    observed = told.get(same, f"repeated {of(same, pairs)} times")
    kept = same == 0 if promise == "each attempt" else same == pairs
    return ruled(rule, promised, observed, kept, f"{pairs} pairs of attempts, {APART_S:g} s apart or more")


def _id_rule(events: Sequence[Looks]) -> Rule:
    rule = "the event's id"
    if not events:
        return unseen(rule, None, UNKEPT)
    names = Counter(name for one in events for name in one.id_in)
    always = [name for name, count in names.items() if count == len(events)]
    told = f"comes back in {', '.join(always[:SHOWN])}" if always else "comes back in no header, only in the payload"
    return ruled(rule, None, told, kept=True, evidence=f"{len(events):,} arrivals")


def _header_rule(events: Sequence[Looks]) -> Rule:
    rule = "headers of a retry"
    tries: defaultdict[tuple[int | None, ...], list[Looks]] = defaultdict(list)
    for one in events:
        tries[one.stage, one.webhook, one.sequence, one.endpoint].append(one)
    pairs = [pair for own in tries.values() for pair in pairwise(own)]
    if not pairs:
        return unseen(rule, None, "nothing was tried again" if events else UNKEPT)
    names = set.intersection(*({*one.headers, *other.headers} for one, other in pairs)) - OF_HTTP
    values = {name: {one.headers.get(name) for one in events} for name in names}
    told_apart = sorted(name for name in names if len(values[name]) > 1)
    new = [name for name in told_apart if any(one.headers.get(name) != other.headers.get(name) for one, other in pairs)]
    same = [name for name in told_apart if name not in new]
    told = "; ".join(
        f"{what} {', '.join(own[:SHOWN])}" for what, own in (("stay:", same), ("change:", new)) if own
    )  # fmt: skip
    return ruled(rule, None, told or "none tells one event from another", True, f"{len(pairs)} pairs of attempts")


def _request_rule(events: Sequence[Looks]) -> Rule:
    rule = "method and content"
    kinds = Counter(_kind(one) for one in events)
    if not kinds:
        return unseen(rule, None, UNKEPT)
    told = "; ".join(
        kind if len(kinds) == 1 else f"{kind}: {of(count, len(events))}" for kind, count in kinds.most_common(3)
    )
    return ruled(rule, None, told, kept=True, evidence=f"{len(events):,} arrivals")


def _kind(one: Looks) -> str:
    length = "with its length" if "content-length" in one.headers else "chunked"
    return f"{one.method} {one.headers.get('content-type', 'without a type')}, {length}"


def _connection_rule(looks: Sequence[Looks], once: AbstractSet[int]) -> Rule:
    """By the connections that were new when something arrived; what is published again at once opens many."""
    rule = "connections"
    known: set[int] = set()
    arrivals = new = 0
    for one in looks:
        if one.stage in once and one.ports:
            arrivals += 1
            new += len({*one.ports} - known)
        known.update(one.ports)
    if not arrivals:
        return unseen(rule, None, "the receivers' machine does not tell them" if looks else UNKEPT)
    told = "a new one for each delivery" if new >= arrivals * NEARLY else "reused"
    return ruled(rule, None, told, kept=True, evidence=f"{new:,} were new over {arrivals:,} arrivals")
