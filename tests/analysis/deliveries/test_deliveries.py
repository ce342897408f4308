"""Attempts gathered into deliveries."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from _hookswarm.analysis.deliveries.deliveries import State, deliveries_of
from _hookswarm.records.rows import IN_DOUBT, NEVER_SENT, Outcome
from tests.support.journals import MS, START, Row, attempt, table

FAILURES = [Outcome.REJECTED, Outcome.REFUSED, Outcome.UNRESOLVED, Outcome.CONNECT_TIMEOUT, Outcome.TLS]


@st.composite
def histories(draw: st.DrawFn) -> list[Row]:
    """Attempts of a few events, in any order; numbers at the ends of their fields among them."""
    names = st.tuples(st.sampled_from([0, 1, 2**32 - 1]), st.sampled_from([0, 1, 2, 2**32 - 1]), st.integers(1, 3))
    return [
        attempt(
            sequence,
            webhook,
            attempt=number,
            due=START + draw(st.integers(0, 50)),
            late=draw(st.integers(0, 5)),
            outcome=draw(st.sampled_from(Outcome)),
        )
        for webhook, sequence, number in draw(st.lists(names, unique=True, max_size=15))
    ]


def _oracle(outcomes: set[int]) -> State:
    if Outcome.ACKNOWLEDGED in outcomes:
        return State.ACKNOWLEDGED
    if Outcome.ABANDONED in outcomes:
        return State.ABANDONED
    return State.IN_DOUBT if outcomes & IN_DOUBT else State.FAILED


def _finished(rows: list[Row], due: int) -> int:
    outcomes = {row["outcome"] for row in rows}
    if Outcome.ACKNOWLEDGED in outcomes:
        return min(row["done"] for row in rows if row["outcome"] == Outcome.ACKNOWLEDGED)
    if outcomes & {Outcome.ABANDONED, Outcome.PENDING}:
        return 0
    return max(due, *(row["done"] for row in rows))


@given(histories())
def test_every_event_has_one_state(attempts: list[Row]) -> None:
    """The states are disjoint and add up to the events, whatever happened; state and times are the obvious ones."""
    found = deliveries_of(table(attempts))
    events: dict[int, list[Row]] = {}
    for row in attempts:
        events.setdefault(row["webhook"] << 32 | row["sequence"], []).append(row)
    assert found.attempts.key.tolist() == sorted(events)
    assert sum(found.count(state) for state in State) == len(events)
    for place, key in enumerate(sorted(events)):
        rows = events[key]
        assert found.state[place] == _oracle({row["outcome"] for row in rows})
        first = min(rows, key=lambda row: row["attempt"])
        assert found.due_ns[place] == first["due"] + first["late"]
        assert found.finished_ns[place] == _finished(rows, found.due_ns[place])
        assert found.sent[place] == sum(row["outcome"] not in NEVER_SENT for row in rows)
        answered = [row["done"] for row in rows if row["outcome"] == Outcome.ACKNOWLEDGED]
        assert found.acknowledged_ns[place] == min(answered, default=0)


@pytest.mark.parametrize(
    ("outcomes", "state"),
    [
        ([Outcome.ACKNOWLEDGED], State.ACKNOWLEDGED),
        ([Outcome.REJECTED, Outcome.RESET, Outcome.ACKNOWLEDGED], State.ACKNOWLEDGED),
        ([Outcome.ACKNOWLEDGED, Outcome.REJECTED], State.ACKNOWLEDGED),
        ([Outcome.READ_TIMEOUT, Outcome.REJECTED], State.IN_DOUBT),
        ([Outcome.READ_TIMEOUT, Outcome.ABANDONED], State.ABANDONED),
        ([Outcome.REJECTED, Outcome.DISABLED], State.FAILED),
        ([Outcome.READ_TIMEOUT, Outcome.DISABLED], State.IN_DOUBT),
        ([Outcome.DISABLED], State.FAILED),
        ([Outcome.REJECTED, Outcome.ABANDONED], State.ABANDONED),
        *(([outcome], State.IN_DOUBT) for outcome in sorted(IN_DOUBT)),
        *(([outcome, outcome], State.FAILED) for outcome in FAILURES),
    ],
)
def test_the_first_state_that_applies(outcomes: list[Outcome], state: State) -> None:
    """An acknowledgement outweighs all, a story that was not over every doubt, and a doubt every certain failure."""
    rows = [attempt(7, attempt=number, outcome=outcome) for number, outcome in enumerate(outcomes, 1)]
    assert deliveries_of(table(rows)).state.tolist() == [state]


def test_latency_runs_from_the_first_due_time_to_the_first_acknowledgement() -> None:
    """Retries move neither the due time nor an acknowledgement that came before theirs; late waking is taken off."""
    rows = [
        attempt(outcome=Outcome.REJECTED, due=START, late=2 * MS),
        attempt(attempt=2, due=START + 50 * MS, start=START + 60 * MS, done=START + 90 * MS),
        attempt(attempt=3, due=START + 70 * MS, start=START + 70 * MS, done=START + 80 * MS),
    ]
    found = deliveries_of(table(rows))
    assert found.due_ns.tolist() == [START + 2 * MS]
    assert found.acknowledged_ns.tolist() == [START + 80 * MS]


def test_nothing_sent() -> None:
    """Of no attempts there are no deliveries."""
    found = deliveries_of(table([]))
    assert len(found) == len(found.attempts.key) == 0
    assert [found.count(state) for state in State] == [0, 0, 0, 0]
    assert found.attempts_each() is None


def test_a_delivery_ends_with_its_acknowledgement_or_its_last_answer() -> None:
    """What was given up ends with its last attempt, what was never tried when it fell due; an open story never."""
    rejected, pending, disabled = Outcome.REJECTED, Outcome.PENDING, Outcome.DISABLED
    rows = [
        *(attempt(0, attempt=n, outcome=rejected, due=START + n * MS) for n in (1, 2)),
        attempt(1, outcome=disabled),
        *(attempt(2, attempt=n, outcome=outcome) for n, outcome in ((1, rejected), (2, pending))),
        *(attempt(3, attempt=n, outcome=outcome) for n, outcome in ((1, rejected), (2, Outcome.ABANDONED))),
    ]
    assert deliveries_of(table(rows)).finished_ns.tolist() == [START + 3 * MS, START, 0, 0]


def test_attempts_are_counted_by_the_events_that_had_any() -> None:
    """Neither an abandoned nor a disabled event draws the mean down."""
    rows = [attempt(0, outcome=Outcome.REJECTED), attempt(0, attempt=2), attempt(1)]
    rows += [attempt(2, outcome=Outcome.ABANDONED), attempt(3, outcome=Outcome.DISABLED)]
    assert deliveries_of(table(rows)).attempts_each() == 1.5
