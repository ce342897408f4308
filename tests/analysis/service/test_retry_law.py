"""A service's retry law from outside, from arrivals that services of known laws would have made."""

import math
import os
import re
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import numpy as np
import pytest

from _hookswarm.analysis.deliveries.stages import stage_figures
from _hookswarm.analysis.reading.frames import RunFrames
from _hookswarm.analysis.reports import analyse
from _hookswarm.analysis.schema.report import Section
from _hookswarm.analysis.schema.service import Rule
from _hookswarm.analysis.schema.verdict import Status
from _hookswarm.analysis.service.failed_attempts import FailedAttempts, failed_attempts_of, joined
from _hookswarm.analysis.service.fit import Wait, fit_law, waits_of
from tests.support.journals import SECOND, START, run
from tests.support.retrying import Next, after, rules, through_service

SEEDS = pytest.mark.parametrize("seed", range(int(os.environ.get("HOOKSWARM_SEEDS", "1"))))
WAITS, JITTER, CLOCK = "waits between attempts", "jitter of the waits", "clock of the retries"
ATTEMPTS, GIVES_UP, FIRST = "number of attempts", "time until it gives up", "wait before the first attempt"
OURS = (WAITS, JITTER, CLOCK, ATTEMPTS, GIVES_UP, FIRST)
PROMISED: dict[str, Any] = {"waits_s": [1, 3, 9]}
ALERTMANAGER: dict[str, Any] = {"first_s": 0.5, "factor": 1.5, "cap_s": 60, "spread": 0.5}


def section_of(follows: Next, seed: int, retry: dict[str, Any] | None = None, **more: Any) -> Section:
    return analyse(through_service(follows, Random(f"run {seed}"), retry, **more)).performance


def table_of(follows: Next, seed: int, retry: dict[str, Any] | None = None, **more: Any) -> dict[str, Rule]:
    return rules(section_of(follows, seed, retry, **more).service)


def verdicts(table: dict[str, Rule]) -> dict[str, str]:
    return {name: one.verdict for name, one in table.items() if name in OURS}


def uniform(seed: int, least: float, most: float) -> Callable[[], float]:
    random = Random(f"chance {seed}")
    return lambda: random.uniform(least, most)


def ticking(follows: Next, clock_s: float, phase_s: float = 0.0) -> Next:
    """The same, by a service that looks at the ticks of a clock for what is due."""

    def ticked(retry: int, ended_s: float) -> float | None:
        at_s = follows(retry, ended_s)
        return None if at_s is None else math.ceil((at_s - phase_s) / clock_s) * clock_s + phase_s

    return ticked


@SEEDS
def test_a_law_that_is_kept(seed: int) -> None:
    """1, 3, 9 s, and no fifth attempt: every promise is kept, and the check of them holds."""
    section = section_of(after(1, 3, 9), seed, PROMISED)
    table = rules(section.service)
    assert verdicts(table) == {
        WAITS: "kept", JITTER: "kept", CLOCK: "not promised", ATTEMPTS: "kept", GIVES_UP: "not promised",
        FIRST: "not promised",
    }  # fmt: skip
    assert table[WAITS].promised == "1, 3, 9 s"
    assert table[ATTEMPTS].observed == "gave up after 4 attempts"
    assert [one.status for one in section.default_checks or [] if one.check == "promises kept"] == ["pass"]
    assert section.verdict.status is not Status.FAIL


@SEEDS
def test_a_law_that_is_broken(seed: int) -> None:
    """1, 2, 4 s instead of 1, 3, 9: the second and the third retry are too early, all of them, and the check fails."""
    section = section_of(after(1, 2, 4), seed, PROMISED)
    found = rules(section.service)[WAITS]
    assert (found.promised, found.verdict) == ("1, 3, 9 s", "broken")
    assert found.observed == "1, 2, 4 s (medians)"
    assert "retry 2: 60 too early of 60, promised 3 s; retry 3: 60 too early of 60, promised 9 s" in found.evidence
    (check,) = [one for one in section.default_checks or [] if one.check == "promises kept"]
    assert check.status == "fail"
    assert "waits between attempts: 1, 2, 4 s (medians), promised 1, 3, 9 s" in check.message


@SEEDS
def test_waits_that_are_longer_than_promised(seed: int) -> None:
    """1, 3, 9 s instead of 1, 2, 4 are too late, though first attempts came at once."""
    found = table_of(after(1, 3, 9), seed, {"waits_s": [1, 2, 4]})[WAITS]
    assert found.verdict == "broken"
    assert "retry 2: 60 too late of 60, promised 2 s" in found.evidence


@SEEDS
def test_a_busy_service(seed: int) -> None:
    """Where first attempts wait for the service's queue, retries may wait for it as well."""
    random = Random(f"queue {seed}")
    busy = after(1, 3, 9)

    def queued(retry: int, ended_s: float) -> float | None:
        at_s = busy(retry, ended_s)
        return None if at_s is None else at_s + random.uniform(0, 2)

    table = table_of(queued, seed, PROMISED, first_s=lambda at_s: at_s + random.uniform(0, 2))
    assert table[WAITS].verdict == "kept"


@SEEDS
def test_what_a_queue_adds_is_no_jitter(seed: int) -> None:
    """No jitter is promised, and waits differ by no more than the service's queue: nobody can tell."""
    random = Random(f"queue {seed}")

    def follows(retry: int, ended_s: float) -> float | None:
        return ended_s + 3 + random.uniform(0, 2) if retry <= 3 else None

    promise = {"first_s": 3, "attempts": 4}
    table = table_of(follows, seed, promise, events=300, first_s=lambda at_s: at_s + random.uniform(0, 2))
    assert (table[WAITS].verdict, table[JITTER].verdict) == ("kept", "not observed")


@SEEDS
def test_jitter_that_is_kept(seed: int) -> None:
    """±20 % of each wait, as promised."""
    table = table_of(after(1, 3, 9, chance=uniform(seed, 0.8, 1.2)), seed, PROMISED | {"spread": 0.2})
    assert {table[WAITS].verdict, table[JITTER].verdict} == {"kept"}
    assert table[JITTER].promised == "uniform ±20%"


@SEEDS
@pytest.mark.parametrize(("least", "most"), [(0.0, 1.0), (0.8, 1.0), (1.0, 1.2)])
def test_jitter_of_another_law(seed: int, least: float, most: float) -> None:
    """±20 % is promised; jittered from 0, only downwards or only upwards, waits are unlike that by Kolmogorov and
    Smirnov."""
    table = table_of(after(1, 3, 9, chance=uniform(seed, least, most)), seed, PROMISED | {"spread": 0.2})
    assert table[JITTER].verdict == "broken"
    assert table[WAITS].verdict == ("broken" if least == 0 else "kept")
    assert "p = " in table[JITTER].evidence


@SEEDS
def test_jitter_in_a_busy_service(seed: int) -> None:
    """What the queue adds to waits of ±20 % is not taken for another law of chance."""
    random, chance = Random(f"queue {seed}"), uniform(seed, 0.8, 1.2)

    def follows(retry: int, ended_s: float) -> float | None:
        return ended_s + 3 * chance() + random.uniform(0, 0.5) if retry <= 3 else None

    promise = {"first_s": 3, "attempts": 4, "spread": 0.2}
    table = table_of(follows, seed, promise, events=300, first_s=lambda at_s: at_s + random.uniform(0, 0.5))
    assert (table[WAITS].verdict, table[JITTER].verdict) == ("kept", "kept")


@SEEDS
def test_no_jitter_where_it_is_promised(seed: int) -> None:
    """All waits alike, in the middle of ±20 %, are not spread as promised."""
    table = table_of(after(1, 3, 9), seed, PROMISED | {"spread": 0.2})
    assert (table[WAITS].verdict, table[JITTER].verdict, table[JITTER].observed) == ("kept", "broken", "none")


@SEEDS
def test_jitter_that_is_added(seed: int) -> None:
    """Up to 10 % more, but up to 1 s at least: even though it is most of a wait of 1 s."""
    random = Random(f"added {seed}")

    def follows(retry: int, ended_s: float) -> float | None:
        wait_s = [1, 3, 20, None][retry - 1]
        return None if wait_s is None else ended_s + wait_s + random.uniform(0, max(0.1 * wait_s, 1))

    promise = {"waits_s": [1, 3, 20], "added": 0.1, "added_least_s": 1}
    table = table_of(follows, seed, promise, watched_s=90)
    assert {table[WAITS].verdict, table[JITTER].verdict, table[ATTEMPTS].verdict} == {"kept"}


@SEEDS
@pytest.mark.parametrize("clock_s", [1.0, 5.0])
@pytest.mark.parametrize("retry", [PROMISED, None])
def test_a_clock_of_its_own(seed: int, clock_s: float, retry: dict[str, Any] | None) -> None:
    """Waits that are rounded up to 1 or 5 s are named, and are no breach."""
    table = table_of(ticking(after(1, 3, 9), clock_s, phase_s=0.37), seed, retry)
    assert table[CLOCK].observed == f"waits are rounded up to a clock of {clock_s:g} s"
    assert f"rounded up to a clock of {clock_s:g} s" in table[WAITS].observed
    assert table[WAITS].verdict == ("kept" if retry else "not promised")
    assert "broken" not in verdicts(table).values()


def test_a_burst_is_no_clock() -> None:
    """Events that are all published at once are retried at the same instants, by whatever law."""
    assert table_of(after(1, 3, 9, 5), 1, over_s=0.02)[CLOCK].observed == "none is seen"


def test_a_clock_that_first_attempts_wait_for_too() -> None:
    """A service that looks for all its work every 5 s."""
    table = table_of(
        ticking(after(1, 3, 9), 5), 1, PROMISED, first_s=lambda at_s: math.ceil(at_s / 5) * 5, over_s=12, watched_s=90
    )
    assert table[CLOCK].observed == "waits are rounded up to a clock of 5 s"
    assert table[WAITS].verdict == "kept"


def test_a_slower_clock_than_the_promised_one() -> None:
    """5 s where 1 s is promised."""
    table = table_of(ticking(after(1, 3, 9), 5), 1, PROMISED | {"clock_s": 1})
    assert (table[CLOCK].promised, table[CLOCK].verdict) == ("waits are rounded up to 1 s", "broken")


@SEEDS
def test_a_clock_does_not_excuse_another_law(seed: int) -> None:
    """1, 2, 4 s, rounded up to 1 s, are too early for 1, 3, 9."""
    assert table_of(ticking(after(1, 2, 4), 1), seed, PROMISED)[WAITS].verdict == "broken"


@SEEDS
def test_waits_that_are_too_early_for_the_promised_clock_say_nothing_of_jitter(seed: int) -> None:
    """As of a service that keeps whole seconds: some come up to one early, and what they differ by is its clock."""

    def whole(retry: int, ended_s: float) -> float | None:
        return math.floor(ended_s + 5) if retry <= 3 else None

    promised = {"first_s": 5, "attempts": 4, "clock_s": 5}
    table = table_of(ticking(whole, 5, phase_s=2.5), seed, promised, events=6, over_s=8.0)
    assert table[JITTER].verdict == "not observed"
    assert table[JITTER].evidence == "the clock hides it"


def failed_of(frames: RunFrames) -> FailedAttempts:
    found: list[FailedAttempts | None] = []
    stage_figures(frames, lambda stage: found.append(failed_attempts_of(stage)))
    return joined([one for one in found if one])


@SEEDS
def test_alertmanagers_law(seed: int) -> None:
    """0.5 s, factor 1.5, spread 50 %, no cap reached: recovered from 60 events of 8 attempts."""
    follows = after(first=0.5, factor=1.5, retries=7, chance=uniform(seed, 0.5, 1.5))
    frames = through_service(follows, Random(f"run {seed}"), watched_s=100)
    table = rules(analyse(frames).performance.service)
    law = fit_law(waits_of(failed_of(frames), START + 100 * SECOND))
    assert law
    assert (law.form, law.chance, law.cap_s) == ("geometric", "proportional", None)
    assert law.first_s == pytest.approx(0.5, rel=0.1)
    assert law.step == pytest.approx(1.5, rel=0.03)
    assert law.spread == pytest.approx(0.5, abs=0.1)
    assert "times the one before; cap: above " in table[WAITS].observed
    assert "not reached" in table[WAITS].observed
    assert table[ATTEMPTS].observed == "gave up after 8 attempts"


@SEEDS
def test_alertmanagers_promise_is_kept(seed: int) -> None:
    """As its table promises; and what was not seen, the end, is not said to be kept."""
    follows = after(first=0.5, factor=1.5, retries=100, chance=uniform(seed, 0.5, 1.5))
    table = table_of(follows, seed, ALERTMANAGER | {"gives_up_s": 300}, watched_s=30)
    assert (table[WAITS].verdict, table[JITTER].verdict) == ("kept", "kept")
    assert table[WAITS].promised == "0.5 s, each 1.5 times the one before, at most 60 s"
    assert table[GIVES_UP].verdict == "not observed"
    assert table[ATTEMPTS].observed.startswith("no end was seen in ")


def wait_of(seen_s: list[float]) -> Wait:
    """What these waits before one retry say."""
    count = len(seen_s)
    failed = FailedAttempts(
        stage=np.zeros(count, np.int64),
        number=np.ones(count, np.int64),
        accepted_ns=np.zeros(count, np.int64),
        first_ns=np.zeros(count, np.int64),
        began_ns=np.zeros(count, np.int64),
        ended_ns=np.zeros(count, np.int64),
        next_ns=(np.array(seen_s) * 1e9).astype(np.int64),
        slack_s=np.zeros(count),
    )
    (found,) = waits_of(failed, 1_000 * SECOND)
    return found


@pytest.mark.parametrize("count", [3, 5, 10, 40, 300])
def test_a_few_waits_are_spread_as_widely_as_many(count: int) -> None:
    """Of few the longest and the shortest do not reach the ends of their spread: their width is that of all, still."""
    random = Random(f"few {count}")
    widths = [wait_of([random.uniform(0.5, 1.5) for _ in range(count)]).width_s for _ in range(2_000)]
    assert np.mean(widths) == pytest.approx(1, abs=0.03)


@SEEDS
def test_the_law_of_a_stage_in_which_the_service_was_behind(seed: int) -> None:
    """Its waits are longer by the queue's: where a calm stage has enough, the law is that stage's alone."""
    random = Random(f"behind {seed}")
    base = after(first=0.5, factor=1.5, retries=7, chance=uniform(seed, 0.5, 1.5))

    def queued(retry: int, ended_s: float) -> float | None:
        at_s = base(retry, ended_s)
        return None if at_s is None else at_s + random.uniform(0, 2)

    behind = failed_of(through_service(queued, random, watched_s=100, first_s=lambda at_s: at_s + random.uniform(0, 2)))
    calm = failed_of(through_service(base, random, watched_s=100, events=40))
    law = fit_law(waits_of(joined([behind, calm]), START + 100 * SECOND))
    assert law
    assert law.first_s == pytest.approx(0.5, rel=0.15)
    assert law.step == pytest.approx(1.5, rel=0.05)
    assert law.spread == pytest.approx(0.5, abs=0.1)


@SEEDS
def test_a_few_waits_of_a_calm_stage(seed: int) -> None:
    """Too few to tell: those of the stage in which the service was behind count as well."""
    random = Random(f"calm {seed}")
    behind = failed_of(
        through_service(after(1, 3, 9), random, watched_s=100, first_s=lambda at_s: at_s + random.uniform(0, 2))
    )
    calm = failed_of(through_service(after(1, 3, 9), random, watched_s=100, events=4))
    assert [wait.count for wait in waits_of(joined([behind, calm]), START + 100 * SECOND)] == [64, 64, 64]


@SEEDS
@pytest.mark.parametrize("counts_from", ["begin", "end"])
def test_waits_that_count_from_an_attempts_begin(seed: int, counts_from: str) -> None:
    """Our receivers answer after 0.5 s: 1, 3, 9 s from the begin are as promised so, and too early from the end."""
    table = table_of(
        lambda retry, ended_s: after(1, 3, 9)(retry, ended_s - 0.5),
        seed,
        PROMISED | {"counts_from": counts_from},
        held_s=0.5,
    )
    kept = counts_from == "begin"
    assert table[WAITS].verdict == ("kept" if kept else "broken")
    assert table[WAITS].observed.startswith("1, 3, 9 s") == kept


@SEEDS
def test_an_attempts_begin_that_nobody_saw(seed: int) -> None:
    """A service's queue may hold an attempt back after it began: by so much the next one may seem too early."""
    random, base = Random(f"unseen {seed}"), after(1, 3, 9)
    held_s = [0.0]

    def first_s(at_s: float) -> float:
        held_s[0] = random.choice([0.0, 0.3])
        return at_s + held_s[0]

    def follows(retry: int, ended_s: float) -> float | None:
        at_s = base(retry, ended_s - 0.001 - held_s[0])
        held_s[0] = random.choice([0.0, 0.3])
        return None if at_s is None else at_s + held_s[0]

    kept, broken = (
        table_of(follows, seed, PROMISED | {"counts_from": counts_from}, first_s=first_s)[WAITS].verdict
        for counts_from in ("begin", "end")
    )
    assert (kept, broken) == ("kept", "broken")


@SEEDS
def test_a_few_waits_say_little_of_how_chance_spreads_them(seed: int) -> None:
    """Three of the last retries may lie close together by chance: it is ±50 % still, and no fixed length."""
    random = Random(f"close {seed}")
    many = [Wait(300, b, b * 0.55, b * 1.45) for b in (0.5, 0.75, 1.125, 1.69)]
    few = [Wait(3, b, b - 0.1, b + 0.1 + random.uniform(0, 0.05)) for b in (2.5, 3.8, 5.7, 8.5, 12.8)]
    law = fit_law(many + few)
    assert law
    assert law.chance == "proportional"
    assert law.spread == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize("cap_s", [2.0, None])
def test_chance_hardly_makes_another_law_of_waits_that_grow(cap_s: float | None) -> None:
    """Of 300 services whose waits grow and are jittered, the last ones few, none is read as a mere list; a cap is found
    where there is one, and only there.
    """
    random, counts = Random(f"growing {cap_s}"), (90, 70, 50, 30, 20, 10, 5, 3)
    bases = [min(0.5 * 1.5**retry, cap_s or math.inf) for retry in range(len(counts))]
    for _ in range(300):
        law = fit_law(
            [
                wait_of([base * random.uniform(0.5, 1.5) for _ in range(count)])
                for base, count in zip(bases, counts, strict=True)
            ]
        )
        assert law
        assert (law.form, law.chance, law.cap_s is not None) == ("geometric", "proportional", cap_s is not None)


LAWS: dict[str, tuple[Next, str]] = {
    "constant": (after(2, 2, 2, 2), "2 s each time"),
    "linear": (after(1, 2, 3, 4, 5), "1 s, each 1 s longer than the one before (1, 2, 3, 4, 5 s)"),
    "geometric": (
        after(first=0.5, factor=2, retries=5),
        "0.502 s, each 2 times the one before; cap: above 8 s, not reached",
    ),
    "capped": (after(1, 2, 4, 5, 5), "1 s, each 2 times the one before; cap: 5 s (1, 2, 4, 5, 5 s)"),
    "a list": (after(1, 5, 2, 7), "1, 5, 2, 7 s"),
    "two": (after(1, 5), "1, 5 s"),
}


@pytest.mark.parametrize("law", LAWS)
def test_what_the_law_is_where_none_is_promised(law: str) -> None:
    """Its form in words, without jitter."""
    follows, told = LAWS[law]
    table = table_of(follows, 1, watched_s=120)
    assert table[WAITS].observed.startswith(told)
    assert (table[WAITS].promised, table[WAITS].verdict) == (None, "not promised")
    assert table[JITTER].observed == "none"
    assert "broken" not in verdicts(table).values()


@SEEDS
def test_full_jitter_where_none_is_promised(seed: int) -> None:
    """From 0 to a wait that doubles."""
    table = table_of(after(first=1, factor=2, retries=5, chance=uniform(seed, 0, 1)), seed, events=200, watched_s=200)
    assert table[JITTER].observed == "full: from 0 to the whole wait"
    told = re.match(r"0 to (\S+) s, each (\S+) times the one before; cap: above ", table[WAITS].observed)
    assert told
    assert float(told[1]) == pytest.approx(1, rel=0.1)
    assert float(told[2]) == pytest.approx(2, rel=0.05)


@SEEDS
def test_jitter_of_a_fixed_length(seed: int) -> None:
    """Up to 1 s added to each wait, long or short."""
    random = Random(f"added {seed}")
    doubling = after(first=1, factor=2, retries=5)

    def follows(retry: int, ended_s: float) -> float | None:
        at_s = doubling(retry, ended_s)
        return None if at_s is None else at_s + random.uniform(0, 1)

    table = table_of(follows, seed, events=200, watched_s=200)
    assert table[JITTER].observed.endswith("s added")
    assert float(table[JITTER].observed.split()[2]) == pytest.approx(1, rel=0.1)


@pytest.mark.parametrize(("retries", "many", "few"), [(2, 0, 60), (4, 60, 0)])
def test_another_number_of_attempts(retries: int, many: int, few: int) -> None:
    """Two or four retries where three are promised: every event is counted."""
    table = table_of(after(*[1, 1, 1, 1][:retries]), 1, {"first_s": 1, "attempts": 4})
    assert table[WAITS].verdict == "kept"
    assert table[ATTEMPTS].verdict == "broken"
    assert f"{many} with more attempts, {few} with fewer" in table[ATTEMPTS].evidence
    assert table[ATTEMPTS].observed == f"gave up after {retries + 1} attempts"


def test_too_short_a_watch() -> None:
    """Before the last wait is over nothing is said of the number of attempts."""
    table = table_of(after(1, 3, 9), 1, PROMISED, watched_s=12, over_s=2)
    assert table[ATTEMPTS].verdict == "not observed"
    assert table[WAITS].verdict == "kept"


@pytest.mark.parametrize(("limit_s", "verdict"), [(12.0, "kept"), (6.0, "broken"), (40.0, "broken")])
def test_giving_up_by_time(limit_s: float, verdict: str) -> None:
    """Retries every 2 s for 10 s, where other times are promised."""
    table = table_of(after(first=2, retries=5), 1, {"first_s": 2, "gives_up_s": limit_s}, watched_s=100)
    assert table[GIVES_UP].verdict == verdict


def test_a_wait_before_the_first_attempt() -> None:
    """Kept and broken, by the stage where it was shortest."""
    promise = PROMISED | {"delay_s": 3}
    kept = table_of(after(1, 3, 9), 1, promise, first_s=lambda at_s: at_s + 3)
    assert (kept[FIRST].promised, kept[FIRST].verdict) == ("3 s", "kept")
    assert kept[WAITS].verdict == "kept"
    assert table_of(after(1, 3, 9), 1, promise)[FIRST].verdict == "broken"
    late = table_of(after(1, 3, 9), 1, {"waits_s": [1, 2, 8], "delay_s": 3}, first_s=lambda at_s: at_s + 3)
    assert late[WAITS].verdict == "broken"  # what is meant excuses nothing
    assert table_of(after(1, 3, 9), 1, promise, first_s=lambda at_s: at_s + 6)[FIRST].verdict == "broken"


def test_what_says_nothing_of_the_law() -> None:
    """Waits after a `Retry-After`, after other answers than 5xx, while attempts may be made unseen, and of attempts
    that overlap; after an answer that was held back, and at an endpoint that said 410."""
    hinted = {"faults": {"status": {"503": 1.0}, "retry_after_s": 5}}
    own = {"classes": [{"name": "asking", "first": 0, "count": 60, "faults": hinted["faults"]}]}
    refused = {"incidents": [{"fault": "refused"}]}
    cases: list[dict[str, Any]] = [
        hinted,
        own,
        refused,
        {"restart": "service"},
        {"status": lambda attempt: 429},
        {"held_s": 1.5},
    ]
    cases.append({"status": lambda attempt: 410 if attempt == 2 else 503})
    for more in cases:
        table = table_of(after(5, 5, 5), 1, PROMISED, **more)
        assert set(verdicts(table).values()) <= {"not observed", "not promised"}, more
    assert table_of(after(-0.006), 1, PROMISED)[WAITS].verdict == "not observed"  # two at a time
    mixed = table_of(after(1, 3, 9), 1, PROMISED, status=lambda attempt: 429 if attempt == 2 else 503)
    assert mixed[WAITS].evidence.startswith("60 waits")


def test_a_run_with_nothing_to_see() -> None:
    """All went well: the table says what is missing, and the check of promises is skipped."""
    section = section_of(after(1, 3, 9), 1, PROMISED, status=lambda attempt: 204, faults=None)
    assert rules(section.service)[WAITS].verdict == "not observed"
    assert "nothing was answered 5xx" in rules(section.service)[WAITS].evidence
    (check,) = [one for one in section.default_checks or [] if one.check == "promises kept"]
    assert check.status == "skipped"


@SEEDS
def test_a_watch_that_ends_early(seed: int) -> None:
    """Of the waits that it cuts off only the short ones are seen: they are no part of the law."""
    follows = after(first=0.5, factor=1.5, retries=100, chance=uniform(seed, 0.5, 1.5))
    failed = failed_of(through_service(follows, Random(f"run {seed}"), watched_s=20))
    law = fit_law(waits_of(failed, START + 20 * SECOND))
    assert law
    assert law.form == "geometric"
    assert law.step == pytest.approx(1.5, rel=0.05)
    assert law.spread == pytest.approx(0.5, abs=0.1)


def test_a_stage_that_lasts_to_the_end_of_the_watch() -> None:
    """Its first events were watched for long enough to tell of late retries."""
    failed = failed_of(through_service(after(5, 5, 5, 5), Random(1), over_s=24, watched_s=24))
    assert len(waits_of(failed, START + 24 * SECOND)) >= 3


def test_a_run_of_our_own_senders() -> None:
    """It has no table, and no check of promises."""
    section = analyse(replace(through_service(after(1), Random(1)), manifest=run([]).manifest)).performance
    assert section.service is None
    assert "promises kept" not in {one.check for one in section.default_checks or []}
