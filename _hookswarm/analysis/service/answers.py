"""What a service makes of an answer: tries again, gives up, waits as asked, follows, or takes it for a success."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, Literal, NamedTuple

import numpy as np

from _hookswarm.analysis.reading.rows import Mask
from _hookswarm.analysis.schema.service import Rule
from _hookswarm.analysis.service.ruling import events, of, ruled, seconds, unseen
from _hookswarm.analysis.service.watched import Attempts, Floats, Watched
from _hookswarm.records.rows import Flag

Promises = dict[str, Any]
Answered = tuple[Watched, Mask]
"""A stage, and some of its attempts."""

SUCCESSES = (200, 202, 204, 299, 304)
"""Answers that may be taken for one."""
NEARLY = 0.9
"""Of what was asked for: a wait that is shorter does not obey."""
GONE_KNOWN_S = 0.2
"""So long after a 410 an endpoint may be disabled."""
LONGER = 1.1
"""Times its longest usual wait: who was not tried again for so long never will be."""
NONE_CAME = "nothing arrived at the endpoint that answers so"
TOO_SOON = "nothing at all was tried again while it was watched: play it without --quick"


class _Seen(NamedTuple):
    """First attempts that were answered alike."""

    times: int
    again: int
    """How many were tried again …"""
    waits_s: Floats
    """… and after how long."""

    @property
    def what(self) -> str:
        if self.again in (0, self.times):
            return "retried" if self.again else "final"
        return f"retried {of(self.again, self.times)} times"


def answer_rules(stages: Sequence[Watched], promises: Promises, longest_s: float | None = None) -> Iterator[Rule]:
    """All of them. `longest_s`: the longest wait before a first retry, where none is seen in these stages."""
    stages = [stage for stage in stages if not stage.plan.duplicate]
    yield from _hint_rules(stages, promises)
    usual = usual_waits_s(stages)
    long = [stage for stage in stages if not len(usual) or not _too_short(stage)]
    if len(usual):
        longest_s = float(usual.max())
    if longest_s is not None:
        long = [_watched_out(stage, LONGER * longest_s) for stage in long]

    def why(*statuses: int) -> str:
        """Nothing is told after these."""
        return TOO_SOON if any(_first(stages, status).times for status in statuses) else NONE_CAME

    yield _gone_rule(long, promises.get("gone"), why(410))
    yield _rule_after(long, 429, promises.get("throttled"), why(429))
    yield _rule_after(long, 404, promises.get("not_found"), why(404))
    yield _redirect_rule(stages, long, 302, promises.get("redirects"))
    yield _redirect_rule(stages, long, 307, _promised_of_307(promises))
    yield _success_rule(long, promises.get("success"), why(*SUCCESSES))


def _too_short(stage: Watched) -> bool:
    """Not even what failed with a 503 was tried again in it: of a service that does so, it tells nothing final."""
    failed = _first([stage], 503)
    return failed.times > 0 and not failed.again


def _watched_out(stage: Watched, wait_s: float) -> Watched:
    """The same with only those attempts that were tried again, or watched for so long without."""
    attempts = stage.attempts
    kept = attempts.again | (attempts.rows["done"] <= stage.until_ns - round(wait_s * 1e9))
    left_out = attempts.event[~kept & (attempts.number == 1)]
    known = ~np.isin(attempts.event, left_out)
    return replace(stage, attempts=Attempts(attempts.rows[known], attempts.event[known], attempts.number[known]))


def usual_waits_s(stages: Sequence[Watched], status: int = 503) -> Floats:
    """How long it waits after a first attempt that was answered so, when nobody asks for anything."""
    return _first(stages, status, hinted=False).waits_s


def _first(stages: Sequence[Watched], status: int, hinted: bool | None = None, spelt: str = "") -> _Seen:
    """First attempts with that answer. `hinted`: with a `Retry-After`, or without; None: either."""
    count = again = 0
    waits: list[Floats] = [np.empty(0)]
    for stage in stages:
        attempts = stage.attempts
        mask = (attempts.number == 1) & (attempts.rows["status"] == status)
        if hinted is not None:
            mask &= np.array([(hint is not None) == hinted for hint in stage.told("retry_after_s")], np.bool_)
        if spelt:
            mask &= stage.told("retry_after_as") == spelt
        count += int(np.count_nonzero(mask))
        again += int(np.count_nonzero(mask & attempts.again))
        waits.append(attempts.wait_s[mask & attempts.again])
    return _Seen(count, again, np.concatenate(waits))


def _hint_rules(stages: Sequence[Watched], promises: Promises) -> Iterator[Rule]:
    promised = promises.get("retry_after")
    for status, spelt, rule in (
        (503, "seconds", "Retry-After in seconds, with a 503"),
        (503, "date", "Retry-After as a date, with a 503"),
        (429, "seconds", "Retry-After in seconds, with a 429"),
    ):
        seen = _first(stages, status, hinted=True, spelt=spelt)
        asked = [hint for stage in stages for hint in _hints(stage, status, spelt)]
        expected: Literal["obeyed", "ignored"] = "ignored"
        if promised == "obeyed" or (promised == "obeyed on 429" and status == 429):
            expected = "obeyed"
        yield _hint_rule(rule, promised and expected, seen, max(asked, default=0.0), usual_waits_s(stages, status))


def _hints(stage: Watched, status: int, spelt: str) -> Iterator[float]:
    for own in stage.plan.classes:
        faults = own.faults or {}
        answers = {str(faults.get("fail_status")), *map(str, faults.get("status") or ())}
        hint_s = faults.get("retry_after_s")
        if hint_s is not None and faults.get("retry_after_as") == spelt and str(status) in answers:
            yield float(hint_s)


def _hint_rule(rule: str, promised: str | None, seen: _Seen, asked_s: float, usual_s: Floats) -> Rule:
    if not seen.times:
        return unseen(rule, promised, NONE_CAME)
    if not seen.again:
        return unseen(rule, promised, f"it was never tried again: {of(0, seen.times)} events")
    if len(usual_s) and float(usual_s.max()) >= asked_s * NEARLY:
        return unseen(rule, promised, f"it waits {seconds(usual_s)} without being asked; {asked_s:g} s were asked for")
    obeyed = int(np.count_nonzero(seen.waits_s >= asked_s * NEARLY))
    waits = f"waits {seconds(seen.waits_s)} where {asked_s:g} s were asked for"
    what = {0: "ignored", seen.again: "obeyed"}.get(obeyed, f"obeyed {of(obeyed, seen.again)} times")
    usual = f", and {seconds(usual_s)} where nothing was" if len(usual_s) else ""
    return ruled(rule, promised, f"{what}: {waits}", what == promised, f"{seen.again} waits{usual}")


def _rule_after(stages: Sequence[Watched], status: int, promised: str | None, why: str) -> Rule:
    rule, seen = f"after a {status}", _first(stages, status, hinted=None if status != 429 else False)
    if not seen.times:
        return unseen(rule, promised, why)
    waits = f", after {seconds(seen.waits_s)}" if seen.again else ""
    return ruled(rule, promised, f"{seen.what}{waits}", seen.what == promised, f"{events(seen.times)} answered so")


def _gone_rule(stages: Sequence[Watched], promised: str | None, why: str) -> Rule:
    rule, seen = "after a 410", _first(stages, 410)
    if not seen.times:
        return unseen(rule, promised, why)
    later, came = _after_gone(stages)
    what = "disables" if seen.what == "final" and later and not came else seen.what
    told = {
        "disables": f"disables the endpoint: {events(later)} published later never came",
        "final": f"final, and later events still come: {of(came, later)}",
    }.get(what, what)
    if what == "final" and not later:
        return unseen(rule, promised, "final; no event was accepted for that endpoint afterwards, so who knows")
    return ruled(rule, promised, told, what == promised, f"{events(seen.times)} answered so")


def _after_gone(stages: Sequence[Watched]) -> tuple[int, int]:
    """Events that were accepted for an endpoint after it had answered 410; and of these, how many came."""
    later = came = 0
    for stage in stages:
        rows, published = stage.attempts.rows, stage.published
        for webhook in np.unique(rows["webhook"][rows["status"] == 410]):
            first_ns = int(rows["done"][(rows["webhook"] == webhook) & (rows["status"] == 410)].min())
            since = published.due_ns > first_ns + round(GONE_KNOWN_S * 1e9)
            own = np.flatnonzero((published.webhook == webhook) & stage.accepted & since)
            later += len(own)
            came += int(np.count_nonzero(stage.arrived.seen[own]))
    return later, came


def _promised_of_307(promises: Promises) -> str | None:
    """A 307 wants the body again: that a service follows others without it says nothing of a 307."""
    others = promises.get("redirects")
    promised: str | None = promises.get("redirects_307", None if others == "followed without a body" else others)
    return promised


def _redirect_rule(stages: Sequence[Watched], long: Sequence[Watched], status: int, promised: str | None) -> Rule:
    """`long`: of the stages those that are watched until a retry would come."""
    rule, seen = f"after a {status}", _first(stages, status)
    known = _first(long, status)
    if not seen.times:
        return unseen(rule, promised, NONE_CAME)
    bodiless = whole = vanished = 0
    for stage in stages:
        first = (stage.attempts.number == 1) & (stage.attempts.rows["status"] == status)
        own = stage.attempts.event[first]
        there = np.isin(stage.requests["webhook"], stage.attempts.rows["webhook"][first])
        followed = there & ((stage.requests["flags"] & Flag.REDIRECTED) != 0)
        empty = (stage.requests["flags"] & Flag.BODILESS) != 0
        bodiless += int(np.count_nonzero(followed & empty))
        whole += int(np.count_nonzero(followed & ~empty))
        vanished += int(np.count_nonzero(stage.accepted[own] & (stage.arrived.first_ns[own] == 0)))
    evidence = f"{events(seen.times)} answered so"
    if bodiless:
        told = f"followed without a body, and taken for delivered: {of(vanished, seen.times)} accepted, never arrived"
        if not vanished:
            told = "followed without a body, and then tried again"
        kept = promised == "followed without a body"
    elif whole:
        told, kept = f"followed with its body: {of(whole, seen.times)}", promised == "followed"
    else:
        told, kept = f"not followed{f'; {known.what}' if known.times else ''}", promised == "not followed"
    return ruled(rule, promised, told, kept, evidence)


def _success_rule(stages: Sequence[Watched], promised: str | None, why: str) -> Rule:
    rule = "what is a success"
    done: list[int] = []
    again: list[int] = []
    evidence = []
    for status in SUCCESSES:
        seen = _first(stages, status)
        if seen.times:
            (again if seen.again else done).append(status)
            evidence.append(f"{status}: {of(seen.again, seen.times)} tried again")
    if not done and not again:
        return unseen(rule, promised, why)
    told = f"not tried again after {_list(done)}" + (f"; tried again after {_list(again)}" if again else "")
    kept = all(status >= 300 for status in again)
    if promised == "below 400":
        kept = kept and 304 not in again
    elif 304 in done:  # it may also be given up, as after a 404
        kept = kept and _first(stages, 404).what == "final"
    return ruled(rule, promised, told, kept, "; ".join(evidence))


def _list(statuses: Sequence[int]) -> str:
    return ", ".join(map(str, statuses)) or "none"
