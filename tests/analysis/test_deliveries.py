"""Attempts gathered into deliveries."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.deliveries import State, compute
from records.rows import IN_DOUBT, Outcome
from tests.journals import MS, START, Row, attempt, table

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
    if outcomes & IN_DOUBT:
        return State.IN_DOUBT
    return State.ABANDONED if Outcome.ABANDONED in outcomes else State.FAILED


@given(histories())
def test_every_event_has_one_state(attempts: list[Row]) -> None:
    """The states are disjoint and add up to the events, whatever happened; state and times are the obvious ones."""
    found = compute(table(attempts))
    events: dict[int, list[Row]] = {}
    for row in attempts:
        events.setdefault(row["webhook"] << 32 | row["sequence"], []).append(row)
    assert found.key.tolist() == sorted(events)
    assert sum(found.count(state) for state in State) == len(events)
    for place, key in enumerate(sorted(events)):
        rows = events[key]
        assert found.state[place] == _oracle({row["outcome"] for row in rows})
        assert found.due[place] == next((row["due"] + row["late"] for row in rows if row["attempt"] == 1), 0)
        answered = [row["done"] for row in rows if row["outcome"] == Outcome.ACKNOWLEDGED]
        assert found.acknowledged[place] == min(answered, default=0)


@pytest.mark.parametrize(
    ("outcomes", "state"),
    [
        ([Outcome.ACKNOWLEDGED], State.ACKNOWLEDGED),
        ([Outcome.REJECTED, Outcome.RESET, Outcome.ACKNOWLEDGED], State.ACKNOWLEDGED),
        ([Outcome.ACKNOWLEDGED, Outcome.REJECTED], State.ACKNOWLEDGED),
        ([Outcome.READ_TIMEOUT, Outcome.REJECTED], State.IN_DOUBT),
        ([Outcome.READ_TIMEOUT, Outcome.ABANDONED], State.IN_DOUBT),
        ([Outcome.REJECTED, Outcome.ABANDONED], State.ABANDONED),
        *(([outcome], State.IN_DOUBT) for outcome in sorted(IN_DOUBT)),
        *(([outcome, outcome], State.FAILED) for outcome in FAILURES),
    ],
)
def test_the_first_state_that_applies(outcomes: list[Outcome], state: State) -> None:
    """One acknowledgement outweighs all failures, a doubt every certainty of failure, and a queue's end a failure."""
    rows = [attempt(7, attempt=number, outcome=outcome) for number, outcome in enumerate(outcomes, 1)]
    assert compute(table(rows)).state.tolist() == [state]


def test_latency_runs_from_the_first_due_time_to_the_first_acknowledgement() -> None:
    """Retries move neither the due time nor an acknowledgement that came before theirs; late waking is taken off."""
    rows = [
        attempt(outcome=Outcome.REJECTED, due=START, late=2 * MS),
        attempt(attempt=2, due=START + 50 * MS, start=START + 60 * MS, done=START + 90 * MS),
        attempt(attempt=3, due=START + 70 * MS, start=START + 70 * MS, done=START + 80 * MS),
    ]
    found = compute(table(rows))
    assert found.due.tolist() == [START + 2 * MS]
    assert found.acknowledged.tolist() == [START + 80 * MS]


def test_nothing_sent() -> None:
    """Of no attempts there are no deliveries."""
    found = compute(table([]))
    assert len(found.key) == 0
    assert [found.count(state) for state in State] == [0, 0, 0, 0]
