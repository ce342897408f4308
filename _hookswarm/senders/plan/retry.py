"""Retry laws: when an attempt that failed is made again, and when its event is given up.

Pure functions of (law, retry, previous delay, failure, random source). All times are seconds.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, fields, replace
from random import Random
from typing import Any, Literal, NamedTuple

from pydantic import ConfigDict

from _hookswarm.records.rows import Outcome

MAX_S = 1e7
"""The longest delay, 115 days: what no law exceeds."""
MAX_RETRIES = (1 << 16) - 2
"""An attempt's number has 16 bits in the journals."""

_FORBID = ConfigDict(extra="forbid")
_TIMED_OUT = (Outcome.CONNECT_TIMEOUT, Outcome.READ_TIMEOUT)


@dataclass(frozen=True)
class Jitter:
    """What chance does to a law's delay `d`; the first four as in Brooker, "Exponential Backoff And Jitter", 2015.

    | kind         | delay is uniform in                                                          |
    |--------------|------------------------------------------------------------------------------|
    | none         | d, always                                                                    |
    | full         | 0 .. d                                                                       |
    | equal        | d/2 .. d                                                                     |
    | decorrelated | the law's first delay .. 3 x the previous delay, then cut to the law's cap   |
    | proportional | d x (1 - share) .. d x (1 + share), then cut to the law's cap                |
    | additive     | d .. d + x, where x = d x share, at least `least_s` and at most `most_s`     |
    """

    __pydantic_config__ = _FORBID

    kind: Literal["none", "full", "equal", "decorrelated", "proportional", "additive"] = "none"
    share: float = 0.0
    least_s: float = 0.0
    most_s: float = MAX_S


@dataclass(frozen=True)
class RetryAfter:
    """What the answer's `Retry-After` does: the delay is max(d, hint), the hint cut by what is given here."""

    __pydantic_config__ = _FORBID

    statuses: tuple[int, ...] = ()
    """Answers whose hint counts; empty: any failure's."""
    cap_s: float = MAX_S
    cap_factor: float | None = None
    """A hint counts up to so many times the law's own delay; None: there is no such limit."""


@dataclass(frozen=True)
class Budget:
    """How many retries a sending process may make: `share` of its first attempts and `per_s` more, over `window_s`.

    After Finagle's retry budgets (20 %, 10 a second, 10 s). A retry beyond it is given up.
    """

    __pydantic_config__ = _FORBID

    share: float = 0.2
    per_s: float = 10.0
    window_s: float = 10.0


@dataclass(frozen=True)
class RetryLaw:
    """How a sender retries. Made without checks, so that a plan can be read whole: see `problems`."""

    __pydantic_config__ = _FORBID

    retries: int = 0
    """Attempts after the first, at most."""
    growth: Literal["fixed", "linear", "exponential", "schedule"] = "fixed"
    """Before the n-th retry: `delay_s`; `delay_s` x n; `delay_s` x `factor`^(n-1); the n-th of `schedule_s`."""
    delay_s: float = 0.0
    factor: float = 2.0
    schedule_s: tuple[float, ...] = ()
    """Its last delay holds for all retries beyond it."""
    cap_s: float = MAX_S
    """No delay is longer, but one that `Retry-After` asks for."""
    jitter: Jitter = field(default_factory=Jitter)
    retry_after: RetryAfter | None = field(default_factory=RetryAfter)
    """None: hints are ignored."""
    throttled_least_s: float = 0.0
    """The least delay after a 429 or a time-out."""
    disable_on_gone: bool = True
    """Whether a 410 disables the webhook: its later events are not sent."""
    final_statuses: tuple[int, ...] = ()
    """Answers after which an event is given up at once."""
    give_up_s: float = MAX_S
    """No retry begins later than this after its event fell due."""
    budget: Budget | None = None

    def base_s(self, retry: int) -> float:
        """The delay before the n-th retry (from 1), cap applied, without jitter and hints."""
        match self.growth:
            case "fixed":
                delay = self.delay_s
            case "linear":
                delay = self.delay_s * retry
            case "exponential":
                try:
                    delay = self.delay_s * self.factor ** (retry - 1)
                except OverflowError:
                    delay = self.cap_s if self.delay_s else 0.0
            case "schedule":
                delay = self.schedule_s[min(retry, len(self.schedule_s)) - 1]
        return min(delay, self.cap_s, MAX_S)

    def bounds_s(self, retry: int, previous_s: float) -> tuple[float, float]:
        """Between which delays chance chooses; `previous_s` is the delay before (0: there was none)."""
        base, jitter = self.base_s(retry), self.jitter
        match jitter.kind:
            case "none":
                return base, base
            case "full":
                return 0.0, base
            case "equal":
                return base / 2, base
            case "decorrelated":
                first = self.base_s(1)
                return first, 3 * max(previous_s, first)
            case "proportional":
                return base * (1 - jitter.share), base * (1 + jitter.share)
            case "additive":
                return base, base + min(max(base * jitter.share, jitter.least_s), jitter.most_s)

    def longest_s(self) -> float:
        """The longest time from an event's first attempt to its last, hints and sending apart."""
        total = previous = 0.0
        for retry in range(1, self.retries + 1):
            previous = max(min(self.bounds_s(retry, previous)[1], self.cap_s), self.throttled_least_s)
            total += previous
            if total >= self.give_up_s:
                return self.give_up_s
        return total

    def problems(self) -> Iterator[str]:
        """A phrase for each thing that makes this law impossible."""
        if not 0 <= self.retries <= MAX_RETRIES:
            yield f"retries is {self.retries}: write 0 to {MAX_RETRIES}"
        lengths = {name: getattr(self, name) for name in ("delay_s", "cap_s", "throttled_least_s", "give_up_s")}
        lengths |= {f"schedule_s[{place}]": delay for place, delay in enumerate(self.schedule_s)}
        lengths |= {"jitter.least_s": self.jitter.least_s, "jitter.most_s": self.jitter.most_s}
        if self.retry_after:
            lengths["retry_after.cap_s"] = self.retry_after.cap_s
        for name, seconds in lengths.items():
            if not 0 <= seconds <= MAX_S:
                yield f"{name} is {seconds:.12g}: write 0 to {MAX_S:.0f} seconds"
        if self.cap_s < self.first_s():
            yield f"cap_s {self.cap_s:g} is below the first delay, {self.first_s():g}: raise it"
        if self.cap_s < self.throttled_least_s:
            yield f"cap_s {self.cap_s:g} is below throttled_least_s, {self.throttled_least_s:g}: raise it"
        if (self.growth == "schedule") != bool(self.schedule_s):
            yield "schedule_s and growth 'schedule' need each other: write both, or none"
        if not 1 <= self.factor <= 1e3:
            yield f"factor is {self.factor:g}: write 1 to 1000"
        if not 0 <= self.jitter.share <= 1:
            yield f"jitter.share is {self.jitter.share:g}: write 0 to 1"
        if self.jitter.least_s > self.jitter.most_s:
            yield "jitter.least_s is above jitter.most_s: write less"
        factor = self.retry_after.cap_factor if self.retry_after else None
        if factor is not None and not 1 <= factor < math.inf:
            yield f"retry_after.cap_factor is {factor:g}: write 1 or more"
        if self.budget:
            yield from _budget_problems(self.budget)

    def first_s(self) -> float:
        """The first delay as written, before the cap."""
        return (self.schedule_s or (0.0,))[0] if self.growth == "schedule" else self.delay_s


def _budget_problems(budget: Budget) -> Iterator[str]:
    if not 0 <= budget.share <= 1e3:
        yield f"budget.share is {budget.share:g}: write 0 to 1000"
    if not 0 <= budget.per_s <= 1e6:
        yield f"budget.per_s is {budget.per_s:g}: write 0 to 1000000"
    if not 0 < budget.window_s <= MAX_S:
        yield f"budget.window_s is {budget.window_s:g}: write more than 0, and at most {MAX_S:.0f}"


class Failure(NamedTuple):
    """What an attempt that failed was told. `hint_s` is its `Retry-After`, in seconds from now."""

    outcome: Outcome
    status: int = 0
    hint_s: float | None = None


def next_delay_s(
    law: RetryLaw, retry: int, age_s: float, previous_s: float, failure: Failure, random: Random
) -> float | None:
    """Seconds to wait before the n-th retry (from 1), or None where the event is given up.

    `age_s` is the event's age, from when it fell due to now; `previous_s` the delay before the retry before.
    """
    if retry > law.retries or failure.outcome is Outcome.INTERRUPTED or disables(law, failure):
        return None
    if failure.status in law.final_statuses:
        return None
    low, high = law.bounds_s(retry, previous_s)
    delay = min(low + (high - low) * random.random(), law.cap_s)
    if failure.status == 429 or failure.outcome in _TIMED_OUT:
        delay = max(delay, law.throttled_least_s)
    rule = law.retry_after
    if rule and failure.hint_s is not None and (not rule.statuses or failure.status in rule.statuses):
        most = rule.cap_s if rule.cap_factor is None else min(rule.cap_s, rule.cap_factor * delay)
        delay = max(delay, min(failure.hint_s, most))
    return None if age_s + delay > law.give_up_s else delay


def disables(law: RetryLaw, failure: Failure) -> bool:
    """Whether the answer says that the webhook is gone, and the law listens."""
    return law.disable_on_gone and failure.status == 410


def scaled_law(law: RetryLaw, scale: float) -> RetryLaw:
    """The law with all its times multiplied: 0.001 tries a schedule of 28 hours in under two minutes.

    Hints keep their length: they are the receiver's own time.
    """
    jitter = replace(law.jitter, **_times(law.jitter, scale))
    retry_after = law.retry_after and replace(law.retry_after, **_times(law.retry_after, scale))
    budget = law.budget and replace(law.budget, per_s=law.budget.per_s / scale, window_s=law.budget.window_s * scale)
    schedule = tuple(delay * scale for delay in law.schedule_s)
    return replace(
        law, **_times(law, scale), schedule_s=schedule, jitter=jitter, retry_after=retry_after, budget=budget
    )


def _times(part: Any, scale: float) -> dict[str, Any]:
    """Fields that hold one time, scaled; a limit that stands for "none" stays one."""
    names = [f.name for f in fields(part) if f.name.endswith("_s") and f.name != "schedule_s"]
    found = {name: getattr(part, name) for name in names}
    return {name: value if value == MAX_S else value * scale for name, value in found.items()}
