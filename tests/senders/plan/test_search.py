"""The search for capacity, played against systems whose capacity is known."""

from dataclasses import replace
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from _hookswarm.senders.plan.arrivals import Constant, Poisson
from _hookswarm.senders.plan.search import MAX_TRIES, Search, TriedRate, idle_of, keeps, limited_by, next_rate
from _hookswarm.senders.plan.stages import Limits, Stage
from tests.support.known_server import Servers, services


def search(capacity: float, first: float, limits: Limits, noise: float = 0.0, seed: int = 1) -> list[TriedRate]:
    """All tries, against a system that holds what is below its capacity, give or take some noise."""
    random, tries = Random(seed), list[TriedRate]()
    while (rate := next_rate(tries, first, limits)) is not None:
        tries.append(TriedRate(rate, rate <= capacity * (1 + random.gauss(0, noise))))
    return tries


def bracket(tries: list[TriedRate]) -> tuple[float, float]:
    """The highest rate that a majority of its tries held below the lowest that broke."""
    rates = {t.rate for t in tries}
    votes = {rate: [t.held is True for t in tries if t.rate == rate] for rate in rates}
    held = {rate for rate in rates if 2 * sum(votes[rate]) > len(votes[rate])}
    high = min(rates - held)
    return max(rate for rate in held if rate < high), high


@given(capacity=st.floats(1, 1e5), first=st.floats(1, 1e5), tolerance=st.sampled_from([0.02, 0.05, 0.2]))
def test_it_closes_in_on_the_capacity(capacity: float, first: float, tolerance: float) -> None:
    """From any first rate, within few tries, the capacity lies between two rates that are close together."""
    limits = Limits(tolerance=tolerance, repeats=3)
    if not first / 1000 < capacity < first * 1000:
        return
    tries = search(capacity, first, limits)
    low, high = bracket(tries)
    assert low <= capacity < high <= low * (1 + tolerance) * 1.001
    assert len(tries) <= 30
    for rate in (low, high):
        assert sum(t.rate == rate for t in tries) == 2  # two that agree are a majority of three


def test_noise_is_outvoted() -> None:
    """With tries that err near the capacity, it is found within a few percent all the same."""
    found = [bracket(search(1000, 100, Limits(tolerance=0.02, repeats=5), noise=0.02, seed=seed)) for seed in range(50)]
    assert all(low <= 1060 and high >= 940 for low, high in found)


def test_the_first_try_is_the_planned_rate() -> None:
    """A search begins where the plan says, doubles while it holds, and halves while it breaks."""
    limits = Limits()
    assert next_rate([], 100, limits) == 100
    assert next_rate([TriedRate(100, True)], 100, limits) == 200
    assert next_rate([TriedRate(100, False)], 100, limits) == 50
    assert next_rate([TriedRate(100, True), TriedRate(200, False)], 100, limits) == pytest.approx(141.42)


@pytest.mark.parametrize(("first", "tried"), [(50, [50]), (20, [20, 40, 50]), (25, [25, 50])])
def test_a_search_ends_at_the_highest_rate_that_may_be_offered(first: float, tried: list[float]) -> None:
    """Where that holds; where it breaks, the search goes on below it."""
    held, search = [], Search(first, Limits(), highest=50)
    while (rate := search.next_rate()) is not None:
        held.append(rate)
        search.note(rate, True)
    assert held == tried
    assert next_rate([TriedRate(40, True), TriedRate(50, False)], 20, Limits(), 50) == pytest.approx(44.721)


def test_a_search_ends() -> None:
    """A target without a limit, one that never holds, and one that cannot make up its mind: all end."""
    limits = Limits()
    assert len(search(1e12, 100, limits)) < MAX_TRIES
    assert len(search(0, 100, limits)) < MAX_TRIES
    random, tries = Random(1), list[TriedRate]()
    while (rate := next_rate(tries, 100, limits)) is not None:
        tries.append(TriedRate(rate, random.random() < 0.5))
    assert len(tries) <= MAX_TRIES


SERVERS, SERVICE_S, LENGTH_S = 8, 0.02, 2.0
CAPACITY = SERVERS / SERVICE_S
LIMITS = Limits(p99_ms=SERVICE_S * 1e3 + 30, tolerance=0.03, repeats=3)


def reckoned(rate: float) -> tuple[int, int, float]:
    """Requests, failures and p99 (ms) of a try at a constant rate against the known server, without any clock."""
    servers, count = Servers(SERVERS, services(SERVICE_S)), round(rate * LENGTH_S)
    waits = [servers.answer_at(n / rate) - n / rate for n in range(count)]
    return count, 0, float(np.quantile(waits, 0.99)) * 1e3


@pytest.mark.parametrize("disturbed_share", [0.0, 0.2])
@pytest.mark.parametrize("first", [150.0, 260.0, 330.0, 450.0, 700.0])
def test_the_capacity_of_a_known_server(first: float, disturbed_share: float) -> None:
    """From any first rate within 5 %, though the generator disturbs one try in five: those are played again.

    At a rate that is e above the capacity the wait grows by e a second: after 2 s, 30 ms of margin tell 1.5 %.
    """
    random, search, held, broken = Random(1), Search(first, LIMITS), set[float](), set[float]()
    while (rate := search.next_rate()) is not None:
        kept, disturbed = keeps(LIMITS, *reckoned(rate)), random.random() < disturbed_share
        search.note(rate, None if disturbed else kept)
        (held if kept else broken).add(rate)
    assert CAPACITY * 0.95 < max(held) < min(broken) < CAPACITY * 1.05
    assert min(broken) <= max(held) * 1.04


def test_a_disturbed_try_is_played_again_twice() -> None:
    """Two of a rate count for nothing; of a third the generator is the limit there, or the search would not end."""
    search = Search(100, Limits())
    for played in range(3):
        assert (search.next_rate(), search.played(100)) == (100, played)
        search.note(100, held=None)
    assert (search.next_rate(), search.played(100)) == (50, 3)


def test_disturbed_tries_are_counted_by_rate() -> None:
    """Two of one rate leave another's alone, and one that held in between is a try like any other."""
    search = Search(100, Limits())
    for held in (None, None, True):
        search.note(100, held)
    assert search.next_rate() == 200
    for _ in range(2):
        search.note(200, held=None)
        assert search.next_rate() == 200
    assert (search.played(100), search.played(200), search.played(50)) == (3, 2, 0)


@pytest.mark.parametrize("between", [0, 1, 2, 3])
def test_a_rate_that_held_stays_held_whatever_disturbs_it(between: int) -> None:
    """Disturbed tries do not vote where there are others: when 100 is tried again it is disturbed, and the search goes
    on from it, or ends; it never goes below."""
    search = Search(100, Limits(tolerance=1.0, repeats=3))
    search.note(100, held=True)
    search.note(200, held=False)
    for _ in range(between):
        assert search.next_rate() == 100
        search.note(100, held=None)
    assert search.next_rate() == (100 if between <= 2 else 200)


@pytest.mark.parametrize(
    ("requests", "failures", "p99_ms", "kept"),
    [
        (200, 0, 50.0, True),
        (200, 0, 50.1, False),
        (200, 2, 1.0, True),
        (200, 3, 1.0, False),
        (1, 0, 1.0, True),
        (0, 0, 0.0, False),
    ],
)
def test_limits_are_kept_up_to_themselves(requests: int, failures: int, p99_ms: float, kept: bool) -> None:
    """A p99 of 50 ms and one failure in a hundred are allowed here; a try in which nothing was sent keeps nothing."""
    assert keeps(Limits(p99_ms=50, error_rate=0.01), requests, failures, p99_ms) is kept


SERVICE_SEARCH = Stage("capacity", arrivals=Poisson(400), duration_s=1.2, limits=Limits(p99_ms=250, over_idle_ms=1_000))


@pytest.mark.parametrize(("rate", "length_s"), [(400, 1.2), (100, 3.0), (10, 10.0)])
def test_nothing_waits_at_a_tenth_of_the_rate(rate: float, length_s: float) -> None:
    """Until thirty events are due, or for ten seconds: of three nobody can tell a 99th percentile."""
    stage = idle_of(replace(SERVICE_SEARCH, arrivals=Poisson(rate)))
    assert (stage.arrivals, stage.duration_s, stage.limits) == (Constant(rate / 10), length_s, None)
    assert stage.scenario == "capacity idle"


@pytest.mark.parametrize(("idle_ms", "length_s"), [(20.0, 1.2), (2_700.0, 8.1)])
def test_a_try_is_longer_than_a_delivery(idle_ms: float, length_s: float) -> None:
    """A service that looks every three seconds delivers nothing within one; the limit is what it takes, and 1 s."""
    stage = limited_by(SERVICE_SEARCH, idle_ms)
    assert stage.limits
    assert (stage.limits.p99_ms, stage.duration_s) == (1_000 + idle_ms, length_s)
