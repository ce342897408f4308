"""What becomes of a failed attempt. Time is a number, the random source is passed in."""

from random import Random
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from _hookswarm.analysis.deliveries.conformance import SCHEDULED_TOLERANCE_S, conformance_of, waits
from _hookswarm.analysis.reading.law import Law
from _hookswarm.analysis.reading.rows import group_events
from _hookswarm.analysis.schema.report import Conformance
from _hookswarm.records.rows import Outcome
from _hookswarm.senders.plan.profiles import load_profiles
from _hookswarm.senders.plan.retry import Budget, Failure, Jitter, RetryLaw, scaled_law
from _hookswarm.senders.worker.queue import Delivery
from _hookswarm.senders.worker.retrier import Retrier, RetryBudget
from tests.support.journals import MS, Row, attempt, table

SECOND = 1_000_000_000
DUE = 1_700_000_000 * SECOND
REJECTED = Failure(Outcome.REJECTED, 503)


def retrier(**law: object) -> Retrier:
    return Retrier(RetryLaw(**law), Random(1))  # type: ignore[arg-type]  # a test names the fields that it needs


def test_the_next_attempt_is_the_same_event_later() -> None:
    """A retry keeps its event and when that began, counts one up, and is due a delay after the failure."""
    first = Delivery(7, 5, DUE, late_ns=3)
    again = retrier(retries=2, delay_s=0.5).again(first, REJECTED, DUE + SECOND, firsts=1)
    assert again == Delivery(7, 5, DUE + SECOND + SECOND // 2, attempt=2, since_ns=DUE + 3, delay_ns=SECOND // 2)
    third = retrier(retries=2, delay_s=0.5).again(again, REJECTED, DUE + 2 * SECOND, firsts=1)
    assert third
    assert (third.attempt, third.since_ns) == (3, DUE + 3)


def test_the_last_retry_is_the_last() -> None:
    """An event is given up after as many retries as the law allows."""
    assert retrier(retries=2).again(Delivery(0, 0, DUE, attempt=2), REJECTED, DUE, 1)
    assert retrier(retries=2).again(Delivery(0, 0, DUE, attempt=3), REJECTED, DUE, 1) is None


def test_an_event_can_be_too_old_to_retry() -> None:
    """Its age counts from when it fell due first."""
    law = retrier(retries=9, delay_s=1, give_up_s=10)
    old = Delivery(0, 0, DUE + 8 * SECOND, attempt=3, since_ns=DUE)
    assert law.again(old, REJECTED, DUE + 9 * SECOND, 1)
    assert law.again(old, REJECTED, DUE + 9 * SECOND + 1, 1) is None


def test_the_delay_before_is_remembered() -> None:
    """Decorrelated jitter grows out of the delay before: three times it, at most."""
    law = retrier(retries=1000, delay_s=1, jitter=Jitter("decorrelated"))
    delivery, delays = Delivery(0, 0, DUE), [1.0]
    for _ in range(200):
        again = law.again(delivery, REJECTED, delivery.due_ns, 1)
        assert again
        delivery = again
        delays.append(again.delay_ns / 1e9)
        assert 1 <= delays[-1] <= 3 * delays[-2]
        if delays[-1] > 1e4:
            return
    pytest.fail(f"the delays do not grow: {delays}")


def written(law: RetryLaw, events: int, took: int = MS) -> list[Row]:
    """The journal of a sender with this law whose every attempt fails after so long."""
    sender, rows = Retrier(law, Random(1)), list[Row]()
    for sequence in range(events):
        delivery: Delivery | None = Delivery(0, sequence, DUE + sequence * MS)
        while delivery:
            start, number = delivery.due_ns + MS // 4, delivery.attempt
            rows.append(
                attempt(
                    sequence, due=delivery.due_ns, start=start, done=start + took, attempt=number,
                    status=503, outcome=Outcome.REJECTED,
                )
            )  # fmt: skip
            delivery = sender.again(delivery, REJECTED, start + took, sequence + 1)
    return rows


def judged(rows: list[Row], law: RetryLaw) -> Conformance:
    """What the analysis, which states the law for itself, makes of such a journal."""
    declared = Law.model_validate_json(TypeAdapter(RetryLaw).dump_json(law))
    return conformance_of(waits(group_events(table(rows)), "due"), declared, SCHEDULED_TOLERANCE_S)


@pytest.mark.parametrize("kind", [kind for kind in get_args(Jitter.__annotations__["kind"]) if kind != "none"])
def test_a_sender_keeps_each_jitter(kind: Any) -> None:
    """Its delays, grown, capped and drawn one out of the other, look like the declared chance to the analysis."""
    law = RetryLaw(6, "exponential", 0.02, cap_s=0.3, jitter=Jitter(kind, 0.5, most_s=0.1))
    found = judged(written(law, events=1_000), law)
    assert (found.checked, found.early, found.late, found.too_many, found.kept) == (6_000, 0, 0, 0, True)
    assert found.ks_p is not None
    assert found.ks_p > 0.01


def test_the_analysis_tells_one_jitter_from_another() -> None:
    """Delays of one law are not those of its neighbour: what the test above finds kept is not kept by chance."""
    full, equal = (RetryLaw(6, "exponential", 0.02, cap_s=0.3, jitter=Jitter(kind)) for kind in ("full", "equal"))
    assert judged(written(full, events=100), equal).early > 100
    assert not judged(written(equal, events=100), full).kept


@pytest.mark.parametrize("scale", [1.0, 0.0002])
@pytest.mark.parametrize("name", load_profiles())
def test_a_sender_keeps_each_profile(name: str, scale: float) -> None:
    """Of each provider that we name, over its days as well as scaled to seconds: all attempts, when they are due."""
    law = scaled_law(load_profiles()[name].law, scale)
    rows = written(law, events=20)
    found = judged(rows, law)
    assert found.kept, found
    if law.jitter.kind == "none":
        assert len(rows) == 20 * (1 + law.retries)
        assert rows[law.retries]["due"] - rows[0]["due"] >= law.longest_s() * 1e9


def test_410_disables_the_webhook() -> None:
    """After a 410 nothing of that webhook is tried again, and others are."""
    law = retrier(retries=5)
    assert law.again(Delivery(3, 0, DUE), Failure(Outcome.REJECTED, 410), DUE, 1) is None
    assert law.disabled == {3}
    assert law.again(Delivery(3, 1, DUE), REJECTED, DUE, 1) is None
    assert law.again(Delivery(4, 1, DUE), REJECTED, DUE, 1)


def test_a_law_may_be_deaf_to_410() -> None:
    """Convoy and Outpost do not know 410: to them it is a failure like any other."""
    law = retrier(retries=5, disable_on_gone=False)
    assert law.again(Delivery(3, 0, DUE), Failure(Outcome.REJECTED, 410), DUE, 1)
    assert law.disabled == set()


def test_a_budget_ends_retries() -> None:
    """Beyond the budget an event is given up, though its law allowed more."""
    law = retrier(retries=5, budget=Budget(share=0.2, per_s=0, window_s=10))
    answers = [law.again(Delivery(0, n, DUE), REJECTED, DUE, firsts=20) for n in range(6)]
    assert [answer is not None for answer in answers] == [True] * 4 + [False] * 2


def test_the_window_of_a_budget_is_seconds_of_the_clock() -> None:
    """What was spent is forgotten after ten seconds, not before; that time passes can also be noted without a retry."""
    law = retrier(retries=5, budget=Budget(share=0.2, per_s=0, window_s=10))

    def allowed(after_s: float, firsts: int) -> int:
        at = DUE + round(after_s * SECOND)
        return sum(law.again(Delivery(0, n, at), REJECTED, at, firsts) is not None for n in range(10))

    assert allowed(0, firsts=20) == 4
    assert allowed(8.5, firsts=20) == 0
    for second in range(9, 21):
        law.note(DUE + second * SECOND, firsts=30)
    assert allowed(20.5, firsts=40) == 2  # of the ten that were sent within the window


def test_the_budget_is_a_share_and_a_floor() -> None:
    """20 % of 100 first attempts and one a second for ten seconds are 30 retries."""
    budget = RetryBudget(Budget(share=0.2, per_s=1, window_s=10))
    assert sum(budget.spend(1000.0, firsts=100) for _ in range(50)) == 30


def test_the_budget_comes_back() -> None:
    """What was spent longer than a window ago is forgotten, and so are the first attempts that earned it."""
    budget = RetryBudget(Budget(share=0.5, per_s=0, window_s=10))
    assert sum(budget.spend(1000.0, firsts=10) for _ in range(10)) == 5
    for second in range(1001, 1011):
        assert not budget.spend(float(second), firsts=10)
    assert sum(budget.spend(1011.2, firsts=14) for _ in range(10)) == 2


def test_a_quiet_stretch_earns_retries() -> None:
    """What was sent within the window counts, though nothing failed in it; what was sent before does not."""
    budget = RetryBudget(Budget(share=0.2, per_s=0, window_s=10))
    for second in range(30):
        budget.note(1000.0 + second, firsts=10 * second)
    assert sum(budget.spend(1030.0, firsts=300) for _ in range(100)) == 20


@given(
    share=st.sampled_from([0.0, 0.2, 1.0]),
    per_s=st.sampled_from([0.0, 1.0, 10.0]),
    steps=st.lists(st.tuples(st.floats(0, 3), st.integers(0, 20), st.integers(0, 20)), max_size=40),
)
def test_no_history_overdraws_the_budget(share: float, per_s: float, steps: list[tuple[float, int, int]]) -> None:
    """In any run of events, retries never exceed share x all first attempts + the floor of every window touched."""
    budget = RetryBudget(Budget(share, per_s, window_s=10))
    now, firsts, spent = 1000.0, 0, 0
    for gap_s, fresh, wanted in steps:
        now += gap_s
        firsts += fresh
        spent += sum(budget.spend(now, firsts) for _ in range(wanted))
    windows = (now - 1000.0) / 10 + 2  # at most so many lie in a row
    assert spent <= share * firsts + per_s * 10 * windows
