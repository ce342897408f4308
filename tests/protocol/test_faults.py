"""The model of faults: what is refused, how long a delay is, and what is drawn."""

import contextlib
import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from _hookswarm.common.errors import ConfigError
from _hookswarm.protocol.faults import (
    MAX_S,
    MAX_WEBHOOKS,
    Delay,
    FaultOrder,
    Faults,
    WebhookFaults,
    draws,
    dump_order,
    parse_order,
)

DRAWS = 4000
P = 1e-4
"""Seeds are fixed, so a test of a distribution passes or fails for ever; this is how rare a failure would be."""

WRONG = [
    (Faults(status={503: 1.5}), ["status 503: a probability of 1.5 is outside 0..1"]),
    (Faults(cut=-0.1), ["cut: a probability of -0.1 is outside 0..1"]),
    (Faults(hang=math.nan), ["hang: a probability of nan is outside 0..1"]),
    (Faults(status={503: 0.5}, reset=0.3, ack_lost=0.3), ["the probabilities sum to 1.1, more than 1"]),
    (Faults(status={204: 0.5}), ["status 204 is not a failure: write 300 to 599"]),
    (Faults(status={200: 0.5}, fail_status=200), ["status 200 is not a failure: write 300 to 599"]),
    (Faults(fail_status=600), ["status 600 is not a failure: write 300 to 599"]),
    (Faults(fail_status=0), []),
    (Faults(answer=204), []),
    (Faults(answer=302), ["answer 302 takes nothing: 200 to 299"]),
    (Faults(fail_first=-1), ["fail_first must lie in 0..65535"]),
    (Faults(fail_first=1 << 16), ["fail_first must lie in 0..65535"]),
    (Faults(hang_s=-1), ["hang_s must lie in 0..3600 seconds"]),
    (Faults(retry_after_s=math.inf), ["retry_after_s must lie in 0..3600 seconds"]),
    (Faults(retry_after_s=math.nan), ["retry_after_s must lie in 0..3600 seconds"]),
    (Faults(delay=Delay(-1)), ["delay.mean_s must lie in 0..3600 seconds"]),
    (Faults(delay=Delay(1, most_s=MAX_S + 1)), ["delay.most_s must lie in 0..3600 seconds"]),
    (Faults(delay=Delay(1, sigma=math.nan)), ["delay.sigma must lie in 0..10"]),
]


@pytest.mark.parametrize(("faults", "problems"), WRONG)
def test_each_problem_is_named(faults: Faults, problems: list[str]) -> None:
    """One thing wrong, one phrase that says where and what."""
    assert list(faults.problems()) == problems


def test_all_problems_are_named_at_once() -> None:
    """Whoever mends a plan reads everything that is wrong with it, also over JSON."""
    wrong = Faults(status={200: 2.0}, fail_first=-1, hang_s=-1, cut=3, delay=Delay(-1, sigma=-1))
    problems = list(wrong.problems())
    assert len(problems) == 7
    with pytest.raises(ConfigError) as caught:
        parse_order(dump_order(FaultOrder(wrong, begin_ns=5, end_ns=5)))
    assert caught.value.faults == (*problems, "end_ns must lie after begin_ns")
    with pytest.raises(ConfigError) as caught:
        parse_order(dump_order(FaultOrder(wrong, otherwise=wrong)))
    assert caught.value.faults == (*problems, *problems)


@pytest.mark.parametrize(
    "faults",
    [
        Faults(),
        Faults(status={300: 0.0, 429: 0.5, 599: 0.5}),
        Faults(status=dict.fromkeys(range(500, 510), 0.1)),
        Faults(ack_lost=0.25, cut=0.25, reset=0.25, hang=0.25, hang_s=MAX_S, fail_first=65535, fail_status=300),
        Faults(retry_after_s=0, retry_after_as="date", delay=Delay(0, "lognormal", sigma=10, most_s=0)),
    ],
)
def test_the_limits_themselves_are_right(faults: Faults) -> None:
    """Probabilities that sum to exactly 1 and lengths at their ends are no problem, and survive JSON."""
    assert list(faults.problems()) == []
    order = FaultOrder(faults, begin_ns=1, end_ns=2)
    assert parse_order(dump_order(order)) == order


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"faults": {"stauts": {}, "cut": "often"}, "other": 1}, ["faults.stauts", "faults.cut", "other"]),
        (
            {"faults": {"delay": {"mean_s": 1, "kind": "gaussian"}, "retry_after_as": "minutes"}},
            ["delay.kind", "retry_after_as"],
        ),
        ({"faults": {"delay": {}, "status": {"often": 0.1}}}, ["delay.mean_s", "status.often"]),
        ({"begin_ns": 1.5, "end_ns": "later"}, ["begin_ns", "end_ns"]),
        (
            {"webhooks": [{"first": 0, "faults": {"stauts": {}}, "last": 9}, {"first": "x", "count": 1, "faults": {}}]},
            ["webhooks 1: count", "webhooks 1: faults.stauts", "webhooks 1: last", "webhooks 2: first"],
        ),
        ({"webhooks": [{"first": 0, "count": 1}]}, ["webhooks 1: faults"]),
        ([], ["names with values"]),
    ],
)
def test_json_that_is_no_order_is_refused(document: object, words: list[str]) -> None:
    """Unknown keys, wrong types and unknown words: each is named, all of them at once."""
    with pytest.raises(ConfigError) as caught:
        parse_order(json.dumps(document))
    assert len(caught.value.faults) >= len(words)
    assert [word for word in words if word not in str(caught.value)] == []


@pytest.mark.parametrize("text", [b"", b"{", b"null", b"\xff", b"[" * 60_000, b'{"faults": {"cut": NaN}}'])
def test_junk_is_refused(text: bytes) -> None:
    """Whatever is no JSON, or no finite number, is the caller's fault and no crash."""
    with pytest.raises(ConfigError):
        parse_order(text)


@given(st.binary() | st.text())
def test_any_text_is_an_order_or_refused(text: bytes | str) -> None:
    """No text brings the parser down."""
    with contextlib.suppress(ConfigError):
        assert parse_order(text)


@pytest.mark.parametrize(
    ("begin", "end", "held"),
    [(None, None, "yyyy"), (10, None, "nyyy"), (None, 20, "yynn"), (10, 20, "nynn"), (9, 21, "yyyn")],
)
def test_an_order_holds_from_its_begin_until_its_end(begin: int | None, end: int | None, held: str) -> None:
    """The begin belongs to it, the end does not; what is left out does not limit it."""
    order = FaultOrder(Faults(cut=1), begin, end)
    assert [order.active(now, None) is not None for now in (9, 10, 20, 21)] == [answer == "y" for answer in held]


BEFORE, DURING, AFTER = 5, 15, 25
SOME, SOME_ELSE, OWN = Faults(cut=1), Faults(hang=1), Faults(ack_lost=1)


def test_webhooks_meet_their_own_faults_at_all_times() -> None:
    """The first and the last of a range and no others; before, between and after, in the place of all other faults."""
    own = (WebhookFaults(3, 2, OWN), WebhookFaults(7, 1, Faults()))
    order = FaultOrder(SOME, 10, 20, otherwise=SOME_ELSE, webhooks=own)
    for now, others in ((BEFORE, SOME_ELSE), (DURING, SOME), (AFTER, SOME_ELSE)):
        found = [order.active(now, webhook) for webhook in range(2, 9)]
        assert found == [others, OWN, OWN, others, others, Faults(), others]
        assert order.active(now, None) == others
    assert FaultOrder(webhooks=own).active(DURING, 2) is None
    assert parse_order(dump_order(order)) == order


@pytest.mark.parametrize(
    ("webhooks", "problems"),
    [
        ([(0, 1), (1, 1), (2, MAX_WEBHOOKS - 2)], []),
        ([(5, 5), (0, 5)], []),
        ([(0, 6), (5, 1)], ["webhooks 0..5 overlap webhooks 5..5"]),
        ([(2, 2), (3, 2), (4, 2)], ["webhooks 2..3 overlap webhooks 3..4", "webhooks 3..4 overlap webhooks 4..5"]),
        ([(7, 1), (0, 10), (2, 1)], ["webhooks 0..9 overlap webhooks 2..2", "webhooks 0..9 overlap webhooks 7..7"]),
        ([(1, 1), (1, 1)], ["webhooks 1..1 overlap webhooks 1..1"]),
        ([(0, 0)], ["webhooks: first 0 and count 0 are no range within 0..4294967295"]),
        ([(-1, 2)], ["webhooks: first -1 and count 2 are no range within 0..4294967295"]),
        ([(1, MAX_WEBHOOKS)], ["webhooks: first 1 and count 4294967296 are no range within 0..4294967295"]),
    ],
)
def test_ranges_of_webhooks(webhooks: list[tuple[int, int]], problems: list[str]) -> None:
    """Ranges lie within what an event's name can say, and touch but do not overlap, in whatever order they come."""
    order = FaultOrder(webhooks=tuple(WebhookFaults(first, count, OWN) for first, count in webhooks))
    assert list(order.problems()) == problems


def test_problems_of_webhooks_are_named_with_all_others() -> None:
    """Each phrase says whose faults are wrong; the rest of the order is judged, too."""
    own = (WebhookFaults(0, 3, Faults(cut=2)), WebhookFaults(2, 0, Faults()))
    with pytest.raises(ConfigError) as caught:
        parse_order(dump_order(FaultOrder(Faults(hang=3), 5, 5, webhooks=own)))
    assert caught.value.faults == (
        "hang: a probability of 3 is outside 0..1",
        "webhooks 0..2: cut: a probability of 2 is outside 0..1",
        "webhooks: first 2 and count 0 are no range within 0..4294967295",
        "end_ns must lie after begin_ns",
    )


def test_no_faults_are_never_active() -> None:
    """An order without faults is the order to stop."""
    assert parse_order(b"{}") == FaultOrder()
    assert FaultOrder().active(0, 0) is None


@pytest.mark.parametrize(
    ("delay", "law"),
    [
        (Delay(0.2, "uniform"), stats.uniform(0, 0.4)),
        (Delay(0.2, "exponential"), stats.expon(scale=0.2)),
        (Delay(0.2, "lognormal", sigma=0.7), stats.lognorm(0.7, scale=0.2)),
    ],
)
def test_delays_follow_their_law(delay: Delay, law: stats.rv_continuous) -> None:
    """The quantiles are scipy's, and what is drawn has the distribution."""
    for u in (0.001, 0.1, 0.5, 0.9, 0.999):
        assert delay.at(u) == pytest.approx(law.ppf(u))
    drawn = [delay.at(draws(1, b"0_0_%d" % n, 1)[1]) for n in range(DRAWS)]
    assert stats.kstest(drawn, law.cdf).pvalue > P


KINDS = st.sampled_from(["fixed", "uniform", "exponential", "lognormal"])
DELAYS = st.builds(Delay, st.floats(0, MAX_S), KINDS, st.floats(0, 10), st.floats(0, MAX_S))
UNIT = st.floats(0, 1, exclude_max=True)


@given(DELAYS, UNIT, UNIT)
def test_a_delay_grows_to_its_most(delay: Delay, a: float, b: float) -> None:
    """Over all of [0, 1) a delay is a number of seconds within its limit, and a greater draw is no shorter delay."""
    short, long = sorted((a, b))
    assert 0 <= delay.at(short) <= delay.at(long) * (1 + 1e-9) <= delay.most_s * (1 + 1e-9)


def test_a_fixed_delay_is_the_same_always() -> None:
    """Fixed is fixed, but for the limit."""
    assert {Delay(0.2).at(u) for u in (0, 0.5, 0.999)} == {0.2}
    assert Delay(5, most_s=1).at(0.5) == 1


@pytest.mark.parametrize("varied", ["seed", "webhook", "sequence", "attempt"])
def test_draws_are_uniform_and_independent(varied: str) -> None:
    """Whichever of its inputs counts up, both numbers are uniform, independent of each other and of the one before."""
    given = {
        "seed": lambda n: draws(n, b"1_2_3", 1),
        "webhook": lambda n: draws(7, b"1_%d_3" % n, 1),
        "sequence": lambda n: draws(7, b"1_2_%d" % n, 1),
        "attempt": lambda n: draws(7, b"1_2_3", n),
    }
    first, second = np.array([given[varied](n) for n in range(DRAWS)]).T
    assert stats.kstest(first, "uniform").pvalue > P
    assert stats.kstest(second, "uniform").pvalue > P
    for one, other in ((first, second), (first[1:], first[:-1]), (second[1:], second[:-1]), (first[1:], second[:-1])):
        cells, _, _ = np.histogram2d(one, other, bins=8, range=((0, 1), (0, 1)))
        assert stats.chisquare(cells.ravel()).pvalue > P


@given(st.integers(), st.binary(max_size=40), st.integers(0, 65535))
def test_draws_lie_in_the_unit_interval(seed: int, event: bytes, attempt: int) -> None:
    """Never 1, whatever the seed: a probability of 1 means always, one of 0 never."""
    assert all(0 <= number < 1 for number in draws(seed, event, attempt))
    assert draws(seed, event, attempt) == draws(seed, event, attempt)


def test_a_seed_means_the_same_in_years() -> None:
    """Fixed by value: a run can be repeated with another version of this project."""
    assert draws(42, b"1_2_3", 1) == (0.4812323938279218, 0.9105393169915872)
