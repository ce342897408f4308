"""Assignment: which webhook an event goes to, and its place there, the same in every process."""

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy.stats import chisquare

from _hookswarm.senders.plan.arrivals import BLOCK, Stripe
from _hookswarm.senders.plan.assignment import InTurn, Popularity, assignment, zipf
from _hookswarm.senders.plan.stages import Stage

SEED = (7, 3)


def events(count: int, webhooks: int, zipf: float, seed: tuple[int, ...] = SEED) -> list[tuple[int, int]]:
    """Webhook and sequence of the first `count` events, as one process would ask for all of them."""
    asked = assignment(Stage("x", webhooks=webhooks, zipf=zipf), seed)
    return [asked.event(n) for n in range(count)]


def test_without_an_exponent_webhooks_have_their_turns() -> None:
    """Event n goes to webhook n modulo their number, as its n // number-th event."""
    assert isinstance(assignment(Stage("x", webhooks=7), SEED), InTurn)
    assert events(100, 7, 0) == [(n % 7, n // 7) for n in range(100)]


def test_one_webhook_gets_everything() -> None:
    """With one webhook there is nothing to choose, in turn or by popularity."""
    alone = [(0, n) for n in range(2 * BLOCK + 5)]
    assert events(len(alone), 1, 0) == alone
    assert events(len(alone), 1, 1.2) == alone


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize(("webhooks", "exponent"), [(2, 0.5), (10, 1.0), (100, 1.0), (100, 1.5), (1_000, 0.7), (20, 5)])
def test_shares_are_those_of_zipf(webhooks: int, exponent: float, seed: int) -> None:
    """The counts of 100,000 events pass a chi-square test against 1 / (k + 1) ^ exponent."""
    count = 100_000
    found = np.bincount([webhook for webhook, _ in events(count, webhooks, exponent, (seed, 0))], minlength=webhooks)
    share = np.arange(1, webhooks + 1) ** -float(exponent)
    expected = count * share / share.sum()
    # The test holds for cells that expect a few events each: the rare webhooks count as one.
    common = expected >= 10
    if not common.all():
        found, expected = (
            np.append(found[common], found[~common].sum()),
            np.append(expected[common], expected[~common].sum()),
        )
    assert chisquare(found, expected).pvalue > 0.001


def test_the_wrong_exponent_would_be_found() -> None:
    """The same test refuses shares whose exponent is off by a twentieth."""
    found = np.bincount([webhook for webhook, _ in events(100_000, 100, 1.0)], minlength=100)
    share = np.arange(1, 101) ** -1.05
    assert chisquare(found, 100_000 * share / share.sum()).pvalue < 1e-9


def test_draws_are_independent() -> None:
    """Whether an event goes to the most popular webhook says nothing about the next one."""
    first = np.array([webhook == 0 for webhook, _ in events(50_000, 10, 1.0)])
    assert abs(np.corrcoef(first[:-1], first[1:])[0, 1]) < 4 / np.sqrt(len(first))


@given(webhooks=st.integers(1, 5_000), zipf=st.just(0.0) | st.floats(0.01, 5), seed=st.integers(0, 1 << 32))
def test_sequences_have_no_gaps(webhooks: int, zipf: float, seed: int) -> None:
    """Over the whole schedule, each webhook's events are numbered 0, 1, 2, … in their order, over the blocks too."""
    expected: defaultdict[int, int] = defaultdict(int)
    for webhook, sequence in events(BLOCK + 500, webhooks, zipf, (seed, 0)):
        assert 0 <= webhook < webhooks
        assert sequence == expected[webhook]
        expected[webhook] += 1


@pytest.mark.parametrize("zipf", [0, 1.1])
@pytest.mark.parametrize(
    "stripes",
    [
        [Stripe(0, 1, 2), Stripe(1, 2, 2)],
        [Stripe(0, 3, 8), Stripe(3, 4, 8), Stripe(4, 8, 8)],
        [Stripe(0, 1, 3 * BLOCK), Stripe(1, 3 * BLOCK, 3 * BLOCK)],
    ],
    ids=["two alike", "three unlike", "one that skips blocks"],
)
def test_every_stripe_sees_the_same_events(stripes: list[Stripe], zipf: float) -> None:
    """Whichever numbers a process asks for, it gets what one that asks for all of them gets."""
    count = 6 * BLOCK + 11
    whole = events(count, 50, zipf)
    seen: dict[int, tuple[int, int]] = {}
    for stripe in stripes:
        own = assignment(Stage("x", webhooks=50, zipf=zipf), SEED)
        numbers = [stripe.nth(k) for k in range(stripe.count(count))]
        seen |= {n: own.event(n) for n in numbers}
    assert [seen[n] for n in range(count)] == whole


@given(st.lists(st.integers(0, 3 * BLOCK), min_size=1, max_size=50, unique=True))
def test_any_numbers_may_be_left_out(numbers: list[int]) -> None:
    """An event's webhook and sequence do not depend on which earlier ones were asked for."""
    own = Popularity(zipf(50, 1.1), SEED)
    assert [own.event(n) for n in sorted(numbers)] == [WHOLE[n] for n in sorted(numbers)]


WHOLE = events(3 * BLOCK + 1, 50, 1.1)


def test_chance_is_a_function_of_the_seed() -> None:
    """The same seed gives the same events, another seed or stage others."""
    assert events(500, 50, 1.1, (7, 3)) == events(500, 50, 1.1, (7, 3))
    assert events(500, 50, 1.1, (7, 3)) != events(500, 50, 1.1, (8, 3))
    assert events(500, 50, 1.1, (7, 3)) != events(500, 50, 1.1, (7, 4))


@pytest.mark.parametrize("webhooks", [1, 100_000])
def test_the_work_goes_by_the_block(webhooks: int) -> None:
    """Webhooks are drawn once for each 4,096 events, however many webhooks there are, and however few are asked for."""

    class Counted(Popularity):
        draws = 0

        def _draw(self) -> None:
            self.draws += 1
            super()._draw()

    own = Counted(zipf(webhooks, 1.0), SEED)
    for n in range(0, 20 * BLOCK, 64):
        own.event(n)
    assert own.draws == 20


def test_many_webhooks_all_have_a_chance() -> None:
    """Of 100,000 webhooks at exponent 1 the first gets 8 % of the events, and the rarer half a twentieth."""
    webhooks = np.array([webhook for webhook, _ in events(100_000, 100_000, 1.0)])
    share = 1 / np.arange(1, 100_001)
    assert np.mean(webhooks == 0) == pytest.approx(1 / share.sum(), rel=0.05)
    assert np.mean(webhooks >= 50_000) == pytest.approx(share[50_000:].sum() / share.sum(), rel=0.05)


@pytest.mark.parametrize("exponent", [-0.1, 5.1, float("nan"), float("inf")])
def test_an_impossible_exponent_is_refused(exponent: float) -> None:
    """A stage takes exponents from 0 to 5."""
    with pytest.raises(ValidationError):
        Stage("x", zipf=exponent)


def test_weights_share_the_events() -> None:
    """By a chi-square test, the same by the same seed; those of more webhooks than there are do not count."""
    weights = np.array([1.0, 2.0, 5.0, 100.0])
    asked = [assignment(Stage("x", webhooks=3, zipf=1.0), SEED, weights) for _ in range(2)]
    found = [[one.event(n) for n in range(20_000)] for one in asked]
    assert found[0] == found[1]
    counts = np.bincount([webhook for webhook, _ in found[0]])
    assert chisquare(counts, 20_000 * weights[:3] / 8).pvalue > 0.001
