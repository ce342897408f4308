"""Strategies side by side: figures known to the digit, and what may be called a difference."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from _hookswarm.analysis.regions.strategies import jain
from _hookswarm.analysis.schema.distribution import Strategies, Strategy
from _hookswarm.records.rows import Outcome
from _hookswarm.records.timeline import IncidentPlayed, RunEnded
from tests.support.distributed import WORLD, Floats, compared, played
from tests.support.journals import MS, SECOND, START, Row, attempt, planned, run

EAST, WEST, SOUTH = range(3)
EVEN = np.arange(1, 1_001, dtype=float)
"""1 to 1,000 ms: each quantile is its own place."""


def mixed(values: Floats, seed: int = 1) -> Floats:
    """The same in an order of chance: no time is slower than another."""
    return np.random.default_rng(seed).permutation(values)


def only(found: Sequence[Strategies]) -> Strategies:
    (one,) = found
    return one


def of(found: Strategies, name: str) -> Strategy:
    (one,) = (one for one in found.strategies if one.strategy == name)
    return one


def hand_made(a: list[Row], b: list[Row], *incidents: IncidentPlayed, **world: Any) -> Strategies:
    """Two strategies in a stage of ten seconds each."""
    plans = [planned(name, scenario="strategies", strategy=name) for name in ("a", "b")]
    rows = [row | {"stage": stage} for stage, own in enumerate((a, b)) for row in own]
    frames = run(rows, stages=plans, **(WORLD | world))
    frames.timeline.extend(incidents)
    return only(compared(frames))


def trips(*targets: int, origin: int = EAST) -> list[Row]:
    return [attempt(n, origin=origin, target=target) for n, target in enumerate(targets)]


# Figures


def test_latencies_and_goodput() -> None:
    """Of 1 to 1,000 ms: quantiles by nearest rank, and what was on time by the second of the window."""
    found = only(compared(played({"a": [mixed(EVEN)], "b": [mixed(EVEN * 2)]})))
    a, b = of(found, "a"), of(found, "b")
    assert (a.p50_ms, a.p99_ms, a.p999_ms, a.objective_ms) == (500, 990, 999, 990)
    assert (a.events, a.error_rate, a.amplification) == (1_000, 0, 1)
    assert (b.p50_ms, b.p99_ms, b.p999_ms, b.objective_ms) == (1_000, 1_980, 1_998, 1_980)
    assert (a.goodput_per_s, b.goodput_per_s, found.on_time_ms) == (100, 50, 1_000)


def test_the_plan_says_what_is_on_time() -> None:
    """A limit in the stage's plan takes the place of the usual one; it is itself on time."""
    found = only(compared(played({"a": [mixed(EVEN)], "b": [mixed(EVEN * 2)]}, on_time_ms=250)))
    assert (of(found, "a").goodput_per_s, of(found, "b").goodput_per_s, found.on_time_ms) == (25, 12.5, 250)


def test_what_was_never_acknowledged_is_infinitely_late() -> None:
    """It is in the objective and the error rate, not in the quantiles of what was acknowledged."""
    few, many = EVEN.copy(), EVEN.copy()
    few[-5:], many[-11:] = np.inf, np.inf
    found = only(compared(played({"few": [mixed(few)], "many": [mixed(many)]})))
    assert [one.strategy for one in found.strategies] == ["few", "many"]
    assert (of(found, "few").objective_ms, of(found, "many").objective_ms) == (990, None)
    assert (of(found, "few").error_rate, of(found, "many").error_rate) == (0.005, 0.011)
    assert (of(found, "few").p99_ms, of(found, "many").p999_ms) == (986, 989)


def test_only_the_window_counts() -> None:
    """Events of the warm-up, and their attempts, are in no figure."""
    early = [attempt(n, due=START, origin=EAST, target=SOUTH, done=START + SECOND) for n in range(5)]
    later = [attempt(9, due=START + 3 * SECOND, origin=EAST, target=WEST)]
    plans = [planned(name, scenario="s", strategy=name, warmup_s=2.0) for name in ("a", "b")]
    rows = [row | {"stage": stage} for stage in (0, 1) for row in early + later]
    one = only(compared(run(rows, stages=plans, **WORLD))).strategies[0]
    assert (one.events, one.p99_ms, one.goodput_per_s, one.rtt_above_nearest_ms) == (1, 1, 0.1, 19)


def test_load_over_the_regions() -> None:
    """Attempts by weight: 2, 2 and 4 are even where the third takes twice as much; all on one is a third of that."""
    found = hand_made(trips(EAST, EAST, WEST, WEST, *[SOUTH] * 4), trips(*[WEST] * 8))
    assert (of(found, "a").jain, of(found, "a").peak_to_mean) == (1, 1)
    assert (of(found, "b").jain, of(found, "b").peak_to_mean) == (0.333333, 3)


def test_uneven_load() -> None:
    """Loads 4, 2 and 1 (of weight 2): 7 squared by 3 times 21, and 4 by 7 / 3."""
    found = hand_made(trips(*[EAST] * 4, WEST, WEST, SOUTH, SOUTH), trips(EAST))
    assert (of(found, "a").jain, of(found, "a").peak_to_mean) == (0.777778, 1.7143)


@pytest.mark.parametrize("k", [1, 2, 5, 9])
def test_jain_s_index(k: int) -> None:
    """k alike have 1, one that has all of it among k has 1 / k; nothing has none."""
    assert jain(np.full(k, 7.0)) == 1
    assert jain(np.eye(k)[0]) == pytest.approx(1 / k, abs=1e-6)
    assert jain(np.repeat([3.0, 0.0], [1, k])) == pytest.approx(1 / (k + 1), abs=1e-6)
    assert jain(np.zeros(k)) is None


def test_how_far_attempts_went() -> None:
    """From east: 0, 19 and 99 ms above the nearest. Without a table only the region's own is told."""
    rows = trips(EAST, WEST, WEST, SOUTH)
    a = of(hand_made(rows, trips(EAST)), "a")
    assert (a.cross_region_share, a.rtt_above_nearest_ms) == (0.75, 34.25)
    foreign = of(hand_made(rows, trips(EAST), links=None), "a")
    assert (foreign.cross_region_share, foreign.rtt_above_nearest_ms) == (0.75, None)


def test_retries_are_attempts() -> None:
    """They count for amplification and load, and where they went; what was never sent does not."""
    rows = [
        attempt(0, origin=EAST, target=EAST, outcome=Outcome.REJECTED),
        attempt(0, origin=EAST, target=WEST, attempt=2, outcome=Outcome.REJECTED),
        attempt(0, origin=EAST, target=WEST, attempt=3),
        attempt(1, origin=EAST, target=EAST),
        attempt(2, origin=EAST, target=SOUTH, outcome=Outcome.ABANDONED),
    ]
    a = of(hand_made(rows, trips(EAST)), "a")
    assert (a.events, a.amplification, a.cross_region_share, a.error_rate) == (3, 2, 0.5, 0.333333)


def incident(from_s: float, until_s: float, stage: int = 0, *, origins: Sequence[int] = (0, 1, 2)) -> IncidentPlayed:
    return IncidentPlayed(
        at_ns=START + round(from_s * SECOND), until_ns=START + round(until_s * SECOND), stage=stage,
        fault="cut", regions=[WEST], origins=list(origins),
    )  # fmt: skip


def test_the_share_sent_to_regions_that_had_failed() -> None:
    """Of four attempts from 2 s to before 6 s three went west; those before and behind do not count."""
    targets = (WEST, WEST, WEST, EAST, WEST, WEST, WEST, WEST)
    rows = [attempt(n, due=START + n * SECOND, origin=EAST, target=target) for n, target in enumerate(targets)]
    found = hand_made(rows, rows, incident(2, 6), incident(0, 1, stage=1))
    assert (of(found, "a").degraded_share, of(found, "b").degraded_share) == (0.75, 1)
    assert of(hand_made(rows, rows), "a").degraded_share is None


def test_a_cut_that_only_some_origins_notice() -> None:
    """The way from another origin is as good as ever: its attempts are not counted."""
    rows = [attempt(n, origin=n % 2, target=WEST if n in (0, 2) else EAST) for n in range(6)]
    found = hand_made(rows, rows, incident(0, 1, origins=[EAST]))
    assert of(found, "a").degraded_share == 0.666667
    assert of(found, "b").degraded_share is None


def test_two_incidents_at_once() -> None:
    """An attempt is counted once, whichever of them it met."""
    rows = [attempt(n, origin=EAST, target=(WEST, EAST)[n % 2]) for n in range(4)]
    both = incident(0, 1), incident(0, 2)
    assert of(hand_made(rows, rows, *both), "a").degraded_share == 0.5


# What is compared with what


def test_nothing_to_compare() -> None:
    """A plan without strategies, or with one, has no comparison; nor have stages that differ in more than that."""
    assert compared(run([attempt(0)])) == []
    assert compared(played({"a": [EVEN, EVEN]})) == []
    plans = [planned(name, scenario="s", strategy=name, users=n) for n, name in enumerate("ab", 1)]
    assert compared(run([attempt(0), attempt(0, stage=1)], stages=plans)) == []


def test_each_scenario_for_itself() -> None:
    """In the order of the plan, with the names of the stages that were compared."""
    plans = [planned(f"{s} {name}", scenario=s, strategy=name) for s in ("calm", "storm") for name in "ab"]
    found = compared(run([attempt(n, stage=n) for n in range(4)], stages=plans))
    assert [(one.scenario, one.stages) for one in found] == [
        ("calm", ["calm a", "calm b"]),
        ("storm", ["storm a", "storm b"]),
    ]
    assert "p99 of delivery latency" in found[0].objective


def test_repeats_are_taken_together() -> None:
    """Events, windows and attempts add up; latencies are those of all repeats."""
    low, high = mixed(EVEN[:500]), mixed(EVEN[500:])
    found = only(compared(played({"a": [low, high], "b": [low, low]})))
    a = of(found, "a")
    assert (found.repeats, a.events, a.p50_ms, a.p99_ms, a.goodput_per_s) == (2, 1_000, 500, 990, 50)
    assert (of(found, "b").p50_ms, of(found, "b").objective_ms) == (250, 495)


def test_a_repeat_that_not_all_of_them_had() -> None:
    """A run that was stopped in the second round compares the first: the half stage, and its round, are left out."""
    frames = played({"a": [EVEN, EVEN * 9], "b": [EVEN * 2, EVEN * 9], "c": [EVEN * 3]})
    end = RunEnded(at_ns=START + 12 * SECOND, interrupted=True)
    found = only(compared(replace(frames, timeline=[*frames.timeline[:-1], end])))
    assert (found.repeats, found.stages) == (1, ["a #1", "b #1", "c #1"])
    assert [one.objective_ms for one in found.strategies] == [990, 1_980, 2_970]
    first = played({"a": [EVEN], "b": [EVEN * 2], "c": [EVEN * 9]})
    found = only(compared(replace(first, timeline=[*first.timeline[:-1], end])))
    assert [one.strategy for one in found.strategies] == ["a", "b"]


def test_a_stage_that_was_played_once_more_stands_beside_the_others() -> None:
    """Which stage it repeats sets it no more apart than its strategy does."""
    frames = played({"a": [EVEN, EVEN], "b": [EVEN, EVEN]})
    for number, stage in enumerate(frames.manifest.stages):
        stage["replay_of"] = 9 if number == 2 else None
    assert only(compared(frames)).repeats == 2


def test_a_strategy_without_an_event() -> None:
    """There is nothing to say of it."""
    assert compared(played({"a": [EVEN], "b": [[]]})) == []
    assert len(only(compared(played({"a": [EVEN], "b": [[]], "c": [EVEN]}))).strategies) == 2


# What is a difference


def ranks(found: Strategies) -> dict[str, int]:
    return {one.strategy: one.rank for one in found.strategies}


def test_ranks_are_shared_by_what_cannot_be_told_apart() -> None:
    """Two alike, one far behind, and one that is worse still: 1, 1, 3, 4."""
    latency = np.random.default_rng(3).lognormal(3, 0.3, 6_000)
    again = np.random.default_rng(4).lognormal(3, 0.3, 6_000)
    found = only(compared(played({"far": [latency * 3], "one": [latency], "other": [again], "last": [again * 9]})))
    assert sorted(ranks(found).values()) == [1, 1, 3, 4]
    assert (ranks(found)["far"], ranks(found)["last"]) == (3, 4)
    best, second = (one.strategy for one in found.strategies[:2])
    told = [(one.better, one.worse, one.different) for one in found.differences]
    assert told == [
        (best, second, False),
        (best, "far", True),
        (second, "far", True),
        (best, "last", True),
        ("far", "last", True),
    ]
    assert "Bonferroni over 6 pairs" in found.method


def test_a_difference_and_its_interval() -> None:
    """Of 1 to 1,000 ms and half as much again the difference of the p99 is 495 ms, and the interval holds it."""
    found = only(compared(played({"a": [mixed(EVEN)], "b": [mixed(EVEN, 2) * 1.5]})))
    (one,) = found.differences
    assert (one.better, one.worse, one.of, one.value, one.different) == ("a", "b", "objective_ms", 495, True)
    assert one.low is not None
    assert one.high is not None
    assert 400 < one.low < 495 < one.high < 600
    assert one.message == f"a beats b by 495 ms ({one.low:,.4g} to {one.high:,.4g})"


def test_more_pairs_have_wider_intervals() -> None:
    """The interval of two strategies grows when a third one is compared with them."""
    two = {"a": [mixed(EVEN)], "b": [mixed(EVEN, 2) * 1.5]}
    alone, (among, *_) = (only(compared(played(own))).differences for own in (two, two | {"c": [mixed(EVEN, 3) * 9]}))
    assert (alone[0].better, alone[0].worse) == (among.better, among.worse) == ("a", "b")
    assert (among.high or 0) - (among.low or 0) > (alone[0].high or 0) - (alone[0].low or 0) > 0


@pytest.mark.parametrize(("a_ms", "b_ms"), [(100, 104.9), (2, 2.99)])
def test_a_certain_difference_that_matters_to_nobody(a_ms: float, b_ms: float) -> None:
    """Under 5 % of the better one, or under a millisecond, it is none, however sure."""
    (one,) = only(compared(played({"a": [[a_ms] * 600], "b": [[b_ms] * 600]}))).differences
    assert one.value == pytest.approx(b_ms - a_ms)
    assert one.low == one.high == one.value
    assert not one.different
    assert "cannot be told apart" in one.message


@pytest.mark.parametrize(("a_ms", "b_ms"), [(100, 105.1), (2, 3.01)])
def test_the_least_that_matters(a_ms: float, b_ms: float) -> None:
    assert only(compared(played({"a": [[a_ms] * 600], "b": [[b_ms] * 600]}))).differences[0].different


def test_what_befell_both_cancels_out() -> None:
    """A slow time, which all strategies met, makes neither's p99 less sure against the other's."""
    waves = 50 * (1 + 20 * (np.arange(6_000) // 200 % 2 == 0)) * np.random.default_rng(5).uniform(0.9, 1, 6_000)
    (one,) = only(compared(played({"a": [waves], "b": [waves * 1.1]}))).differences
    assert one.different


def test_losses_rank_behind() -> None:
    """A strategy that leaves over 1 % unacknowledged is behind any that does not, however fast it was."""
    lost = np.where(mixed(EVEN) > 950, np.inf, 1.0)
    found = only(compared(played({"quick": [lost], "slow": [mixed(EVEN) * 50]})))
    assert ranks(found) == {"slow": 1, "quick": 2}
    (one,) = found.differences
    assert (one.of, one.value, one.low, one.high, one.different) == ("objective_ms", None, None, None, True)
    assert one.message == "slow beats quick by inf ms (inf to inf)"


def test_losses_are_ranked_by_how_many() -> None:
    """Where all are infinitely late, the error rate decides, and noise is told from it in the same way."""
    rates = {"a": 0.1, "b": 0.1, "c": 0.3}
    wild = np.random.default_rng(6)
    found = only(compared(played({k: [np.where(wild.random(3_000) < v, np.inf, 5.0)] for k, v in rates.items()})))
    assert sorted(ranks(found).items()) == [("a", 1), ("b", 1), ("c", 3)]
    assert {one.of for one in found.differences} == {"error_rate"}
    assert found.differences[-1].value == pytest.approx(0.2, abs=0.03)
    assert "points of error rate" in found.differences[0].message


def test_a_hair_over_the_limit_is_no_certain_loss() -> None:
    """Just over 1 % is infinitely late and just under is not: that is noise, however far apart the objectives are."""
    under, over = (np.where(mixed(EVEN, seed) > limit, np.inf, 5.0) for seed, limit in ((1, 991), (2, 988)))
    (one,) = only(compared(played({"under": [under], "over": [over]}))).differences
    assert (one.better, one.value, one.different) == ("under", None, False)


def incidental(seed: int, slow_ms: float) -> list[Row]:
    """600 events in ten seconds, of which those of the fifth second take longer."""
    wild = np.random.default_rng(seed)
    due = [START + n * SECOND // 60 for n in range(600)]
    ms = [wild.uniform(0.9, 1.1) * (slow_ms if 240 <= n < 300 else 5) for n in range(600)]
    return [attempt(n, due=at, done=at + round(took * MS)) for n, (at, took) in enumerate(zip(due, ms, strict=True))]


def test_incidents_are_a_phase_of_their_own() -> None:
    """A short incident has as many slices as the rest, and as long a share of each resample as it had of the stage:
    what happened in it is told apart. As a tenth of a single phase it would be a slice or two of chance."""
    known = [incident(4, 5, stage) for stage in (0, 1)]
    (one,) = hand_made(incidental(1, 100), incidental(2, 200), *known).differences
    assert one.different
    assert "of 30 slices" in hand_made(incidental(1, 100), incidental(2, 200), *known).method
    (one,) = hand_made(incidental(1, 100), incidental(2, 200)).differences
    assert not one.different


def test_too_little_to_tell() -> None:
    """Of fewer than ten slices with an event nothing is called a difference, and no interval has an end."""
    found = only(compared(played({"a": [[1.0] * 9], "b": [[1_000.0] * 9]})))
    (one,) = found.differences
    assert (one.low, one.high, one.different) == (None, None, False)
    assert ranks(found) == {"a": 1, "b": 1}


def test_the_same_run_has_the_same_report() -> None:
    frames = played({"a": [mixed(EVEN)], "b": [mixed(EVEN, 2) * 1.1]})
    assert compared(frames) == compared(frames)
