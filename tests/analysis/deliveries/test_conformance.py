"""Whether a sender kept its retry law, from rows that senders of known laws would have written."""

from collections.abc import Callable, Sequence
from random import Random
from typing import Any, Literal

import numpy as np
import pytest

from _hookswarm.analysis.deliveries.conformance import (
    KS_P,
    OBSERVED_TOLERANCE_S,
    SCHEDULED_TOLERANCE_S,
    conformance_of,
    waits,
)
from _hookswarm.analysis.reading.law import Law
from _hookswarm.analysis.reading.rows import group_events
from _hookswarm.analysis.schema.report import Conformance
from _hookswarm.records.rows import Flag, Outcome
from tests.support.journals import MS, SECOND, START, US, Row, arrival, attempt, table

Formula = Callable[[int, float, float], float]
"""Seconds before the n-th retry, from n, the delay before, and a number that chance drew from 0..1."""

REJECTED, RETRIES = Outcome.REJECTED, 4


def sender(delay_s: Formula, events: int = 100, seed: int = 1, retries: int = RETRIES, **fields: int) -> list[Row]:
    """The attempts of a sender whose every attempt is rejected, until it has made all its retries."""
    random, rows = Random(seed), []
    for sequence in range(events):
        due, previous_s = START + sequence * MS, 0.0
        for number in range(1, retries + 2):
            row = attempt(sequence, attempt=number, due=due, start=due + 300 * US, outcome=REJECTED) | fields
            rows.append(row)
            if number <= retries:
                previous_s = delay_s(number, previous_s, random.random())
                due = row["done"] + round(previous_s * 1e9)
    return rows


def judge(rows: Sequence[Row], begins: Literal["due", "start"] = "due", **law: Any) -> Conformance:
    """The rows against a law of RETRIES retries, unless told otherwise."""
    tolerance_s = SCHEDULED_TOLERANCE_S if begins == "due" else OBSERVED_TOLERANCE_S
    return conformance_of(
        waits(group_events(table(rows)), begins), Law.model_validate({"retries": RETRIES} | law), tolerance_s
    )


def twice(delay_s: float, **first: int) -> list[Row]:
    """An event with a retry that followed its first attempt after so long."""
    one = attempt(outcome=REJECTED) | first
    due = one["done"] + round(delay_s * 1e9)
    return [one, attempt(attempt=2, due=due, start=due)]


DOUBLING: dict[str, Any] = {"growth": "exponential", "delay_s": 0.1}
"""0.1, 0.2, 0.4, 0.8 seconds."""

HONEST: dict[str, tuple[dict[str, Any], Formula]] = {
    "at once": ({}, lambda n, before, u: 0.0),
    "fixed": ({"delay_s": 0.05}, lambda n, before, u: 0.05),
    "linear": ({"growth": "linear", "delay_s": 0.05}, lambda n, before, u: 0.05 * n),
    "exponential": (DOUBLING, lambda n, before, u: 0.1 * 2 ** (n - 1)),
    "capped": (DOUBLING | {"cap_s": 0.3}, lambda n, before, u: min(0.1 * 2 ** (n - 1), 0.3)),
    "schedule": ({"growth": "schedule", "schedule_s": [1, 5, 3]}, lambda n, before, u: [1, 5, 3, 3][n - 1]),
}
JITTERED: dict[str, tuple[dict[str, Any], Formula]] = {
    "full": (DOUBLING | {"jitter": {"kind": "full"}}, lambda n, before, u: u * 0.1 * 2 ** (n - 1)),
    "equal": (DOUBLING | {"jitter": {"kind": "equal"}}, lambda n, before, u: (1 + u) / 2 * 0.1 * 2 ** (n - 1)),
    "decorrelated": (
        {"delay_s": 0.1, "cap_s": 1.0, "jitter": {"kind": "decorrelated"}},
        lambda n, before, u: min(0.1 + u * (3 * max(before, 0.1) - 0.1), 1.0),
    ),
    "proportional": (
        DOUBLING | {"jitter": {"kind": "proportional", "share": 0.2}},
        lambda n, before, u: (0.8 + 0.4 * u) * 0.1 * 2 ** (n - 1),
    ),
    "proportional, capped": (
        {"delay_s": 1.0, "cap_s": 1.1, "jitter": {"kind": "proportional", "share": 0.5}},
        lambda n, before, u: min(0.5 + u, 1.1),
    ),
    "additive": (
        DOUBLING | {"jitter": {"kind": "additive", "share": 0.1, "least_s": 0.03, "most_s": 0.05}},
        lambda n, before, u: [0.1, 0.2, 0.4, 0.8][n - 1] + u * [0.03, 0.03, 0.04, 0.05][n - 1],
    ),
}


@pytest.mark.parametrize(("law", "delay_s"), HONEST.values(), ids=HONEST.keys())
def test_an_honest_sender(law: dict[str, Any], delay_s: Formula) -> None:
    """Each growth, kept to the nanosecond: nothing is early or late, and without jitter there is nothing to test."""
    found = judge(sender(delay_s), **law)
    assert (found.checked, found.early, found.late, found.too_many, found.kept) == (400, 0, 0, 0, True)
    assert [found.most_early_ms, found.most_late_ms] == pytest.approx([0, 0], abs=1e-3)
    assert (found.ks_statistic, found.ks_p) == (None, None)


@pytest.mark.parametrize(("law", "delay_s"), JITTERED.values(), ids=JITTERED.keys())
def test_an_honest_jitter(law: dict[str, Any], delay_s: Formula) -> None:
    """Each jitter drawn by its formula lies within its bounds, and looks like chance."""
    found = judge(sender(delay_s), **law)
    assert (found.checked, found.early, found.late, found.kept) == (400, 0, 0, True)
    assert found.ks_p is not None
    assert found.ks_p > 0.01


WRONG: dict[str, Callable[[float], float]] = {
    "half the range": lambda u: u / 2,
    "the middle": lambda u: 0.5,
    "the ends": lambda u: float(round(u)),
    "normal": lambda u: min(max(Random(u).gauss(0.5, 0.2), 0.0), 1.0),
    "squared": lambda u: u * u,
}


@pytest.mark.parametrize("chance", WRONG.values(), ids=WRONG.keys())
@pytest.mark.parametrize(("law", "delay_s"), JITTERED.values(), ids=JITTERED.keys())
def test_a_wrong_jitter(law: dict[str, Any], delay_s: Formula, chance: Callable[[float], float]) -> None:
    """Delays within the bounds, but not spread as declared: nothing is early or late, and chance does not do this."""
    found = judge(sender(lambda n, before, u: delay_s(n, before, chance(u))), **law)
    assert (found.early, found.late) == (0, 0)
    assert found.ks_p is not None
    assert found.ks_p < KS_P
    assert not found.kept


def test_chance_is_seldom_accused() -> None:
    """The p-values of honest senders are spread evenly: one in twenty is below 0.05, not one in three."""
    law, delay_s = JITTERED["decorrelated"]
    found = np.array([judge(sender(delay_s, events=25, seed=seed), **law).ks_p for seed in range(200)], np.float64)
    assert 2 <= np.count_nonzero(found < 0.05) <= 22
    assert 80 <= np.count_nonzero(found < 0.5) <= 120


def test_chance_needs_twenty_delays() -> None:
    """Of nineteen delays nothing is said, whatever they are."""
    law, _ = JITTERED["full"]
    rows = sender(lambda n, before, u: 0.0, events=20, retries=1)
    assert judge(rows[:-1], **law).ks_p is None
    assert judge(rows[:-1], **law).kept
    assert judge(rows, **law).ks_p is not None


@pytest.mark.parametrize(("off_ms", "early", "late"), [(-1.1, 1, 0), (-0.9, 0, 0), (0.9, 0, 0), (1.1, 0, 1)])
def test_a_single_delay_that_is_off(off_ms: float, early: int, late: int) -> None:
    """One retry among all that was scheduled more than a millisecond off is found, and how far it was off."""
    rows = [*sender(lambda n, before, u: 0.05), *(row | {"webhook": 7} for row in twice(0.05 + off_ms / 1e3))]
    found = judge(rows, delay_s=0.05)
    assert (found.early, found.late, found.kept) == (early, late, not early and not late)
    assert found.most_early_ms == pytest.approx(max(-off_ms, 0), abs=1e-3)
    assert found.most_late_ms == pytest.approx(max(off_ms, 0), abs=1e-3)


def test_lateness_of_a_worker_is_not_the_law_s() -> None:
    """The law says when a retry is due. That a busy worker sends it later is queueing."""
    one, two = twice(0.05)
    assert judge([one, two | {"start": two["due"] + SECOND, "late": MS}], delay_s=0.05).kept


def test_too_many_attempts() -> None:
    """Events with more attempts than declared are counted; a retry that was only planned is no attempt."""
    rows = sender(lambda n, before, u: 0.05, events=3)
    found = judge(rows, delay_s=0.05, retries=3)
    assert (found.too_many, found.kept) == (3, False)
    planned = [
        row | {"outcome": Outcome.ABANDONED, "start": 0, "done": 0} if row["attempt"] == 5 else row for row in rows
    ]
    assert judge(planned, delay_s=0.05, retries=3).too_many == 0


def test_attempts_after_gone() -> None:
    """Whoever goes on after a 410 breaks a law that says that it would not; other events' answers are their own."""
    rows = [attempt(0, attempt=n, outcome=REJECTED, status=410, done=START, due=START) for n in (1, 2, 3)]
    other = [attempt(1, outcome=REJECTED, done=START), attempt(1, attempt=2, due=START)]
    found = judge([*rows, *other])
    assert (found.after_gone, found.early, found.kept) == (2, 0, False)
    assert judge([*rows, *other], disable_on_gone=False).kept


def test_a_hint_may_lengthen_a_delay() -> None:
    """After a `Retry-After` that counts, only the law's least delay is known; it is still the least."""
    hinted = Flag.WRITTEN | Flag.HINTED
    assert judge(twice(9.0, flags=hinted), delay_s=0.05).kept
    assert judge(twice(0.01, flags=hinted), delay_s=0.05).early == 1
    assert judge(twice(9.0, flags=hinted), delay_s=0.05, retry_after=None).late == 1
    assert judge(twice(9.0, flags=hinted), delay_s=0.05, retry_after={"statuses": [429]}).late == 1
    assert judge(twice(9.0, flags=hinted, status=429), delay_s=0.05, retry_after={"statuses": [429]}).kept


@pytest.mark.parametrize("failed", [{"status": 429}, {"status": 0, "outcome": Outcome.READ_TIMEOUT}])
def test_a_throttled_sender_waits_longer(failed: dict[str, int]) -> None:
    """After a 429 or a time-out the least delay is another, and longer ones are not held against the sender."""
    law: dict[str, Any] = {"delay_s": 0.05, "throttled_least_s": 1.0}
    assert judge(twice(1.0, **failed), **law).kept
    assert judge(twice(5.0, **failed), **law).kept
    assert judge(twice(0.9, **failed), **law).early == 1
    assert judge(twice(0.05), **law).kept
    assert judge(twice(5.0, **failed), delay_s=0.05).late == 1


def test_lifted_delays_are_not_chance() -> None:
    """Delays that a hint or a throttling answer may have lifted say nothing of the jitter."""
    law, _ = JITTERED["full"]
    for fields in ({"flags": Flag.WRITTEN | Flag.HINTED}, {"status": 429}):
        rows = sender(lambda n, before, u: 2.0, **fields)
        assert judge(rows, **law, throttled_least_s=2.0).ks_p is None
        assert judge(rows, **law, throttled_least_s=2.0).kept


def _given_up(limit_s: float, rows: list[Row]) -> list[Row]:
    """The rows without the retries that would have come later than this after their event fell due."""
    began = {row["sequence"]: row["due"] for row in rows if row["attempt"] == 1}
    over = {
        row["sequence"]: row["attempt"] for row in reversed(rows) if row["due"] > began[row["sequence"]] + limit_s * 1e9
    }
    return [row for row in rows if row["attempt"] < over.get(row["sequence"], RETRIES + 2)]


def test_giving_up() -> None:
    """A retry beyond the limit breaks the law; delays that were not made for it do not make the others look odd."""
    law, delay_s = JITTERED["full"]
    rows = sender(delay_s, events=1_000)
    kept = _given_up(0.3, rows)
    assert 100 < len(kept) < len(rows) - 100
    found = judge(kept, **law, give_up_s=0.3)
    assert found.kept
    assert found.ks_p is not None
    assert found.ks_p > 0.01
    assert not judge(kept, **law).kept
    beyond = judge(rows, **law, give_up_s=0.3).late
    assert beyond == pytest.approx(len(rows) - len(kept), abs=3)  # less than a millisecond beyond is kept


def test_retries_beyond_the_stage_s_end_count() -> None:
    """What a stage's end prevented was drawn like the others: without the abandoned, the long delays would miss."""
    law, delay_s = JITTERED["full"]
    ends, rows = START + round(0.5 * SECOND), sender(delay_s, events=1_000)
    sent = [row for row in rows if row["due"] < ends]
    last = {row["sequence"]: row["attempt"] for row in sent}
    waiting = [row for row in rows if row["attempt"] == last.get(row["sequence"], row["attempt"]) + 1]
    abandoned = [row | {"outcome": Outcome.ABANDONED, "start": 0, "done": 0, "status": 0} for row in waiting]
    assert judge([*sent, *abandoned], **law).kept
    assert not judge(sent, **law).kept


def test_a_webhook_that_went_is_no_sample() -> None:
    """Retries that a 410 to another event prevented were the long ones: such webhooks say nothing of the jitter."""
    law, delay_s = JITTERED["full"]
    rows = [row for row in sender(delay_s, events=300) if row["due"] < START + SECOND // 2]
    gone = attempt(999, outcome=REJECTED, status=410)
    found = judge([*rows, gone], **law)
    assert (found.ks_p, found.kept) == (None, True)


def test_a_receiver_s_view() -> None:
    """Seen from the other side, what comes late may have queued; what comes early is held against any sender."""
    law, delay_s = JITTERED["equal"]
    rows = sender(delay_s)
    seen = [arrival(row, status=503, start=row["start"] + row["attempt"] * MS) for row in rows]
    found = judge(seen, "start", **law)
    assert (found.checked, found.early, found.late, found.most_late_ms, found.kept) == (400, 0, None, None, True)
    assert judge([arrival(row, status=503) for row in twice(0.044)], "start", delay_s=0.05).early == 1
    assert judge([arrival(row, status=503) for row in twice(0.046)], "start", delay_s=0.05).kept
    assert judge(seen, "start", **law, retries=3).too_many == 100


def test_a_receiver_does_not_judge_chance() -> None:
    """Queueing spreads what a receiver sees: the statistic is told, and no verdict hangs on it."""
    law, _ = JITTERED["full"]
    found = judge([arrival(row, status=503) for row in sender(lambda n, before, u: 0.0)], "start", **law)
    assert found.ks_p is not None
    assert found.ks_p < KS_P
    assert found.kept


@pytest.mark.parametrize("status", [204, 0])
def test_a_retry_that_followed_no_answer(status: int) -> None:
    """A receiver that held an answer back does not know when its sender gave up waiting: only when it was asked."""
    asked = arrival(attempt(), status=status, start=START, done=START + 10 * SECOND)
    again = arrival(attempt(attempt=2), start=START + 60 * MS)
    assert judge([asked, again], "start", delay_s=0.05).kept
    assert judge([asked, again], "start", delay_s=0.07).early == 1


def test_a_gap_is_no_wait() -> None:
    """Where an attempt did not arrive, nobody saw how long the waits on its sides were; the others count."""
    law, delay_s = JITTERED["decorrelated"]
    seen = [arrival(row, status=503) for row in sender(delay_s, events=1) if row["attempt"] != 2]
    found = judge(seen, "start", **law)
    assert (found.checked, found.early, found.kept) == (2, 0, True)


def test_nothing_was_retried() -> None:
    """A sender that never had to wait kept its law."""
    for rows in ([], [attempt(n) for n in range(3)]):
        found = judge(rows, delay_s=1.0)
        assert (found.checked, found.most_early_ms, found.most_late_ms, found.kept) == (0, None, None, True)
