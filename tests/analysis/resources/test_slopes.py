"""Robust slopes against plans and coefficients that are known."""

import itertools
from collections.abc import Sequence

import numpy as np
import pytest

from _hookswarm.analysis.resources.slopes import Floats, fit_slopes
from _hookswarm.analysis.schema.memory import Slope


def plan(*levels: Sequence[float]) -> list[Floats]:
    """Each factor's values in the stages that combine all of them."""
    return list(np.array(list(itertools.product(*levels)), float).T)


WEBHOOKS, EVENTS = plan((1, 10, 100), (100, 1_000, 10_000))
PER_WEBHOOK, PER_EVENT, BASE = 850.0, 12.0, 3e5


def grown(webhooks: Floats = WEBHOOKS, events: Floats = EVENTS) -> Floats:
    """Growth by a known law."""
    return BASE + PER_WEBHOOK * webhooks + PER_EVENT * events


def told(y: Floats, *factors: Floats) -> list[Slope]:
    """The slopes, all of which must be there."""
    slopes = fit_slopes(y, factors)
    return [slope for slope in slopes if slope is not None] if all(slopes) else pytest.fail("a slope is missing")


def test_a_law_without_noise_is_found_exactly() -> None:
    """Two coefficients from the nine stages of the usual plan, to nine digits."""
    per_webhook, per_event = told(grown(), WEBHOOKS, EVENTS)
    for slope, known in ((per_webhook, PER_WEBHOOK), (per_event, PER_EVENT)):
        assert [slope.low, slope.value, slope.high] == pytest.approx([known] * 3, rel=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_outliers_do_not_move_it(seed: int) -> None:
    """A fifth of the stages grew by up to 40 MB more, the rest is noisy: least squares misses, this does not."""
    random = np.random.default_rng(seed)
    webhooks, events = plan((1, 50, 100, 500, 1_000), (100, 1_000, 5_000, 10_000, 20_000))
    y = grown(webhooks, events) + random.normal(0, 5e3, len(events))
    wild = random.choice(len(y), len(y) // 5, replace=False)
    y[wild] += random.uniform(10e6, 40e6, len(wild))
    per_webhook, per_event = told(y, webhooks, events)
    assert per_webhook.value == pytest.approx(PER_WEBHOOK, rel=0.1)
    assert per_event.value == pytest.approx(PER_EVENT, rel=0.1)
    assert all(0 < slope.high - slope.low < slope.value / 2 for slope in (per_webhook, per_event))
    least_squares = np.linalg.lstsq(np.column_stack([np.ones(len(y)), webhooks, events]), y)[0]
    assert max(abs(least_squares[1] / PER_WEBHOOK - 1), abs(least_squares[2] / PER_EVENT - 1)) > 1


def test_the_interval_covers_what_it_promises() -> None:
    """Of 200 noisy runs of a plan, the interval holds the true slope in about 95 %."""
    random = np.random.default_rng(1)
    held = np.zeros(2)
    for _ in range(200):
        per_webhook, per_event = told(grown() + random.normal(0, 1e4, len(EVENTS)), WEBHOOKS, EVENTS)
        held += [per_webhook.low <= PER_WEBHOOK <= per_webhook.high, per_event.low <= PER_EVENT <= per_event.high]
    assert (held >= 170).all()


def test_without_growth_the_interval_holds_nought() -> None:
    """Noise alone is no leak."""
    random = np.random.default_rng(2)
    for slope in told(random.normal(0, 1e5, len(EVENTS)), WEBHOOKS, EVENTS):
        assert slope.low < 0 < slope.high


def test_most_values_equal() -> None:
    """Memory that does not move at all has slopes of 0 exactly; one stage that does gives an interval, no NaN."""
    still = np.zeros(len(EVENTS))
    assert told(still, WEBHOOKS, EVENTS) == [Slope(value=0, low=0, high=0)] * 2
    still[0] = 4096
    for slope in told(still, WEBHOOKS, EVENTS):
        assert slope.low <= slope.value == 0 <= slope.high
        assert np.isfinite([slope.low, slope.high]).all()


def test_a_lopsided_plan() -> None:
    """Factors that are not crossed but vary apart are told apart all the same: the slopes wander until they stand."""
    webhooks = np.array([1, 1, 1, 1, 10, 100, 1_000, 1_000], float)
    events = np.array([1, 10, 100, 1_000, 1_000, 1_000, 1_000, 100], float)
    per_webhook, per_event = told(grown(webhooks, events), webhooks, events)
    assert per_webhook.value == pytest.approx(PER_WEBHOOK, rel=1e-6)
    assert per_event.value == pytest.approx(PER_EVENT, rel=1e-6)


@pytest.mark.parametrize("levels", [(5.0,), (1.0, 5.0)])
def test_too_few_values_of_a_factor(levels: tuple[float, ...]) -> None:
    """One or two numbers of webhooks give no slope over them, and do not spoil the other."""
    webhooks, events = plan(levels, (100, 1_000, 10_000))
    none, per_event = fit_slopes(grown(webhooks, events), [webhooks, events])
    assert none is None
    assert per_event is not None
    assert per_event.value == pytest.approx(PER_EVENT)


def test_factors_that_go_together_are_not_told_apart() -> None:
    """Where events grow as webhooks do, any split of the growth would fit."""
    webhooks = np.array([1, 10, 100, 1_000], float)
    assert fit_slopes(grown(webhooks, webhooks * 10 + 5), [webhooks, webhooks * 10 + 5]) == [None, None]


@pytest.mark.parametrize("count", [0, 1])
def test_no_stages(count: int) -> None:
    """Nothing to fit is no error."""
    assert fit_slopes(np.ones(count), [np.ones(count), np.ones(count)]) == [None, None]
