"""What is called a difference: trials with planted ones, and with none."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pytest

from _hookswarm.analysis.regions import ranking
from _hookswarm.analysis.regions.ranking import Ranking
from _hookswarm.analysis.regions.resampling import Floats, Sample
from _hookswarm.analysis.regions.strategies import SLICES
from _hookswarm.analysis.schema.distribution import Difference

Kind = Callable[[np.random.Generator], Floats]


def independent(wild: np.random.Generator) -> Floats:
    return wild.lognormal(3, 0.5, 6_000)


def correlated(wild: np.random.Generator) -> Floats:
    """Latencies that go up and down with a correlation of 0.99 from one event to the next."""
    noise, level = wild.standard_normal(6_000) * np.sqrt(1 - 0.99**2), np.empty(6_000)
    level[0] = wild.standard_normal()
    for n in range(1, 6_000):
        level[n] = 0.99 * level[n - 1] + noise[n]
    return np.exp(3 + 0.3 * level + 0.2 * wild.standard_normal(6_000))


def stalled(wild: np.random.Generator) -> Floats:
    """Now and then nothing is answered for up to 200 ms, and what falls due then waits for the end."""
    due = np.arange(6_000) / 600
    latency = wild.lognormal(2, 0.3, 6_000)
    for begin in wild.uniform(0, 10, wild.poisson(10)):
        end = begin + wild.uniform(0.05, 0.2)
        latency = np.where((due >= begin) & (due < end), (end - due) * 1e3 + latency, latency)
    return latency


KINDS: list[Kind] = [independent, correlated, stalled]


def ranked(latency_ms: Mapping[str, Sequence[Floats]]) -> Ranking:
    """Strategies by name, with the latencies of each repeat in the order in which they fell due."""
    samples = {
        name: Sample(
            np.concatenate(repeats),
            np.concatenate([np.arange(len(own)) * SLICES // len(own) + n * SLICES for n, own in enumerate(repeats)]),
        )
        for name, repeats in latency_ms.items()
    }
    return ranking.rank_strategies(samples, [[SLICES]] * max(map(len, latency_ms.values())))


def trial(kind: Kind, seed: int, factor: float = 1, repeats: int = 1) -> Difference:
    """Two strategies, the second `factor` times as slow."""
    wild = np.random.default_rng(seed)
    a, b = ([kind(wild) for _ in range(repeats)] for _ in range(2))
    (one,) = ranked({"a": a, "b": [factor * own for own in b]}).differences
    return one


@pytest.mark.parametrize("kind", KINDS)
def test_no_difference_is_made_up(kind: Kind) -> None:
    """Of 20 pairs that are alike at most one is called different, also where slow events come together."""
    claimed = [trial(kind, seed).different for seed in range(20)]
    assert sum(claimed) <= 1


def test_a_difference_of_a_fifth_is_found() -> None:
    """In at least 19 of 20 trials, always with the right one before the other."""
    found = [trial(independent, seed, 1.2) for seed in range(20)]
    claims = [one.better for one in found if one.different]
    assert len(claims) >= 19
    assert set(claims) == {"a"}


def test_seeds_do_not_contradict_each_other() -> None:
    """Where two trials claim a difference it is the same, also where it is small or slow events come together."""
    found = [trial(kind, seed, 1.12) for kind in KINDS for seed in range(10)]
    assert {one.better for one in found if one.different} == {"a"}


def test_more_strategies_make_up_no_more() -> None:
    """Among five that are alike none is told apart in at least 19 of 20 trials: the intervals grow with the pairs."""
    claimed = 0
    for seed in range(20):
        wild = np.random.default_rng(seed)
        found = ranked({name: [independent(wild)] for name in "abcde"})
        claimed += any(one.different for one in found.differences)
    assert claimed <= 1


def test_a_stage_that_was_slow_as_a_whole() -> None:
    """Where the machine makes whole stages up to a quarter slower or faster, repeats show it: of 20 pairs that are
    alike, in five repeats each, at most one is called different."""

    def disturbed(wild: np.random.Generator) -> Floats:
        return independent(wild) * float(np.exp(0.1 * wild.standard_normal()))

    assert sum(trial(disturbed, seed, repeats=5).different for seed in range(20)) <= 1
