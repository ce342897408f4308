"""Retry laws: delays by hand, and what no possible law may ever do."""

import itertools
from collections.abc import Iterable
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.stats import kstest

from _hookswarm.records.rows import Outcome
from _hookswarm.senders.plan.retry import (
    MAX_RETRIES,
    MAX_S,
    Budget,
    Failure,
    Jitter,
    RetryAfter,
    RetryLaw,
    disables,
    next_delay_s,
    scaled_law,
)

BUSY = Failure(Outcome.REJECTED, 503)
GONE = Failure(Outcome.REJECTED, 410)
TIMED_OUT = Failure(Outcome.READ_TIMEOUT)


def story(law: RetryLaw, failures: Iterable[Failure] = (BUSY,), seed: int = 0) -> list[float]:
    """The delays of an event whose attempts fail as told, over and over, until it is given up."""
    random, age, delays = Random(seed), 0.0, list[float]()
    for retry, failure in enumerate(itertools.cycle(failures), 1):
        delay = next_delay_s(law, retry, age, delays[-1] if delays else 0.0, failure, random)
        if delay is None:
            return delays
        age += delay
        delays.append(delay)
    raise AssertionError("nothing failed")


def hinted(law: RetryLaw, hint_s: float, status: int = 503) -> float | None:
    """The delay before the first retry, after an answer with `Retry-After`."""
    return next_delay_s(law, 1, 0.0, 0.0, Failure(Outcome.REJECTED, status, hint_s), Random(0))


# No length between 0 and a microsecond: a scaled law would fall out of what a float can hold.
seconds = st.just(0.0) | st.floats(1e-6, 100) | st.floats(1e-6, MAX_S)


@st.composite
def laws(draw: st.DrawFn) -> RetryLaw:
    """Any possible law."""
    growth: Any = draw(st.sampled_from(["fixed", "linear", "exponential", "schedule"]))
    schedule = draw(st.lists(seconds, min_size=1, max_size=5).map(tuple)) if growth == "schedule" else ()
    delay = draw(seconds)
    cap = draw(st.just(MAX_S) | st.floats(max(1e-6, (schedule or (delay,))[0]), MAX_S))
    least, most = sorted((draw(seconds), draw(seconds)))
    kind: Any = draw(st.sampled_from(["none", "full", "equal", "decorrelated", "proportional", "additive"]))
    rules = st.builds(
        RetryAfter,
        statuses=st.sampled_from([(), (429,), (429, 503)]),
        cap_s=seconds,
        cap_factor=st.none() | st.floats(1, 10),
    )
    law = RetryLaw(
        retries=draw(st.integers(0, 20)),
        growth=growth,
        delay_s=delay,
        factor=draw(st.floats(1, 4) | st.floats(1, 1000)),
        schedule_s=schedule,
        cap_s=cap,
        jitter=Jitter(kind, draw(st.floats(0, 1)), least, most),
        retry_after=draw(st.none() | rules),
        throttled_least_s=min(draw(seconds), cap),
        disable_on_gone=draw(st.booleans()),
        give_up_s=draw(st.just(MAX_S) | seconds),
    )
    assert not list(law.problems())
    return law


outcomes = st.sampled_from([Outcome.REJECTED, Outcome.REFUSED, Outcome.CONNECT_TIMEOUT, Outcome.READ_TIMEOUT])
statuses = st.sampled_from([0, 404, 410, 429, 500, 503])
unhinted = st.lists(st.builds(Failure, outcomes, statuses, st.none()), min_size=1, max_size=4)
failures = st.lists(
    st.builds(Failure, outcomes, statuses, st.none() | st.floats(0, 10 * MAX_S)), min_size=1, max_size=4
)
seeds = st.integers(0, 2**32)


@pytest.mark.parametrize(
    ("law", "delays"),
    [
        (RetryLaw(4, "fixed", 5), [5, 5, 5, 5]),
        (RetryLaw(4, "linear", 5), [5, 10, 15, 20]),
        (RetryLaw(4, "exponential", 5), [5, 10, 20, 40]),
        (RetryLaw(4, "exponential", 5, factor=3), [5, 15, 45, 135]),
        (RetryLaw(4, "schedule", schedule_s=(1, 10, 100)), [1, 10, 100, 100]),
        (RetryLaw(4, "exponential", 5, cap_s=12), [5, 10, 12, 12]),
        (RetryLaw(3, "schedule", schedule_s=(9, 1, 30), cap_s=10), [9, 1, 10]),
        (RetryLaw(2), [0, 0]),
        (RetryLaw(0, "fixed", 5), []),
    ],
)
def test_growth(law: RetryLaw, delays: list[float]) -> None:
    """Each growth gives the delays that one works out by hand, and no more of them than there are retries."""
    assert story(law) == delays
    assert law.longest_s() == sum(delays)


def test_growth_beyond_what_a_float_holds() -> None:
    """A delay too long to compute is the longest there is, and no delay stays none."""
    assert RetryLaw(MAX_RETRIES, "exponential", 1.0, factor=1e3).base_s(MAX_RETRIES) == MAX_S
    assert RetryLaw(MAX_RETRIES, "exponential", 1.0, factor=1e3, cap_s=60).base_s(MAX_RETRIES) == 60
    assert RetryLaw(MAX_RETRIES, "exponential", 0.0, factor=1e3).base_s(MAX_RETRIES) == 0


@pytest.mark.parametrize(
    ("jitter", "delay", "previous", "bounds"),
    [
        (Jitter(), 10, 0, (10, 10)),
        (Jitter("full"), 10, 0, (0, 10)),
        (Jitter("equal"), 10, 0, (5, 10)),
        (Jitter("decorrelated"), 10, 0, (10, 30)),
        (Jitter("decorrelated"), 10, 25, (10, 75)),
        (Jitter("proportional", 0.2), 10, 0, (8, 12)),
        (Jitter("proportional", 1), 10, 0, (0, 20)),
        (Jitter("additive", 0.1), 10, 0, (10, 11)),
        (Jitter("additive", 0.1, least_s=2, most_s=3), 10, 0, (10, 12)),
        (Jitter("additive", 0.1, least_s=2, most_s=3), 25, 0, (25, 27.5)),
        (Jitter("additive", 0.1, least_s=2, most_s=3), 100, 0, (100, 103)),
    ],
)
def test_jitter(jitter: Jitter, delay: float, previous: float, bounds: tuple[float, float]) -> None:
    """Each jitter has the bounds that one works out by hand."""
    assert RetryLaw(1, delay_s=delay, jitter=jitter).bounds_s(1, previous) == pytest.approx(bounds)


@pytest.mark.parametrize(
    "jitter",
    [
        Jitter("full"),
        Jitter("equal"),
        Jitter("decorrelated"),
        Jitter("proportional", 0.2),
        Jitter("additive", 0.1),
        Jitter("additive", 0.1, least_s=2, most_s=900),
    ],
)
@pytest.mark.parametrize("delay", [1.0, 300.0])
def test_jitter_is_uniform(jitter: Jitter, delay: float) -> None:
    """The delays pass a Kolmogorov-Smirnov test against the uniform distribution in the jitter's bounds."""
    law, random = RetryLaw(2, delay_s=delay, jitter=jitter), Random(7)
    low, high = law.bounds_s(2, delay)
    delays = [next_delay_s(law, 2, delay, delay, BUSY, random) for _ in range(20_000)]
    assert kstest(delays, "uniform", args=(low, high - low)).pvalue > 0.01


def test_jitter_is_cut_to_the_cap() -> None:
    """Where the cap lies in the middle of the bounds, half of the delays are the cap, and the others spread below."""
    law, random = RetryLaw(1, delay_s=10, cap_s=10, jitter=Jitter("proportional", 0.5)), Random(7)
    delays = [next_delay_s(law, 1, 0.0, 0.0, BUSY, random) or 0.0 for _ in range(20_000)]
    below = [delay for delay in delays if delay < 10]
    assert len(below) == pytest.approx(10_000, abs=4 * 71)  # four standard deviations
    assert kstest(below, "uniform", args=(5, 5)).pvalue > 0.01


@pytest.mark.parametrize(
    ("rule", "hint", "status", "delay"),
    [
        (RetryAfter(), 60, 503, 60),
        (RetryAfter(), 3, 503, 10),
        (RetryAfter(), 0, 503, 10),
        (RetryAfter(), 10 * MAX_S, 503, MAX_S),
        (RetryAfter(cap_s=40), 60, 503, 40),
        (RetryAfter(cap_s=5), 60, 503, 10),
        (RetryAfter(cap_factor=2), 60, 503, 20),
        (RetryAfter(cap_factor=2), 15, 503, 15),
        (RetryAfter(cap_s=15, cap_factor=2), 60, 503, 15),
        (RetryAfter((429,)), 60, 503, 10),
        (RetryAfter((429,)), 60, 429, 60),
        (None, 60, 503, 10),
    ],
)
def test_retry_after(rule: RetryAfter | None, hint: float, status: int, delay: float) -> None:
    """A hint lengthens the delay, as far as the law lets it, and never shortens it; the law's cap does not hold it."""
    assert hinted(RetryLaw(1, delay_s=10, cap_s=12, retry_after=rule), hint, status) == delay


def test_no_hint_is_no_wait() -> None:
    """An answer without Retry-After leaves the law's delay."""
    assert next_delay_s(RetryLaw(1, delay_s=10), 1, 0.0, 0.0, BUSY, Random(0)) == 10


@pytest.mark.parametrize("outcome", [Outcome.CONNECT_TIMEOUT, Outcome.READ_TIMEOUT])
def test_throttling(outcome: Outcome) -> None:
    """A 429 or a time-out waits the least delay for it, if the law's own is not longer; other failures do not."""
    law = RetryLaw(3, "schedule", schedule_s=(5, 300), throttled_least_s=60)
    assert story(law, [Failure(outcome)]) == story(law, [Failure(Outcome.REJECTED, 429)]) == [60, 300, 300]
    assert story(law, [BUSY]) == [5, 300, 300]
    assert law.longest_s() == 660


def test_a_hint_counts_from_the_throttled_delay() -> None:
    """How often a hint may exceed the law's delay is measured by the delay that throttling left."""
    law = RetryLaw(1, delay_s=5, throttled_least_s=60, retry_after=RetryAfter(cap_factor=2))
    assert hinted(law, 1000, 429) == 120
    assert hinted(law, 1000, 503) == 10


def test_gone() -> None:
    """A 410 disables the webhook and is not retried, unless the law does not listen."""
    law = RetryLaw(2, delay_s=1)
    assert disables(law, GONE)
    assert story(law, [GONE]) == []
    deaf = replace(law, disable_on_gone=False)
    assert not disables(deaf, GONE)
    assert story(deaf, [GONE]) == [1, 1]
    assert not disables(law, BUSY)


def test_an_interrupted_attempt_is_not_retried() -> None:
    """What the end of the run broke off says nothing of the receiver."""
    assert story(RetryLaw(2), [Failure(Outcome.INTERRUPTED)]) == []


def test_giving_up() -> None:
    """A retry may begin just at the end of the patience, and none after it; a hint beyond it ends the event."""
    law = RetryLaw(9, delay_s=10, give_up_s=30)
    assert story(law) == [10, 10, 10]
    assert law.longest_s() == 30
    assert hinted(law, 30) == 30
    assert hinted(law, 31) is None
    assert next_delay_s(law, 1, 21.0, 0.0, BUSY, Random(0)) is None


@given(laws(), failures, seeds)
def test_no_law_breaks_its_limits(law: RetryLaw, told: list[Failure], seed: int) -> None:
    """No delay is negative or beyond its cap, no retry one too many, and none begins after the event is given up."""
    delays = story(law, told, seed)
    most = max(law.cap_s, law.retry_after.cap_s) if law.retry_after else law.cap_s
    assert all(0 <= delay <= most for delay in delays)
    assert len(delays) <= law.retries
    assert sum(delays) <= law.give_up_s * (1 + 1e-12)


@given(laws(), unhinted, seeds)
def test_no_law_breaks_its_limits_without_hints(law: RetryLaw, told: list[Failure], seed: int) -> None:
    """Without hints no delay is beyond the law's cap, nor the whole story longer than the longest."""
    delays = story(law, told, seed)
    assert all(0 <= delay <= law.cap_s for delay in delays)
    assert sum(delays) <= law.longest_s() * (1 + 1e-12)


@given(laws(), seeds)
def test_delays_lie_in_their_bounds(law: RetryLaw, seed: int) -> None:
    """What chance chooses lies between the law's bounds, up to the cap."""
    delays = story(law, seed=seed)
    for retry, (previous, delay) in enumerate(itertools.pairwise([0.0, *delays]), 1):
        low, high = law.bounds_s(retry, previous)
        assert 0 <= low <= high
        assert min(low, law.cap_s) <= delay <= min(high * (1 + 1e-12), law.cap_s)


@given(laws(), failures, seeds)
def test_delays_are_a_function_of_their_seed(law: RetryLaw, told: list[Failure], seed: int) -> None:
    """The same seed tells the same story."""
    assert story(law, told, seed) == story(law, told, seed)


def test_another_seed_is_another_story() -> None:
    """Chance is not left out."""
    law = RetryLaw(3, delay_s=10, jitter=Jitter("full"))
    assert story(law, seed=1) != story(law, seed=2)


# Powers of two scale a float exactly, so that equality can be asked for.
scales = st.integers(-12, 0).map(lambda power: 2.0**power)


@given(laws(), unhinted, seeds, scales)
def test_a_scaled_law_tells_the_same_story_faster(law: RetryLaw, told: list[Failure], seed: int, scale: float) -> None:
    """With the same seed, the delays of a scaled law are the law's own delays, scaled."""
    delays = story(law, told, seed)
    # What MAX_S alone has cut is longer under a scale, and so is what follows from it, also before an early give-up.
    assume(replace(law, give_up_s=MAX_S).longest_s() < MAX_S)
    assert story(scaled_law(law, scale), told, seed) == [delay * scale for delay in delays]
    assert scaled_law(law, scale).longest_s() == law.longest_s() * scale


@given(laws(), scales)
def test_scaling_to_and_fro(law: RetryLaw, scale: float) -> None:
    """A law scaled down and up again is the law, and a scaled law is possible as well."""
    small = scaled_law(law, scale)
    assert not list(small.problems())
    assert scaled_law(small, 1 / scale) == law
    assert scaled_law(law, 1.0) == law


def test_scaling_by_any_number() -> None:
    """Every time of a law is scaled, but for limits that stand for "none"; numbers that are no times stay."""
    law = RetryLaw(
        retries=3,
        growth="schedule",
        delay_s=7,
        factor=3,
        schedule_s=(1, 10),
        cap_s=100,
        jitter=Jitter("additive", 0.1, 2, 90),
        retry_after=RetryAfter((429,), 50, 2),
        throttled_least_s=6,
        give_up_s=1000,
        budget=Budget(0.3, 8, 5),
    )
    assert scaled_law(law, 0.1) == RetryLaw(
        retries=3,
        growth="schedule",
        delay_s=7 * 0.1,
        factor=3,
        schedule_s=(1 * 0.1, 10 * 0.1),
        cap_s=100 * 0.1,
        jitter=Jitter("additive", 0.1, 2 * 0.1, 90 * 0.1),
        retry_after=RetryAfter((429,), 50 * 0.1, 2),
        throttled_least_s=6 * 0.1,
        give_up_s=1000 * 0.1,
        budget=Budget(0.3, 8 / 0.1, 5 * 0.1),
    )
    there_and_back = scaled_law(scaled_law(law, 0.0003), 1 / 0.0003)
    assert story(there_and_back) == pytest.approx(story(law))
    assert there_and_back.longest_s() == pytest.approx(law.longest_s())
    unlimited = RetryLaw(2, delay_s=1, retry_after=None)
    assert scaled_law(unlimited, 0.1) == replace(unlimited, delay_s=0.1)


IMPOSSIBLE: dict[str, dict[str, Any]] = {
    "retries is": {"retries": -1},
    "delay_s is": {"delay_s": -1.0},
    "cap_s is": {"cap_s": MAX_S + 1},
    "throttled_least_s is": {"throttled_least_s": float("nan")},
    "give_up_s is": {"give_up_s": float("inf")},
    "schedule_s[1] is": {"growth": "schedule", "schedule_s": (1.0, -1.0)},
    "jitter.least_s is": {"jitter": Jitter(least_s=-1)},
    "jitter.most_s is": {"jitter": Jitter(most_s=MAX_S + 1)},
    "retry_after.cap_s is": {"retry_after": RetryAfter(cap_s=-1)},
    "is below the first delay": {"delay_s": 10.0, "cap_s": 5.0},
    "is below throttled_least_s": {"throttled_least_s": 10.0, "cap_s": 5.0},
    "need each other": {"growth": "schedule"},
    "factor is": {"factor": 0.5},
    "jitter.share is": {"jitter": Jitter("full", 1.5)},
    "jitter.least_s is above": {"jitter": Jitter("additive", least_s=2, most_s=1)},
    "retry_after.cap_factor is": {"retry_after": RetryAfter(cap_factor=0.0)},
    "budget.share is": {"budget": Budget(share=-1)},
    "budget.per_s is": {"budget": Budget(per_s=-1)},
    "budget.window_s is": {"budget": Budget(window_s=0)},
}


@pytest.mark.parametrize("fault", IMPOSSIBLE)
def test_an_impossible_law_says_why(fault: str) -> None:
    """Each thing that makes a law impossible is named, and it alone."""
    (problem,) = RetryLaw(**IMPOSSIBLE[fault]).problems()
    assert fault in problem


@pytest.mark.parametrize(
    "law",
    [
        RetryLaw(MAX_RETRIES + 1),
        RetryLaw(delay_s=float("nan")),
        RetryLaw(schedule_s=(1,)),
        RetryLaw(factor=1001),
        RetryLaw(jitter=Jitter(share=float("nan"))),
        RetryLaw(retry_after=RetryAfter(cap_factor=float("inf"))),
        RetryLaw(retry_after=RetryAfter(cap_factor=float("nan"))),
    ],
)
def test_more_impossible_laws(law: RetryLaw) -> None:
    """The far ends are refused too, and what is not a number."""
    assert list(law.problems())


def test_all_problems_at_once() -> None:
    """A law's problems are told together."""
    law = RetryLaw(-1, delay_s=-1, factor=0, jitter=Jitter(share=2), budget=Budget(-1, -1, -1))
    assert len(list(law.problems())) == 7


def test_the_default_law_is_possible() -> None:
    """A law that says nothing does not retry."""
    assert not list(RetryLaw().problems())
    assert story(RetryLaw()) == []
