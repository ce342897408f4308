"""Rows of the conformance table about how retrying begins and ends."""

from collections.abc import Iterator

import numpy as np

from _hookswarm.analysis.reading.rows import Ints
from _hookswarm.analysis.schema.service import Judgement, Rule
from _hookswarm.analysis.service.fit import FittedLaw
from _hookswarm.analysis.service.kept_waits import EARLY_OF_WAIT, EARLY_S, LATE_OF_WAIT, LATE_S
from _hookswarm.analysis.service.promise import Floats, Promise
from _hookswarm.analysis.service.wait_rules import Watched
from _hookswarm.common.wording import figure

ATTEMPTS, GIVES_UP, FIRST = "number of attempts", "time until it gives up", "wait before the first attempt"
MOST_SHARE = 0.01
"""More events than these break a promise: one may have met something else."""
PATIENCE, PATIENCE_S = 1.5, 1.0
"""Silence for so many times the longest next wait, and so much more, is no wait."""
FIRST_LATE_S, FIRST_LATE_SHARE = 0.25, 0.1
"""How much later than it was meant half of the first attempts may be, where the service was least busy."""


class Endings:
    """The last attempt that was seen of each event whose every attempt failed, and whether another may follow."""

    def __init__(self, watched: Watched, promise: Promise | None, law: FittedLaw | None, clock_s: float) -> None:
        self.failed, self._until_ns = watched.failed, watched.until_ns
        last = watched.failed.where(watched.failed.next_ns == 0)
        numbers, place = np.unique(last.number, return_inverse=True)
        longest = np.array([_longest_s(number, promise, law) + clock_s for number in numbers.tolist()])
        longest_s, silent_s = longest[place], (self._until_ns - last.ended_ns) / 1e9
        most = promise.most_attempts if promise else None
        # What comes after the promised end is counted by itself: to have waited for one that may come is enough.
        at_promised_end = last.number >= (most or np.inf)
        over = silent_s > longest_s * np.where(at_promised_end, 1, PATIENCE) + PATIENCE_S + last.slack_s
        self.over = last.where(over)
        """Those that no other attempt followed for so long that none will."""
        self.longest_s: Floats = longest_s[over]
        """How long the next wait of each of these may be."""

    def watched_s(self) -> float:
        """How long after its first attempt any event was watched."""
        return float((self._until_ns - self.failed.first_ns.min(initial=self._until_ns)) / 1e9)


def _longest_s(retry: int, promise: Promise | None, law: FittedLaw | None) -> float:
    """The longest that the wait before a retry may be, by its word and by what was seen; unknown: for ever."""
    if promise is None:
        return law.wait_s(retry) if law else np.inf
    promised = promise.range_s(np.array([min(retry, (promise.most_attempts or np.inf) - 1)]))[1][0] + promise.clock_s
    return max(float(promised), law.wait_s(retry) if law and retry <= len(law.waits_s) else 0.0)


def attempts_rule(endings: Endings, promise: Promise | None, where: str) -> Rule:
    """How many there are."""
    most = promise.most_attempts if promise else None
    promised = f"{most:,}" if most else None
    failed, ended = endings.failed, endings.over
    if not len(failed):
        return _rule(ATTEMPTS, promised, "-", "not observed", "nothing was answered 5xx")
    seen = int(failed.number.max()) + bool(failed.retried.number.max(initial=0) == failed.number.max())
    # Those that went on are not at an end, perhaps.
    many = int(np.count_nonzero((failed.number == most) & (failed.next_ns != 0)))
    if not len(ended) and not many:
        observed = f"no end was seen in {figure(endings.watched_s())} s: {seen:,} or more"
        evidence = f"{int(np.count_nonzero(failed.number == 1)):,} events whose first attempt failed, {where}"
        return _rule(ATTEMPTS, promised, observed, "not observed" if most else "not promised", evidence)
    numbers, counts = np.unique(ended.number, return_counts=True)
    observed = f"gave up after {_often(numbers, counts)}" if len(ended) else f"{seen:,} or more"
    evidence = f"{len(ended):,} events that our receivers answered 5xx only, {where}"
    if most is None:
        return _rule(ATTEMPTS, None, observed, "not promised", evidence)
    few = int(counts[numbers < most].sum())
    evidence += f": {many:,} with more attempts, {few:,} with fewer"
    broken = many + few > MOST_SHARE * (len(ended) + many)
    return _rule(ATTEMPTS, promised, observed, "broken" if broken else "kept", evidence)


def _often(numbers: Ints, counts: Ints) -> str:
    """`4 attempts`, or the two commonest: `4 attempts (97%), 3 attempts (3%)`."""
    told = [f"{number} attempt{'s' * (number != 1)}" for number in numbers.tolist()]
    if len(told) == 1:
        return told[0]
    return ", ".join(f"{told[place]} ({counts[place] / counts.sum():.0%})" for place in np.argsort(-counts)[:2])


def gives_up_rules(endings: Endings, promise: Promise | None, where: str) -> Iterator[Rule]:
    """For how long it tries: told where it is promised, or was seen."""
    limit_s = promise.gives_up_s if promise else None
    ended = endings.over
    tried_s = (ended.ended_ns - ended.first_ns) / 1e9
    observed = "-"
    if len(ended):
        observed = f"the last attempt came {figure(float(np.median(tried_s)))} s after the first (median)"
    evidence = f"{len(ended):,} events that our receivers answered 5xx only, {where}"
    if promise is None or limit_s is None:
        if len(ended):
            yield _rule(GIVES_UP, None, observed, "not promised", evidence)
        return
    promised = f"{figure(limit_s)} s"
    gone_on = endings.failed.retried
    age_s = (gone_on.next_ns - gone_on.first_ns) / 1e9
    late = int(np.count_nonzero(age_s > limit_s + LATE_S + LATE_OF_WAIT * limit_s + gone_on.slack_s))
    soon = int(np.count_nonzero(tried_s + endings.longest_s < limit_s * (1 - EARLY_OF_WAIT)))
    if late + soon > MOST_SHARE * (len(ended) + late):
        evidence += f": {late:,} attempts after that, {soon:,} events given up before"
        yield _rule(GIVES_UP, promised, observed, "broken", evidence)
    elif len(ended):
        yield _rule(GIVES_UP, promised, observed, "kept", evidence)
    else:
        yield _rule(GIVES_UP, promised, "-", "not observed", f"watched for {figure(endings.watched_s())} s only")


def first_rule(waits_s: dict[str, Floats], promise: Promise | None) -> Rule:
    """How long the first attempt is held back. `waits_s` by stage."""
    delay_s = promise.delay_s if promise else 0.0
    promised = f"{figure(delay_s)} s" if delay_s else None
    seen = {stage: found for stage, found in waits_s.items() if len(found)}
    if not seen:
        return _rule(FIRST, promised, "-", "not observed", "nothing arrived")
    medians = {stage: float(np.median(found)) for stage, found in seen.items()}
    calmest = min(medians, key=lambda stage: medians[stage])
    shortest_s = medians[calmest]
    observed = f"{figure(shortest_s)} s (median)" if shortest_s >= 1 else f"{figure(shortest_s * 1e3)} ms (median)"
    evidence = f"{len(seen[calmest]):,} events in {calmest}, where it was shortest"
    if promise is None or not delay_s:
        return _rule(FIRST, None, observed, "not promised", evidence)
    every = np.concatenate(list(seen.values()))
    early = int(np.count_nonzero(every < delay_s - max(EARLY_S, EARLY_OF_WAIT * delay_s)))
    most_s = delay_s + promise.clock_s + max(FIRST_LATE_S, FIRST_LATE_SHARE * delay_s)
    broken = early > MOST_SHARE * len(every) or shortest_s > most_s
    evidence += f"; {early:,} of {len(every):,} too early in all stages"
    return _rule(FIRST, promised, observed, "broken" if broken else "kept", evidence)


def _rule(rule: str, promised: str | None, observed: str, verdict: Judgement, evidence: str) -> Rule:
    return Rule(rule=rule, promised=promised, observed=observed, verdict=verdict, evidence=evidence)
