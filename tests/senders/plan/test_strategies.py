"""Strategies against oracles: what they do with a stream of attempts in virtual time, and what no history may do."""

import heapq
import itertools
import math
from collections import Counter
from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from _hookswarm.protocol.regions import Algorithm, Balancer
from _hookswarm.records.rows import BALANCED, CODES
from _hookswarm.senders.plan.strategies import BALANCERS, BOUND, STRATEGIES, Strategy, Target, draw_two, playable


class FakeClock:
    """Seconds, moved by the test."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def fleet(weights: Sequence[float]) -> list[Target]:
    """Regions ever farther away."""
    return [Target(code, weight, rtt_s=0.01 * (code + 1)) for code, weight in enumerate(weights)]


def strategy_of(name: str, targets: Sequence[Target], clock: FakeClock | None = None, seed: int = 1) -> Strategy:
    return STRATEGIES[name](targets, Random(seed), clock or FakeClock())


def shares(
    name: str,
    takes_s: Sequence[float],
    *,
    weights: Sequence[float] = (),
    failing: Sequence[int] = (),
    rate: float = 400,
    attempts: int = 20_000,
) -> list[float]:
    """Each target's share of a Poisson stream; `takes_s` says how long an attempt takes there, whatever its load."""
    targets, clock, random = fleet(weights or [1.0] * len(takes_s)), FakeClock(), Random(7)
    strategy = strategy_of(name, targets, clock)
    ends: list[tuple[float, int, Target]] = []
    chosen = Counter[int]()
    due = clock.now
    for n in range(attempts):
        due += random.expovariate(rate)
        while ends and ends[0][0] <= due:
            clock.now, _, target = heapq.heappop(ends)
            target.in_flight -= 1
            strategy.observe(target, takes_s[target.code], target.code in failing)
        clock.now = due
        target = strategy.choose(targets, random.randrange(100))
        target.in_flight += 1
        chosen[target.code] += 1
        heapq.heappush(ends, (due + takes_s[target.code], n, target))
    return [chosen[target.code] / attempts for target in targets]


def drawn(strategy: Strategy, healthy: Sequence[Target], draws: int = 20_000) -> list[float]:
    """Each healthy target's share of choices between which nothing happens."""
    chosen = Counter(strategy.choose(healthy, 0).code for _ in range(draws))
    return [chosen[target.code] / draws for target in healthy]


def busy(targets: Sequence[Target], *in_flight: int) -> None:
    for target, number in zip(targets, in_flight, strict=True):
        target.in_flight = number


def jain(loads: Sequence[float]) -> float:
    """Jain, Chiu and Hawe's index of fairness: 1 is even, 1/k is all on one."""
    return sum(loads) ** 2 / (len(loads) * sum(load**2 for load in loads))


def name_of(targets: Sequence[Target]) -> str:
    return "".join("abcdefgh"[target.code] for target in targets)


# Those that look at nothing.


def test_nearest() -> None:
    """All goes to the shortest round trip that is healthy, in whatever order they are given."""
    targets = [Target(0, rtt_s=0.3), Target(1, rtt_s=0.1), Target(2, rtt_s=0.2)]
    strategy = strategy_of("nearest", targets)
    assert strategy.choose(targets, 0) is strategy.choose(targets[::-1], 0) is targets[1]
    assert strategy.choose([targets[0], targets[2]], 0) is targets[2]


@pytest.mark.parametrize("name", ["round-robin", "weighted-round-robin"])
def test_turns_are_fair(name: str) -> None:
    """Equal regions get equal shares of a stream."""
    assert jain(shares(name, [0.05] * 5)) >= 0.999


@pytest.mark.parametrize("name", ["round-robin", "weighted-round-robin"])
def test_turns_are_blind(name: str) -> None:
    """A region that is ten times slower gets its turns all the same."""
    assert shares(name, [0.05, 0.05, 0.05, 0.5])[3] == 1 / 4


def test_turns_stay_fair_without_one() -> None:
    """The turns of a region that is out are shared by all others, not inherited by the one behind it."""
    targets = fleet([1, 1, 1, 1])
    assert drawn(strategy_of("round-robin", targets), [targets[0], targets[2], targets[3]], 300) == [1 / 3] * 3


def test_smooth_weights_are_interleaved() -> None:
    """Weights 5, 1, 1 are served a a b a c a a, as nginx says."""
    targets = fleet([5, 1, 1])
    strategy = strategy_of("weighted-round-robin", targets)
    assert name_of([strategy.choose(targets, 0) for _ in range(14)]) == "aabacaa" * 2


@given(st.lists(st.integers(1, 9), min_size=1, max_size=5), st.sampled_from([1, 10, 100]))
def test_smooth_weights_are_exact(weights: list[int], parts: int) -> None:
    """In every period each has its weight of attempts, in tenths too, and is never a whole attempt ahead of it."""
    targets, period = fleet([weight / parts for weight in weights]), sum(weights)
    strategy, chosen = strategy_of("weighted-round-robin", targets), Counter[int]()
    for n in range(1, 5 * period + 1):
        chosen[strategy.choose(targets, 0).code] += 1
        assert all(chosen[code] < n * weight / period + 1 for code, weight in enumerate(weights))
        if n % period == 0:
            assert [chosen[target.code] for target in targets] == [n // period * weight for weight in weights]


def test_chance_goes_by_weight() -> None:
    """At random, each region gets its weight's share of the healthy ones."""
    targets = fleet([1, 2, 3, 4])
    strategy = strategy_of("random", targets)
    assert drawn(strategy, targets) == pytest.approx([0.1, 0.2, 0.3, 0.4], abs=0.015)
    assert drawn(strategy, targets[:2]) == pytest.approx([1 / 3, 2 / 3], abs=0.015)


# Those that look at what is in flight, or how long it took.


def test_least_outstanding() -> None:
    """The fewest in flight for its weight is chosen; several that have as few are as likely as each other."""
    targets = fleet([1, 2, 4])
    strategy = strategy_of("least-outstanding", targets)
    busy(targets, 2, 3, 5)
    assert drawn(strategy, targets, 100) == [0, 0, 1]
    busy(targets, 2, 2, 4)
    assert drawn(strategy, targets) == pytest.approx([0, 0.5, 0.5], abs=0.015)


def test_power_of_two() -> None:
    """Of n the m-th busiest is chosen in (m - 1) of n (n - 1) / 2 pairs; the busiest never, for no pair is it twice."""
    targets = fleet([1, 1, 1, 1])
    busy(targets, 3, 2, 1, 0)
    assert drawn(strategy_of("power-of-two", targets), targets) == pytest.approx([0, 1 / 6, 2 / 6, 3 / 6], abs=0.015)


def test_power_of_two_goes_by_weight() -> None:
    """Three in flight are fewer than two where the weight is double."""
    targets = fleet([1, 2])
    busy(targets, 2, 3)
    assert drawn(strategy_of("power-of-two", targets), targets, 100) == [0, 1]


@given(st.integers(2, 8), st.integers())
def test_two_are_two(number: int, seed: int) -> None:
    """Two that are drawn are never the same."""
    targets, random = fleet([1.0] * number), Random(seed)
    assert all(first is not second for first, second in (draw_two(targets, random) for _ in range(50)))


def test_all_pairs_are_as_likely() -> None:
    """Each of the 20 ordered pairs of five is drawn as often."""
    targets, random = fleet([1.0] * 5), Random(1)
    pairs = Counter(name_of(draw_two(targets, random)) for _ in range(20_000))
    assert set(pairs) == {"".join(pair) for pair in itertools.permutations("abcde", 2)}
    assert all(number == pytest.approx(1000, abs=4 * 31) for number in pairs.values())  # four standard deviations


@pytest.mark.parametrize("name", ["least-outstanding", "power-of-two", "peak-ewma"])
def test_a_slow_region_is_spared(name: str) -> None:
    """A region that is ten times slower gets at most a third of what its turns would be."""
    assert shares(name, [0.05, 0.05, 0.05, 0.5])[3] <= 1 / 12


@pytest.mark.parametrize("name", ["least-outstanding", "power-of-two", "peak-ewma"])
def test_equal_regions_are_loaded_alike(name: str) -> None:
    """Who looks at the load has no favourite among equals."""
    assert jain(shares(name, [0.05] * 4)) >= 0.99


@pytest.mark.parametrize("name", ["least-outstanding", "power-of-two"])
def test_fast_failures_attract(name: str) -> None:
    """The trap: a region that fails within a millisecond never has much in flight, and gets more than its turns."""
    assert shares(name, [0.001, 0.05, 0.05, 0.05], failing=[0])[0] >= 0.45


@pytest.mark.parametrize("rate", [20, 400, 4000])
def test_fast_failures_do_not_attract_peak_ewma(rate: float) -> None:
    """A failure counts as very slow, whatever the load elsewhere: one that fails at once gets under two percent."""
    assert shares("peak-ewma", [0.001, 0.05, 0.05, 0.05], failing=[0], rate=rate)[0] < 0.02


def test_a_peak_counts_at_once_and_fades() -> None:
    """One slow answer outweighs a hundred fast ones, for a while."""
    targets, clock = fleet([1, 1]), FakeClock()
    strategy = strategy_of("peak-ewma", targets, clock)
    for _ in range(100):
        clock.now += 0.1
        strategy.observe(targets[0], 0.05, False)
        strategy.observe(targets[1], 0.06, False)
    assert drawn(strategy, targets, 100) == [1, 0]
    strategy.observe(targets[0], 1.0, False)
    assert drawn(strategy, targets, 100) == [0, 1]
    for _ in range(200):
        clock.now += 0.1
        strategy.observe(targets[1], 0.06, False)
    assert drawn(strategy, targets, 100) == [1, 0]


def test_peak_ewma_by_hand() -> None:
    """The cost is the decayed mean, times what is in flight and one more."""
    targets, clock = fleet([1, 1]), FakeClock()
    strategy = strategy_of("peak-ewma", targets, clock)
    strategy.observe(targets[0], 1.0, False)
    clock.now += 5 * math.log(4)
    strategy.observe(targets[0], 0.5, False)  # 1/4 x 1 + 3/4 x 0.5 = 0.625
    strategy.observe(targets[1], 0.62, False)
    assert drawn(strategy, targets, 100) == [0, 1]
    strategy.observe(targets[1], 0.63, False)
    assert drawn(strategy, targets, 100) == [1, 0]
    busy(targets, 2, 1)  # 0.625 x 3 to 0.63 x 2
    assert drawn(strategy, targets, 100) == [0, 1]


def test_the_unknown_is_tried_once() -> None:
    """A region without history is tried first, and by one attempt until it answers."""
    targets = fleet([1, 1])
    strategy = strategy_of("peak-ewma", targets)
    strategy.observe(targets[0], 0.05, False)
    assert drawn(strategy, targets, 100) == [0, 1]
    busy(targets, 500, 1)
    assert drawn(strategy, targets, 100) == [1, 0]


# Consistent hashing.

WEBHOOKS = range(10_000)


def homes(strategy: Strategy, healthy: Sequence[Target]) -> list[int]:
    return [strategy.choose(healthy, webhook).code for webhook in WEBHOOKS]


@pytest.mark.parametrize("gone", range(5))
def test_a_region_that_leaves_moves_only_its_own(gone: int) -> None:
    """About a fifth of the webhooks move when one of five regions leaves: exactly those that were there."""
    targets = fleet([1.0] * 5)
    strategy = strategy_of("consistent-hash", targets)
    before = homes(strategy, targets)
    after = homes(strategy, [target for target in targets if target.code != gone])
    assert {webhook for webhook in WEBHOOKS if before[webhook] != after[webhook]} == {
        webhook for webhook in WEBHOOKS if before[webhook] == gone
    }
    assert 0.15 <= before.count(gone) / len(WEBHOOKS) <= 0.25
    heirs = Counter(after[webhook] for webhook in WEBHOOKS if before[webhook] == gone)
    assert len(heirs) == 4


def test_a_region_that_comes_back_finds_its_own() -> None:
    """Who is healthy now says where a webhook goes, not who was."""
    targets = fleet([1.0] * 5)
    strategy = strategy_of("consistent-hash", targets)
    before = homes(strategy, targets)
    homes(strategy, targets[2:])
    assert homes(strategy, targets) == before


def test_keys_go_by_weight() -> None:
    """A region of double weight is the home of twice as many webhooks."""
    targets = fleet([1, 2, 1])
    found = Counter(homes(strategy_of("consistent-hash", targets), targets))
    assert [found[code] / len(WEBHOOKS) for code in range(3)] == pytest.approx([0.25, 0.5, 0.25], abs=0.04)


def test_all_senders_agree_on_homes() -> None:
    """A webhook's home depends on nothing but its number and the regions: not on chance, process or day."""
    targets = fleet([1.0] * 4)
    one, other = (strategy_of("consistent-hash", targets, seed=seed) for seed in (1, 2))
    assert homes(one, targets) == homes(other, targets)
    assert homes(one, targets)[:12] == [1, 0, 0, 3, 3, 0, 3, 3, 1, 0, 3, 3]


@given(
    st.lists(st.tuples(st.sampled_from([0.5, 1.0, 2.0, 3.0]), st.integers(0, 20)), min_size=1, max_size=6),
    st.integers(0, 99),
    st.integers(1, 63),
)
def test_loads_are_bounded(regions: list[tuple[float, int]], webhook: int, mask: int) -> None:
    """Whatever is in flight, a region is chosen only where it stays within 1.25 x its share, rounded up."""
    targets = fleet([weight for weight, _ in regions])
    busy(targets, *(in_flight for _, in_flight in regions))
    healthy = [target for target in targets if mask >> target.code & 1] or targets
    chosen = strategy_of("consistent-hash", targets).choose(healthy, webhook)
    share = chosen.weight / sum(target.weight for target in healthy)
    flying = sum(target.in_flight for target in healthy) + 1
    assert chosen.in_flight + 1 <= math.ceil(BOUND * share * flying + 1e-9)


def test_a_hot_webhook_overflows() -> None:
    """One webhook alone, more and more of it in flight, fills its home up to the bound and spills in a fixed order."""
    targets = fleet([1.0] * 4)
    strategy = strategy_of("consistent-hash", targets)
    for _ in range(400):
        strategy.choose(targets, 7).in_flight += 1
    assert sorted(target.in_flight for target in targets) == [25, 125, 125, 125]


# Priorities.


def with_health(*health: float) -> tuple[Strategy, list[Target]]:
    """Levels of which such a share of attempts succeeded, a thousand a second, for a minute."""
    targets, clock = fleet(range(1, len(health) + 1)), FakeClock()
    strategy = strategy_of("priority", targets, clock)
    for n in range(60_000):
        clock.now += 0.001
        for target, share in zip(targets, health, strict=True):
            strategy.observe(target, 0.05, failed=math.floor((n + 1) * share) == math.floor(n * share))
    return strategy, targets


@pytest.mark.parametrize(
    ("health", "loads"),
    [
        ((1, 1, 1), [1, 0, 0]),
        ((0.72, 1, 1), [1, 0, 0]),
        ((0.70, 1, 1), [0.98, 0.02, 0]),
        ((0.5, 1, 1), [0.7, 0.3, 0]),
        ((0.25, 0.25, 1), [0.35, 0.35, 0.3]),
        ((0, 1, 1), [0, 1, 0]),
        ((0.25, 0.25, 0), [0.5, 0.5, 0]),
        ((0.1, 0.1, 0.15), [1 / 6, 2 / 6, 3 / 6]),
    ],
)
def test_spill_over(health: Sequence[float], loads: list[float]) -> None:
    """What 1.4 x a level's health does not cover goes on; where all levels have too little, weights decide (Envoy)."""
    strategy, targets = with_health(*health)
    assert drawn(strategy, targets) == pytest.approx(loads, abs=0.015)


def test_an_unhealthy_level_is_skipped() -> None:
    """All that the nearest would have got goes to the next when it is out."""
    strategy, targets = with_health(1, 1, 1)
    assert drawn(strategy, targets[1:], 100) == [1, 0]


def test_health_comes_back() -> None:
    """A level that failed is found out to be well again, though it gets but a trickle while it is not."""
    targets, clock = fleet([1, 1]), FakeClock()
    strategy = strategy_of("priority", targets, clock)
    got = Counter[str]()
    for n in range(12_000):
        clock.now += 0.01
        phase = ("ill", "recovering", "well")[n // 4000]
        target = strategy.choose(targets, 0)
        got[phase] += target is targets[0]
        strategy.observe(target, 0.05, failed=target is targets[0] and phase == "ill")
    assert got["ill"] < 0.06 * 4000
    assert got["well"] > 0.99 * 4000


def test_health_is_recent() -> None:
    """What happened several time constants ago does not count."""
    targets, clock = fleet([1, 1]), FakeClock()
    strategy = strategy_of("priority", targets, clock)
    for _ in range(100):
        strategy.observe(targets[0], 0.05, failed=True)
    assert drawn(strategy, targets)[0] < 0.03
    clock.now += 100
    assert drawn(strategy, targets) == [1, 0]


def test_health_by_hand() -> None:
    """Three failures, half forgotten, a success, and the one that is assumed: 2 of 3.5, and 1.4 x that is taken."""
    targets, clock = fleet([1, 1]), FakeClock()
    strategy = strategy_of("priority", targets, clock)
    for _ in range(3):
        strategy.observe(targets[0], 0.05, failed=True)
    clock.now += 10 * math.log(2)
    strategy.observe(targets[0], 0.05, failed=False)
    assert drawn(strategy, targets) == pytest.approx([0.8, 0.2], abs=0.015)


# All of them.

STEPS = st.lists(
    st.tuples(
        st.integers(1, 63),  # who is healthy
        st.integers(0, 1000),  # webhook
        st.floats(0, 100),  # time that passes
        st.floats(0, 1000),  # how long an attempt took
        st.booleans(),
        st.integers(0, 5),  # whose attempt ends
    ),
    max_size=30,
)


@pytest.mark.parametrize("name", STRATEGIES)
@given(weights=st.lists(st.floats(0.01, 100), min_size=1, max_size=6), steps=STEPS, seed=st.integers())
def test_a_healthy_target_is_chosen(
    name: str, weights: list[float], steps: list[tuple[int, int, float, float, bool, int]], seed: int
) -> None:
    """Whatever happened, the choice is one of those that are healthy, be it only one."""
    targets, clock = fleet(weights), FakeClock()
    strategy = strategy_of(name, targets, clock, seed)
    for mask, webhook, gap, seconds, failed, ended in steps:
        clock.now += gap
        healthy = [target for target in targets if mask >> target.code & 1] or targets[:1]
        chosen = strategy.choose(healthy, webhook)
        assert chosen in healthy
        chosen.in_flight += 1
        done = targets[ended % len(targets)]
        if done.in_flight:
            done.in_flight -= 1
            strategy.observe(done, seconds, failed)


@pytest.mark.parametrize("name", STRATEGIES)
def test_choices_are_a_function_of_their_seed(name: str) -> None:
    """The same stream is shared out the same way, so that runs can be compared."""
    assert shares(name, [0.05, 0.1, 0.2], attempts=500) == shares(name, [0.05, 0.1, 0.2], attempts=500)


def test_the_table_keeps_its_order() -> None:
    """Codes in journals are places in the table: new strategies come last."""
    assert list(STRATEGIES) == [
        "nearest",
        "round-robin",
        "weighted-round-robin",
        "random",
        "least-outstanding",
        "power-of-two",
        "peak-ewma",
        "consistent-hash",
        "priority",
        "haproxy-roundrobin",
        "haproxy-leastconn",
        "haproxy-random",
        "haproxy-hash",
    ]


def test_a_balancers_strategies_need_a_balancer() -> None:
    """Without HAProxy in the table there is nothing that would play them; with it, those that it listens for."""
    urls: dict[Algorithm, str] = {"leastconn": "http://127.0.0.1:1/"}
    assert [name for name in STRATEGIES if name not in playable(None)] == list(BALANCERS)
    assert set(playable(Balancer(haproxy=urls))) - set(playable(None)) == {"haproxy-leastconn"}
    assert min(BALANCERS.values()) == BALANCED
    assert max(BALANCERS.values()) < CODES
