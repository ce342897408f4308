"""The answers to each test's questions, from the figures of a real run, and from what is changed of them."""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import pytest

from _hookswarm.analysis.schema.files import IO, MEMORY, PERFORMANCE
from _hookswarm.analysis.verdicts.findings import findings_of
from tests.support.reported import Plain, sections_of, stage_of

Change = Callable[[Plain], object]


def told(test: str, about: str, change: Change = lambda plain: None) -> str:
    """All that is said about it."""
    return " ".join(one.text for one in findings_of(sections_of(test, change)) if one.about == about)


@pytest.mark.parametrize(
    ("test", "about", "text"),
    [
        ("performance", "retries", "In an outage of 1 s, 3 retries deliver all of the events; without retries 60 % "),
        ("performance", "latency", "One after the other, a delivery takes 0.198 ms (median), 3.77 ms at p99."),
        ("performance", "memory", "Memory at its peak: the sender 11.4 B an event and at most 207 B a webhook;"),
        ("performance", "losses", "17 duplicates came of retries after a lost acknowledgement, as they must."),
        ("load", "sustained load", "Sustained, 191/s of 200/s offered were delivered, with a median of 0.684 ms"),
        ("load", "slow tenants", "Slow and failing tenants do not hold up the others: their p99 is 5.6 ms, 1.16 times"),
        ("load", "losses", "Nothing was lost, corrupt or delivered again without cause, of 4,428 acknowledged"),
        ("scalability", "capacity", "Capacity: 19,027/s with p99 within 250 ms; beyond it the queue grows. 22,627/s "),
        ("distribution", "strategies", "Which strategy is best cannot be told of peak-ewma, nearest and round-robin"),
        ("distribution", "failover", "Failovers: users noticed none of the 3 faults: every event came within 1 s."),
        ("distribution", "detection", "left the failed region after 0.0281 s (grey failure) to 1.45 s (refused)."),
        ("resource", "leak", "Whether anything leaks cannot be told in so short a time (receiver-local 20.7 MiB"),
        ("resource", "CPU", "At 11,301/s a delivery costs the receiver 78.6 us and the sender 55.4 us of CPU"),
        ("resource", "bottleneck", "What gave out first, of 9 stages: generator CPU (2), receiver CPU (2) and "),
    ],
)  # fmt: skip
def test_each_question_has_its_sentence(test: str, about: str, text: str) -> None:
    """With the number that matters."""
    assert text in told(test, about)


@pytest.mark.parametrize("test", ["performance", "load", "scalability", "distribution", "resource"])
def test_a_test_has_few_findings(test: str) -> None:
    """Six at most, each a sentence that ends; those with an interval hold their number."""
    found = findings_of(sections_of(test))
    assert 1 < len(found) <= 6
    for one in found:
        assert one.text.endswith(".")
        assert one.text[0].isupper()
        assert one.about
        if one.number is not None and one.low is not None and one.high is not None:
            assert one.low <= one.number <= one.high


def _slow(plain: Plain) -> None:
    stage_of(plain, "slow tenants")["against"]["p99_ratio"] = 40.0


def test_tenants_that_hold_up_others_are_told() -> None:
    """From half as much again on."""
    assert told("load", "slow tenants", _slow).startswith("Slow and failing tenants hold up the others: their p99")


def _lost(plain: Plain) -> None:
    stage_of(plain, "sustained")["ledger"] |= {"lost": 3, "duplicated_spurious": 1}


def test_losses_are_counted_over_all_stages() -> None:
    """Only what went wrong is named."""
    text = told("load", "losses", _lost)
    assert text == "3 lost and 1 delivered again without cause of 4,428 acknowledged deliveries."


def _unknown(plain: Plain) -> None:
    for stage in plain[PERFORMANCE]["stages"]:
        stage["ledger"] |= dict.fromkeys(
            ("lost", "duplicated", "duplicated_harmless", "duplicated_spurious", "corrupt")
        )


def test_without_a_journal_nobody_knows_of_losses() -> None:
    """It is not said that there were none."""
    assert "is not known" in told("load", "losses", _unknown)


def _concurrent(*rates: float, limit: str = "neither") -> Change:
    def change(plain: Plain) -> None:
        stage = stage_of(plain, "sequential webhooks=1 events=100")
        for users, rate in zip((1, 16, 64), rates, strict=True):
            own = deepcopy(stage) | {"name": f"concurrent users={users}", "scenario": "concurrent"}
            own["parameters"] = own["parameters"] | {"users": users}
            own["throughput_per_s"] = rate
            own["limit"] = stage_of(plain, "retry outage retries=0 delay_s=0.5")["limit"] | {"side": limit}
            plain[PERFORMANCE]["stages"].append(own)

    return change


def test_the_most_that_workers_deliver_is_told_with_its_limit() -> None:
    """And how many workers are too many."""
    text = told("performance", "throughput", _concurrent(4_000, 20_000, 18_000, limit="generator"))
    assert text == (
        "16 workers deliver 20,000/s, 5 times what one does, with a p99 of 0.572 ms. "
        "The sender was the limit, so the target may take more. 64 workers deliver no more than that."
    )


def test_a_single_number_of_workers_is_compared_with_nothing() -> None:
    """One worker that delivers the most."""
    text = told("performance", "throughput", _concurrent(4_000, 3_000, 2_000))
    assert text.startswith("1 worker delivers 4,000/s, with a p99 of 0.572 ms.")


def _capacity(**changes: Any) -> Change:
    return lambda plain: plain[PERFORMANCE]["capacity"][0].update(changes)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"limited_by": "generator", "lower_bound": True}, "Capacity: at least 19,027/s with p99 within 250 ms; the s"),
        ({"rate_per_s": None}, "No rate held with p99 within 250 ms: 16,000/s was already too much."),
        ({"limits": {"over_idle_ms": 1000.0}}, "Capacity: 19,027/s with p99 within 1,000 ms of that when idle;"),
    ],
)  # fmt: skip
def test_a_capacity_says_what_limits_it(changes: dict[str, Any], text: str) -> None:
    """A lower bound is called one."""
    assert told("scalability", "capacity", _capacity(**changes)).startswith(text)


def _ranked(*ranks: int) -> Change:
    def change(plain: Plain) -> None:
        for strategy, rank in zip(plain[PERFORMANCE]["strategies"][0]["strategies"], ranks, strict=True):
            strategy["rank"] = rank

    return change


@pytest.mark.parametrize(
    ("ranks", "text"),
    [
        ((1, 2, 2), "The best strategy is peak-ewma (p99 649 ms); next is nearest with 685 ms."),
        ((1, 1, 3), "The best strategies are peak-ewma and nearest (p99 649 to 685 ms): they cannot be told apart. 1"),
    ],
)
def test_the_best_strategy_is_named(ranks: tuple[int, ...], text: str) -> None:
    """Or those that cannot be told apart."""
    assert told("distribution", "strategies", _ranked(*ranks)).startswith(text)


def _failover(plain: Plain) -> None:
    first, second, _ = (one for one in plain[PERFORMANCE]["failovers"] if one["stage"].startswith("failover"))
    first.update(recovered_s=2.5, late=40)
    second.update(recovered_s=None)


def test_a_failover_that_users_noticed_says_for_how_long() -> None:
    """And one from which nothing recovered is named."""
    text = told("distribution", "failover", _failover)
    assert "events came in time again after 2.5 s at most (refused)" in text
    assert "no recovery was seen from frozen" in text
    assert text.endswith("40 events failed or came late.")


def _leak(verdict: str, **changes: Any) -> Change:
    def change(plain: Plain) -> None:
        for trend in plain[MEMORY]["trends"]:
            trend["verdict"] = "flat"
        plain[MEMORY]["trends"][0].update({"verdict": verdict, **changes})

    return change


def test_a_leak_names_its_process_and_its_end() -> None:
    """A flat one says that there is none."""
    leak = _leak("leak", role="receiver-eu", bytes_per_event=120.0, s_to_limit=7200)
    text = told("resource", "leak", leak)
    assert text == (
        "A leak: the receiver-eu grows by 120 B an event in sustained memory payload=1000, and would reach its limit "
        "in 2 h."
    )
    assert told("resource", "leak", _leak("flat")).startswith("No leak: memory stayed flat (")


def _at_ease(plain: Plain) -> None:
    for stage in plain[IO]["stages"]:
        stage["bottleneck"] = "none"


def test_where_nothing_gave_out_the_nearest_is_named() -> None:
    """With its evidence."""
    assert told("resource", "bottleneck", _at_ease).startswith("Nothing gave out in any of 9 stages; the nearest was ")


def test_a_test_of_somebodys_own_says_what_became_of_its_deliveries() -> None:
    """Its questions are its own."""
    found = sections_of("load")
    found.performance.run.test = "mine"
    assert [one.about for one in findings_of(found)] == ["losses"]
