"""Which fault befalls an attempt: pure decisions."""

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from _hookswarm.protocol.faults import Delay, FaultOrder, Faults, WebhookFaults, draws
from _hookswarm.protocol.identity import AttemptTag, EventId
from _hookswarm.receiver.config import Server
from _hookswarm.receiver.faults import Kind, Play, PlayError, check_playable, decide_play, faults_naming, unplayable

ATTEMPTS = 1000
P = 1e-9
"""How rare a count outside its interval is: hypothesis draws a hundred examples, of several counts each."""


def plays(faults: Faults, count: int = ATTEMPTS, attempt: int = 1) -> list[Play]:
    return [decide_play(faults, b"1_2_%d" % sequence, attempt) for sequence in range(count)]


@st.composite
def mixtures(draw: st.DrawFn) -> Faults:
    """Faults of any kind whose probabilities leave room for some acceptance, or for none."""
    weights = draw(st.lists(st.integers(0, 20), min_size=8, max_size=8).filter(any))
    a, b, c, ack_lost, cut, reset, hang, _taken = (weight / sum(weights) for weight in weights)
    return Faults(
        status={503: a, 429: b, 301: c},
        ack_lost=ack_lost, cut=cut, reset=reset, hang=hang, hang_s=9, seed=draw(st.integers()),
    )  # fmt: skip


@given(mixtures())
def test_each_fault_comes_as_often_as_it_should(faults: Faults) -> None:
    """Counts of exclusive kinds lie within the binomial interval of their probability, what is left is taken."""
    chances = {f"status {code}": chance for code, chance in faults.status.items()}
    chances |= {name: getattr(faults, name) for name in ("ack_lost", "cut", "reset", "hang")}
    chances["take"] = 1 - sum(chances.values())
    counts = Counter(play.name for play in plays(faults))
    assert sum(counts.values()) == ATTEMPTS
    for name, chance in chances.items():
        low, high = stats.binom.interval(1 - P, ATTEMPTS, min(max(chance, 0), 1))
        assert low <= counts[name] <= high, (name, chance)


@pytest.mark.parametrize(
    ("faults", "play"),
    [
        (Faults(), Play(Kind.TAKE, 204, 0)),
        (Faults(status={410: 1}), Play(Kind.STATUS, 410, 0)),
        (Faults(ack_lost=1), Play(Kind.ACK_LOST, 204, 0)),
        (Faults(cut=1), Play(Kind.CUT, 204, 0)),
        (Faults(reset=1), Play(Kind.RESET, 0, 0)),
        (Faults(hang=1, hang_s=9), Play(Kind.HANG, 0, 9)),
        (Faults(delay=Delay(2)), Play(Kind.TAKE, 204, 2)),
        (Faults(reset=1, delay=Delay(2)), Play(Kind.RESET, 0, 2)),
        (Faults(hang=1, hang_s=9, delay=Delay(2)), Play(Kind.HANG, 0, 9)),
    ],
)
def test_what_is_certain_always_happens(faults: Faults, play: Play) -> None:
    """A probability of 1 is always, 0 never; taken is 204 in the journal, unanswered 0."""
    assert set(plays(faults)) == {play}


def test_the_first_attempts_fail_and_no_others() -> None:
    """`fail_first` goes before all probabilities, and does not touch attempts that have no number."""
    faults = Faults(fail_first=2, fail_status=502)
    assert [decide_play(faults, b"1_2_3", attempt).name for attempt in range(5)] == [
        "take", "status 502", "status 502", "take", "take",
    ]  # fmt: skip
    certain = replace(faults, cut=1)
    assert [decide_play(certain, b"1_2_3", attempt).kind for attempt in (0, 2, 3)] == [Kind.CUT, Kind.STATUS, Kind.CUT]


@given(mixtures(), st.binary(max_size=20), st.integers(0, 65535))
def test_a_delay_does_not_change_what_happens(faults: Faults, event: bytes, attempt: int) -> None:
    """How long and what are drawn apart; every answer is held back, a hang as long as it always is."""
    delayed = decide_play(replace(faults, delay=Delay(3, "uniform")), event, attempt)
    plain = decide_play(faults, event, attempt)
    assert (delayed.kind, delayed.status) == (plain.kind, plain.status)
    drawn = Delay(3, "uniform").at(draws(faults.seed, event, attempt)[1])
    assert delayed.delay_s == (9 if delayed.kind is Kind.HANG else drawn)


def test_the_order_of_statuses_does_not_matter() -> None:
    """The same faults in another spelling are the same faults."""
    one, other = Faults(status={429: 0.3, 503: 0.3}), Faults(status={503: 0.3, 429: 0.3})
    assert plays(one) == plays(other)


def test_another_seed_or_attempt_is_another_draw() -> None:
    """Half of everything fails, but not the same half."""
    faults = Faults(status={503: 0.5}, seed=1)
    first, others = plays(faults), [plays(replace(faults, seed=2)), plays(faults, attempt=2)]
    for other in others:
        assert 0.4 < sum(a == b for a, b in zip(first, other, strict=True)) / ATTEMPTS < 0.6


EVENTS = st.builds(
    EventId, st.integers(0, 2**32 - 1), st.integers(0, 2**16 - 1), st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1)
)
TAGS = st.builds(AttemptTag, st.integers(0, 65535), st.integers(0, 255), st.integers(0, 255), st.integers(0, 255))


@given(EVENTS, EVENTS, TAGS)
def test_an_event_is_known_within_its_stage(one: EventId, other: EventId, tag: AttemptTag) -> None:
    """Webhook and sequence name it, and the attempt's number is the sender's; run, stage and target do not matter."""
    name, attempt = faults_naming((one, tag), "", "1")
    assert (name, attempt) == (b"%d_%d" % one[2:], tag.attempt)
    moved = tag._replace(target=tag.target ^ 1)
    assert faults_naming((one._replace(run=other.run, stage=other.stage), moved), "", "2") == (name, attempt)
    assert (faults_naming((other, tag), "", "1")[0] == name) == (one[2:] == other[2:])


@pytest.mark.parametrize("event_id", ["msg_other", "\xff"])
def test_a_foreign_attempt_is_told_by_its_time_stamp(event_id: str) -> None:
    """Another sender's retry is drawn anew, and has no number."""
    first, second = faults_naming(None, event_id, "1700000000"), faults_naming(None, event_id, "1700000001")
    assert (first[1], second[1]) == (0, 0)
    assert first[0] != second[0]
    assert event_id.encode("latin-1") in first[0]


def test_granian_cannot_reset() -> None:
    """Only where the socket is in reach a connection can be reset; whoever asks is told in one sentence."""
    assert unplayable(Server.GRANIAN) == ["reset"]
    assert unplayable(Server.GEVENT) == []
    for server, order in (
        (Server.GRANIAN, FaultOrder()),
        (Server.GRANIAN, FaultOrder(Faults(cut=0.5, hang=0.5))),
        (Server.GEVENT, FaultOrder(Faults(reset=1))),
    ):
        check_playable(order, server)
    reset = Faults(reset=0.01)
    for order in (FaultOrder(reset), FaultOrder(otherwise=reset), FaultOrder(webhooks=(WebhookFaults(5, 1, reset),))):
        with pytest.raises(PlayError, match=r"--server granian cannot play reset: .*--server gevent"):
            check_playable(order, Server.GRANIAN)
