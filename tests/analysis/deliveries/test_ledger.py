"""The ledger: attempts against arrivals."""

from collections.abc import Sequence
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from _hookswarm.analysis.deliveries import deliveries
from _hookswarm.analysis.deliveries.deliveries import State
from _hookswarm.analysis.deliveries.ledger import UNSEEN, ledger_of
from _hookswarm.analysis.reading.rows import group_events
from _hookswarm.analysis.schema.report import Ledger
from _hookswarm.records.rows import NEVER_SENT, Outcome
from tests.support.journals import MS, START, US, Row, arrival, attempt, table

HERE, ELSEWHERE = 0, 1
OUTCOMES = [
    Outcome.ACKNOWLEDGED, Outcome.ACKNOWLEDGED, Outcome.REJECTED, Outcome.READ_TIMEOUT, Outcome.PENDING,
    Outcome.ABANDONED, Outcome.DISABLED,
]  # fmt: skip
Event = tuple[int, int]


def _ledger(attempts: Sequence[Row], arrivals: Sequence[Row], watched: Sequence[int] = (HERE,)) -> Ledger:
    return ledger_of(deliveries.deliveries_of(table(attempts)), group_events(table(arrivals)), watched)


def _event(row: Row) -> Event:
    return row["webhook"], row["sequence"]


def _slowly(attempts: Sequence[Row], arrivals: Sequence[Row]) -> dict[str, int]:
    """The same ledger, one arrival after the other, from the words' definitions."""
    sent = {(*_event(row), row["attempt"]): row for row in attempts if row["outcome"] not in NEVER_SENT}
    acknowledged = [row for row in sent.values() if row["outcome"] == Outcome.ACKNOWLEDGED]
    counts = dict.fromkeys(Ledger.model_fields, 0)
    del counts["balanced"]
    seen: dict[Event, int] = {}
    played: set[tuple[int, int, int]] = set()
    for row in sorted(arrivals, key=lambda row: (row["start"], row["attempt"])):
        name = *_event(row), row["attempt"]
        theirs = sent.get(name)
        if theirs is None:
            counts["unexpected"] += 1
            counts["received"] += 1
            continue
        if not 200 <= row["status"] < 300:
            counts["turned_away"] += 1
            continue
        counts["received"] += 1
        if _event(row) in seen:
            in_vain = any(
                _event(other) == _event(row) and other["attempt"] < row["attempt"] and other["done"] < theirs["start"]
                for other in acknowledged
            )
            counts["duplicated"] += 1
            counts["duplicated_spurious" if in_vain or name in played else "duplicated_harmless"] += 1
        played.add(name)
        seen.setdefault(_event(row), row["start"])
        counts["late"] += theirs["outcome"] == Outcome.READ_TIMEOUT and row["start"] > theirs["done"]
        counts["corrupt"] += (row["digest"], row["size"]) != (theirs["digest"], theirs["size"])
    counts["seen"] = len(seen)
    counts["lost"] = len({_event(row) for row in acknowledged if row["target"] == HERE} - set(seen))
    counts["recovered"] = len(set(seen) - {_event(row) for row in acknowledged})
    return counts | _disorder(seen)


def _disorder(seen: dict[Event, int]) -> dict[str, int]:
    """How far the events' first arrivals are from the order of their sequence, pair by pair."""
    counts = dict.fromkeys(("reordered", "inversions", "displacement"), 0)
    for webhook in {webhook for webhook, _ in seen}:
        by_sequence = sorted(event for event in seen if event[0] == webhook)
        by_arrival = sorted(by_sequence, key=lambda event: seen[event])
        wrong = [(one, other) for one, other in combinations(by_sequence, 2) if seen[other] < seen[one]]
        counts["inversions"] += len(wrong)
        counts["reordered"] += len({one for one, _ in wrong})
        far = [abs(by_arrival.index(event) - place) for place, event in enumerate(by_sequence)]
        counts["displacement"] = max(counts["displacement"], *far)
    return counts


NAMES = st.tuples(st.sampled_from([0, 1, 2, 2**32 - 1]), st.sampled_from([0, 1, 2, 3, 2**32 - 1]), st.integers(1, 3))
"""(webhook, sequence, attempt): few, so that attempts and arrivals often meet; fields' last values among them."""


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Row], list[Row]]:
    """Any attempts and any arrivals, whether they go together or not."""
    sent = draw(st.lists(NAMES, unique=True, max_size=15))
    attempts = [
        attempt(
            sequence,
            webhook,
            attempt=number,
            start=0 if outcome in NEVER_SENT else START + draw(st.integers(0, 20)),
            done=0 if outcome in {*NEVER_SENT, Outcome.PENDING} else START + draw(st.integers(10, 40)),
            outcome=outcome,
            target=draw(st.sampled_from([HERE, HERE, ELSEWHERE])),
        )
        for webhook, sequence, number in sent
        for outcome in [draw(st.sampled_from(OUTCOMES))]
    ]
    arrivals = [
        arrival(
            attempt(sequence, webhook, attempt=number),
            start=START + draw(st.integers(0, 60)),
            status=draw(st.sampled_from([204, 204, 204, 200, 503, 302, 0])),
            size=draw(st.sampled_from([900, 900, 901])),
            digest=draw(st.sampled_from([0xD16E57, 0xD16E57, 1])),
        )
        for webhook, sequence, number in draw(st.lists(st.sampled_from(sent) | NAMES if sent else NAMES, max_size=25))
    ]
    return attempts, arrivals


@given(histories())
def test_any_history(history: tuple[list[Row], list[Row]]) -> None:
    """The ledger equals one that is counted arrival by arrival, and its classes are disjoint and add up."""
    attempts, arrivals = history
    found = _ledger(attempts, arrivals).model_dump()
    balanced = found.pop("balanced")
    assert found == _slowly(attempts, arrivals)
    assert balanced == (not found["lost"] and not found["unexpected"])
    assert found["received"] == found["seen"] + found["duplicated"] + found["unexpected"]
    assert found["duplicated"] == found["duplicated_harmless"] + found["duplicated_spurious"]
    assert found["received"] + found["turned_away"] == len(arrivals)


@given(histories())
def test_deliveries_and_arrivals_add_up(history: tuple[list[Row], list[Row]]) -> None:
    """What was acknowledged was seen or lost, what was seen was acknowledged or recovered: every event stands once."""
    attempts, arrivals = ([row | {"target": HERE} for row in rows] for rows in history)
    delivered, found = deliveries.deliveries_of(table(attempts)), _ledger(attempts, arrivals)
    assert sum(delivered.count(state) for state in State) == len({_event(row) for row in attempts})
    assert None not in (found.seen, found.recovered, found.lost)
    assert (found.seen or 0) - (found.recovered or 0) == delivered.count(State.ACKNOWLEDGED) - (found.lost or 0)


@given(st.permutations(range(6)), st.permutations(range(6)))
def test_order_counts_within_a_webhook_only(first: list[int], second: list[int]) -> None:
    """Two webhooks whose arrivals interleave are each as disordered as alone."""
    sent = [attempt(sequence, webhook) for webhook in (0, 1) for sequence in range(6)]
    times = [(0, sequence, 2 * place) for place, sequence in enumerate(first)]
    times += [(1, sequence, 2 * place + 1) for place, sequence in enumerate(second)]
    seen = [arrival(attempt(sequence, webhook), start=START + time) for webhook, sequence, time in times]
    overtaken = sum(max(order[: place + 1]) > order[place] for order in (first, second) for place in range(6))
    assert _ledger(sent, seen).reordered == overtaken


def test_all_is_well() -> None:
    """Every event sent, acknowledged and seen once: nothing but the count of what was received."""
    sent = [attempt(sequence, webhook) for sequence in range(3) for webhook in range(2)]
    found = _ledger(sent, [arrival(row) for row in sent])
    nothing = dict.fromkeys(Ledger.model_fields, 0)
    assert found == Ledger.model_validate(nothing | {"received": 6, "seen": 6, "balanced": True})


def test_lost_is_acknowledged_and_never_seen() -> None:
    """An event whose acknowledged attempt left no trace is lost, unless an earlier attempt of it arrived."""
    lost = attempt(0)
    saved = [attempt(1, outcome=Outcome.RESET), attempt(1, attempt=2)]
    failed = attempt(2, outcome=Outcome.REFUSED)
    found = _ledger([lost, *saved, failed], [arrival(saved[0])])
    assert (found.lost, found.balanced) == (1, False)
    assert _ledger([lost, attempt(0, attempt=2)], []).lost == 1


def test_a_region_without_a_journal_loses_nothing() -> None:
    """Where no receiver writes down arrivals, none can be missed; elsewhere they still can."""
    sent = [attempt(0, target=ELSEWHERE), attempt(1, target=HERE)]
    assert _ledger(sent, []).lost == 1
    assert _ledger(sent, [], [HERE, ELSEWHERE]).lost == 2


def test_duplicated_counts_what_comes_beyond_the_first() -> None:
    """A retry after a lost acknowledgement, and one attempt that arrives twice, are two duplicates."""
    sent = [attempt(outcome=Outcome.RESET), attempt(attempt=2)]
    found = _ledger(sent, [arrival(sent[0]), arrival(sent[1]), arrival(sent[1], start=START + MS)])
    assert (found.received, found.duplicated, found.balanced) == (3, 2, True)


def test_a_missed_acknowledgement_explains_a_duplicate() -> None:
    """A retry after a cut answer is harmless, one after a read answer is not, nor is an attempt that comes twice."""
    late = START + 10 * MS
    cut = [attempt(0, outcome=Outcome.TRUNCATED), attempt(0, attempt=2, start=late)]
    read = [attempt(1), attempt(1, attempt=2, start=late)]
    twice = [attempt(2)]
    seen = [arrival(row) for row in (*cut, *read, *twice)]
    found = _ledger([*cut, *read, *twice], [*seen, arrival(twice[0], start=late)])
    assert (found.duplicated, found.duplicated_harmless, found.duplicated_spurious) == (3, 1, 2)


def test_an_answer_on_its_way_explains_a_duplicate() -> None:
    """A retry that was sent before the earlier attempt's acknowledgement came in could not know of it."""
    slow = attempt(0, done=START + 10 * MS)
    found = _ledger(rows := [slow, attempt(0, attempt=2, start=START + 5 * MS)], [arrival(row) for row in rows])
    assert (found.duplicated_harmless, found.duplicated_spurious) == (1, 0)


def test_what_was_turned_away_was_not_received() -> None:
    """A fault's answer takes nothing: the retry that is taken is the first, and an acknowledgement needs a taking."""
    sent = [attempt(0, outcome=Outcome.REJECTED), attempt(0, attempt=2, start=START + 5 * MS), attempt(1)]
    seen = [arrival(sent[0], status=503), arrival(sent[1]), arrival(sent[2], status=0)]
    found = _ledger(sent, seen)
    assert (found.received, found.turned_away, found.seen, found.duplicated, found.lost) == (1, 2, 1, 0, 1)


def test_recovered_is_seen_and_never_acknowledged() -> None:
    """An event whose acknowledgement was lost for good arrived all the same."""
    sent = [attempt(0, outcome=Outcome.RESET), attempt(1, outcome=Outcome.RESET), attempt(1, attempt=2)]
    assert _ledger(sent, [arrival(row) for row in sent]).recovered == 1


def test_a_duplicate_is_not_reordered() -> None:
    """A second arrival of an event may come behind later ones: its first was in order."""
    sent = [attempt(sequence) for sequence in range(2)]
    times = [(0, 1), (1, 2), (0, 3)]
    found = _ledger(sent, [arrival(sent[place], start=START + time) for place, time in times])
    assert (found.duplicated, found.reordered) == (1, 0)


def test_late_is_seen_after_the_sender_gave_up() -> None:
    """Only an arrival behind the time-out is late; an arrival behind an answer is a clock's affair."""
    gave_up = START + 5 * MS
    sent = [attempt(sequence, outcome=Outcome.READ_TIMEOUT, done=gave_up) for sequence in range(2)]
    sent.append(attempt(2, done=gave_up))
    times = [gave_up + 1, gave_up, gave_up + 1]
    assert _ledger(sent, [arrival(row, start=at) for row, at in zip(sent, times, strict=True)]).late == 1


def test_unexpected_is_what_nobody_sent() -> None:
    """An unknown event, an unknown attempt of a known event and an abandoned event unbalance the books."""
    sent = [attempt(0), attempt(1, outcome=Outcome.ABANDONED)]
    nobody = [attempt(5), attempt(0, attempt=2), attempt(1), attempt(0, webhook=9)]
    found = _ledger(sent, [arrival(sent[0]), *(arrival(row) for row in nobody)])
    assert (found.received, found.unexpected, found.lost, found.balanced) == (5, 4, 0, False)


def test_corrupt_is_another_body() -> None:
    """A body of another length, or of the same length and another checksum, is corrupt."""
    sent = [attempt(sequence) for sequence in range(3)]
    assert _ledger(sent, [arrival(sent[0]), arrival(sent[1], size=899), arrival(sent[2], digest=1)]).corrupt == 2


def test_arrivals_are_taken_in_the_order_of_time() -> None:
    """Journals of several receiving processes interleave: their order in the folder means nothing."""
    sent = [attempt(sequence, start=START + sequence * US) for sequence in range(4)]
    seen = [arrival(row) for row in sent]
    assert _ledger(sent, [*seen[2:], *seen[:2]]).reordered == 0


def test_nothing_sent_and_nothing_received() -> None:
    """Empty journals balance; arrivals without a single attempt do not."""
    assert _ledger([], []).balanced
    assert _ledger([], [arrival(attempt())]).unexpected == 1


def test_without_a_receivers_journal() -> None:
    """Where no receiver writes for us, the ledger says nothing rather than 0."""
    found = ledger_of(deliveries.deliveries_of(table([attempt()])), None, [])
    assert found == UNSEEN
    assert set(found.model_dump(exclude={"balanced"}).values()) == {None}
