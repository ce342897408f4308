"""Rows of the conformance table about waits between attempts: how long, how spread, and by which clock."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from _hookswarm.analysis.deliveries.conformance import KS_P
from _hookswarm.analysis.schema.service import Judgement, Rule
from _hookswarm.analysis.service.clock import KNOWN_TICKS, TICKS, clocks_of
from _hookswarm.analysis.service.failed_attempts import FailedAttempts
from _hookswarm.analysis.service.fit import FittedLaw, fit_law, waits_of
from _hookswarm.analysis.service.kept_waits import LEAST, KeptWaits, kept_waits
from _hookswarm.analysis.service.promise import SHOWN, Promise, listed
from _hookswarm.common.wording import figure, first_of

WAITS, JITTER, CLOCK = "waits between attempts", "jitter of the waits", "clock of the retries"
FEW = 0.1
"""Waits that are longer than a clock explains, for what else a service does."""
TOLERANCE = "5 ms or 1% too early is tolerated, and 0.1 s, 5% and the service's queue too late"


@dataclass(frozen=True)
class Watched:
    """What was seen of a service's retries."""

    failed: FailedAttempts
    until_ns: int
    """So long its arrivals were watched."""
    stages: Sequence[str]
    """In which anything was answered 5xx."""

    @property
    def where(self) -> str:
        return f"in {first_of(self.stages, 3)}"


@dataclass(frozen=True)
class Waited:
    """What its waits say."""

    rules: list[Rule]
    law: FittedLaw | None
    clock_s: float


def judge_waits(watched: Watched, promise: Promise | None) -> Waited:
    """The rules about waits, and the law that they follow."""
    count = len(watched.failed.retried)
    if count < LEAST:
        why = "nothing was answered 5xx: `--test load` has stages that do"
        if len(watched.failed):
            why = f"{count} waits {watched.where}: fewer than {LEAST} say nothing; let the run last longer"
        unseen = [(WAITS, promise and promise.waits_told()), (JITTER, promise and promise.jitter_told())]
        unseen.append((CLOCK, _clock_told(promise)))
        return Waited([_unseen(rule, told or None, why) for rule, told in unseen], None, 0.0)
    clock_s = _clock(watched.failed, promise)
    law = fit_law(waits_of(watched.failed, watched.until_ns))
    kept = kept_waits(watched.failed, promise, clock_s) if promise else None
    rules = [_waits(watched, promise, kept, law, clock_s), _jitter(watched, promise, kept, law, clock_s)]
    return Waited([*rules, _clock_rule(watched, promise, clock_s)], law, clock_s)


def _unseen(rule: str, promised: str | None, why: str) -> Rule:
    return Rule(rule=rule, promised=promised, observed="-", verdict="not observed", evidence=why)


def _clock(failed: FailedAttempts, promise: Promise | None) -> float:
    """The service's clock, 0 where none is seen: the shortest that explains what came late, if anything did."""
    clocks = clocks_of(failed, KNOWN_TICKS if promise else TICKS)
    if not clocks or promise is None:
        return clocks[-1] if clocks else 0.0
    # First attempts may wait for the same clock: that would excuse what the clock is to explain.
    strict = replace(failed, slack_s=np.zeros(len(failed)))
    late = (kept_waits(strict, promise, clock).late.sum() for clock in clocks)
    return next((clock for clock, count in zip(clocks, late, strict=True) if count <= FEW * len(failed)), clocks[-1])


def _waits(
    watched: Watched, promise: Promise | None, kept: KeptWaits | None, law: FittedLaw | None, clock_s: float
) -> Rule:
    medians = listed(_medians(watched.failed))
    observed = law.told() if law and not (promise and promise.waits_s) else f"{medians} (medians)"
    if clock_s:
        observed = f"{medians} (medians), rounded up to a clock of {figure(clock_s)} s"
    evidence = f"{len(watched.failed.retried):,} waits {watched.where}"
    if promise is None or kept is None:
        return Rule(rule=WAITS, promised=None, observed=observed, verdict="not promised", evidence=evidence)
    if broken := kept.broken():
        low, high = promise.range_s(np.array([number for number, _ in broken]))
        told = [
            f"retry {number}: {text}, promised {_span(least, most + max(clock_s, promise.clock_s))}"
            for (number, text), least, most in zip(broken, low.tolist(), high.tolist(), strict=True)
        ]
        evidence = f"{evidence}; {first_of(told, SHOWN, '; ')}"
        observed = f"{medians} (medians)"
    else:
        outside = int(kept.early.sum() + kept.late.sum())
        evidence += f", {outside:,} of them too early or too late" if outside else ", none too early or too late"
    return Rule(
        rule=WAITS,
        promised=promise.waits_told(),
        observed=observed,
        verdict="broken" if broken else "kept",
        evidence=f"{evidence} ({TOLERANCE})",
    )


def _span(least: float, most: float) -> str:
    return f"{figure(least)} s" if most - least < 1e-9 else f"{figure(least)} to {figure(most)} s"


def _medians(failed: FailedAttempts) -> list[str]:
    found = failed.retried
    return [figure(float(np.median(found.wait_s[found.number == number]))) for number in np.unique(found.number)]


def _jitter(
    watched: Watched, promise: Promise | None, kept: KeptWaits | None, law: FittedLaw | None, clock_s: float
) -> Rule:
    promised = promise.jitter_told() if promise else None
    if law is None:
        return _unseen(JITTER, promised, "too few waits were watched to their ends")
    if clock_s or (promise and promise.clock_s):
        return _unseen(JITTER, promised, "the clock hides it")
    observed, evidence = law.chance_told(), f"{len(watched.failed.retried):,} waits {watched.where}"
    if promise is None or kept is None:
        if law.chance == "proportional" and law.spread < 1:
            least, added = 1 - law.spread, 2 * law.spread / (1 - law.spread)
            evidence += f"; the same as 0 to {added:.0%} added to waits {figure(least)} times as long"
        return Rule(rule=JITTER, promised=None, observed=observed, verdict="not promised", evidence=evidence)
    if not promise.jitters:
        broken = law.chance != "none" and bool(kept.broken())
        if law.chance != "none" and not broken:
            return _unseen(JITTER, promised, f"{evidence}: what they differ by may be the service's queue")
    elif kept.ks_p is None:
        return _unseen(JITTER, promised, f"{evidence}: too few, or too short, to tell how they are spread")
    else:
        broken = kept.ks_p < KS_P
        evidence += f"; Kolmogorov and Smirnov's p = {kept.ks_p:.1g}"
    verdict: Judgement = "broken" if broken else "kept"
    return Rule(rule=JITTER, promised=promised, observed=observed, verdict=verdict, evidence=evidence)


def _clock_told(promise: Promise | None) -> str | None:
    return f"waits are rounded up to {figure(promise.clock_s)} s" if promise and promise.clock_s else None


def _clock_rule(watched: Watched, promise: Promise | None, clock_s: float) -> Rule:
    promised = _clock_told(promise)
    observed = f"waits are rounded up to a clock of {figure(clock_s)} s" if clock_s else "none is seen"
    evidence = f"when {len(watched.failed.retried):,} retries came {watched.where}"
    verdict: Judgement = "not promised"
    if promise and promise.clock_s:
        verdict = "broken" if clock_s > promise.clock_s else "kept"
    return Rule(rule=CLOCK, promised=promised, observed=observed, verdict=verdict, evidence=evidence)
