"""How long a service waits for an answer: from what it does about an endpoint that gives none, and about a slow one."""

from collections.abc import Sequence

import numpy as np

from _hookswarm.analysis.schema.service import Rule
from _hookswarm.analysis.service.answers import usual_waits_s
from _hookswarm.analysis.service.ruling import of, ruled, seconds, unseen
from _hookswarm.analysis.service.watched import Watched
from _hookswarm.records.rows import Flag

RULE = "how long it waits for an answer"
NEARLY = 0.99
"""Of how long nothing is answered: what is tried again after that may have waited for the end of it."""
SLACK_SHARE, SLACK_S = 0.15, 0.5
"""By so much of what is promised, or at least so many seconds, it may be off."""


def timeout_rule(stages: Sequence[Watched], promised_s: float | None, first_wait_s: float | None) -> Rule:
    """`first_wait_s`: what it says that it waits before the first retry; used where that was not seen."""
    promised = None if promised_s is None else f"{promised_s:g} s"
    stages = [stage for stage in stages if not stage.plan.duplicate]
    usual = usual_waits_s(stages)
    wait_s = float(np.median(usual)) if len(usual) else first_wait_s
    apart: list[float] = []
    silent, silent_s = 0, 0.0
    for stage in stages:
        rows, attempts = stage.attempts.rows, stage.attempts
        mask = (attempts.number == 1) & (rows["status"] == 0) & ((rows["flags"] & Flag.FAULT) != 0)
        silent += int(np.count_nonzero(mask))
        apart += attempts.apart_s[mask & attempts.again].tolist()
        silent_s = max([silent_s, *(float(told) for told in stage.told("hang_s")[mask] if told is not None)])
    slow = _slow(stages)
    if not silent:
        return unseen(RULE, promised, "nothing arrived at the endpoint that does not answer")
    if not apart:
        return unseen(RULE, promised, f"{silent} events that got no answer were never tried again{slow}")
    if wait_s is None:
        told = f"the next attempt began {seconds(apart)} later"
        return unseen(RULE, promised, f"{told}, its usual wait among it, which is not known: play all stages{slow}")
    evidence = f"{of(len(apart), silent)} tried again, {seconds(apart)} later; its usual wait is {wait_s:.3g} s{slow}"
    slack_s = max(SLACK_S, SLACK_SHARE * (promised_s or 0.0))
    shortest_s, longest_s = min(usual, default=wait_s), max(usual, default=wait_s)
    again_s = float(np.median(apart))
    # Where its own wait is longer than the silence, what comes between both and their sum ended by a time-out.
    ended = silent_s < shortest_s and longest_s + SLACK_S < again_s < silent_s + shortest_s - SLACK_S
    if again_s >= silent_s * NEARLY and not ended:
        # It may have waited for the end of the silence, or its next attempt for others: so long it did for certain.
        queue_s = max(map(_queue_s, stages))
        least_s = silent_s - longest_s - queue_s
        told = "its usual wait hides it" if silent_s <= longest_s else f"its queue of {queue_s:.3g} s hides it"
        if least_s > 0:
            told = f"longer than {least_s:.3g} s"
        if least_s <= 0 or (promised_s is not None and promised_s > least_s - slack_s):
            return unseen(RULE, promised, f"{told}; nothing was answered for {silent_s:g} s only; {evidence}")
        return ruled(RULE, promised, told, kept=False, evidence=evidence)
    # Each may have waited as long as any usual wait, as where a clock rounds them up: it is no shorter, and no longer.
    least_s, most_s = sorted((max(apart) - longest_s, min(apart) - shortest_s))
    told = seconds([one - wait_s for one in apart])
    if longest_s - shortest_s > slack_s:
        told = f"{least_s:.3g} to {most_s:.3g} s"
    kept = promised_s is not None and least_s - slack_s <= promised_s <= most_s + slack_s
    return ruled(RULE, promised, told, kept, evidence)


def _queue_s(stage: Watched) -> float:
    """What nine of ten first attempts waited for the service's own queue, beyond what all of them wait."""
    first = stage.attempts.number == 1
    accepted = stage.published.acknowledged_ns[stage.attempts.event[first]]
    waited = np.maximum(stage.attempts.rows["start"][first] - accepted, 0)[accepted != 0] / 1e9
    return float(np.quantile(waited, 0.9) - waited.min()) if len(waited) else 0.0


def _slow(stages: Sequence[Watched]) -> str:
    """What became of answers just in time."""
    count = again = 0
    delay_s = 0.0
    for stage in stages:
        delays = stage.told("delay")
        mask = np.array([delay is not None for delay in delays], np.bool_) & (stage.attempts.number == 1)
        count += int(np.count_nonzero(mask))
        again += int(np.count_nonzero(mask & stage.attempts.again))
        delay_s = max([delay_s, *(float(delay["mean_s"]) for delay in delays[mask])])
    return f"; an answer after {delay_s:g} s was taken {of(count - again, count)} times" if count else ""
