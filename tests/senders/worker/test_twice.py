"""One event, two attempts: in which order, how far apart, on which connections, and what comes of them."""

from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any, cast

import gevent
import pytest

from _hookswarm.records.rows import Outcome
from _hookswarm.senders.plan.duplicates import Duplicate
from _hookswarm.senders.plan.retry import Failure
from _hookswarm.senders.transport.aimed import AimedWire, Place
from _hookswarm.senders.transport.wire import Timeouts
from _hookswarm.senders.worker.network import Connections
from _hookswarm.senders.worker.playing import Lane
from _hookswarm.senders.worker.queue import Delivery
from _hookswarm.senders.worker.sender import AttemptResult, Halted, StageSender
from _hookswarm.senders.worker.twice import Twice

MS = 1_000_000
TIMEOUTS = Timeouts()
QUEUE = SimpleNamespace(second=lambda due_ns: due_ns)
SENDER = SimpleNamespace(queue=QUEUE, aimed=lambda _delivery, wire: wire)
LANE = cast(Lane, SimpleNamespace(origin=SimpleNamespace(likely=[0]), sender=SENDER))
OWN, SPARE = (cast(Connections, SimpleNamespace(to=lambda *_: SimpleNamespace(open=lambda: None))) for _ in range(2))


def result(done_ns: int, status: int = 204) -> AttemptResult:
    good = status == 204
    failure = None if good else Failure(Outcome.REJECTED, status)
    return AttemptResult(0, done_ns, done_ns / MS, None if good else f"status {status}", failure)


class Attempts:
    """Notes each attempt, and answers as it is told to."""

    def __init__(self, *answers: AttemptResult | Callable[[], AttemptResult]) -> None:
        self._answers = list(answers)
        self.made: list[tuple[Delivery, Connections]] = []

    def __call__(self, _lane: Lane, delivery: Delivery, own: Connections, _timeouts: Timeouts) -> AttemptResult:
        self.made.append((delivery, own))
        answer = self._answers[len(self.made) - 1]
        return answer() if callable(answer) else answer


def deliver(kind: Any, attempts: Attempts, pause_s: float = 0.0, now_ns: int = 0) -> AttemptResult:
    twice = Twice(Duplicate(kind), pause_s, attempts, [SPARE], lambda: now_ns)
    return twice(LANE, Delivery(3, 4, due_ns=1 * MS), OWN, TIMEOUTS)


def test_the_same_event_once_more_after_a_while() -> None:
    """It is the event's second attempt, due when the pause is over; its latency is that of the first one."""
    attempts = Attempts(result(5 * MS), result(60 * MS))
    assert deliver("later", attempts, pause_s=0.02, now_ns=20 * MS) == result(5 * MS)
    (first, own), (second, again) = attempts.made
    assert (own, again) == (OWN, OWN)
    assert (second.webhook, second.sequence, second.attempt) == (first.webhook, first.sequence, 2)
    assert second.due_ns == 25 * MS
    assert second.began_ns == first.began_ns


def test_both_at_once_on_two_connections() -> None:
    """The second goes out while the first one waits for its answer; the earlier answer counts."""
    answered = gevent.event.Event()

    def wait() -> AttemptResult:
        assert answered.wait(1)
        return result(9 * MS)

    def answer() -> AttemptResult:
        answered.set()
        return result(7 * MS)

    attempts = Attempts(wait, answer)
    assert deliver("at_once", attempts) == result(7 * MS)
    assert [own for _, own in attempts.made] == [OWN, SPARE]
    assert [made.due_ns for made, _ in attempts.made] == [1 * MS, 1 * MS]


def test_many_at_once_on_a_connection_each() -> None:
    """The others go out while the first one waits: the event's attempts 2, 3 … The earliest answer counts."""
    all_out = gevent.event.Event()

    def wait() -> AttemptResult:
        assert all_out.wait(1)
        return result(9 * MS)

    def answer() -> AttemptResult:
        if len(attempts.made) == 10:
            all_out.set()
        return result((20 - len(attempts.made)) * MS)

    attempts = Attempts(wait, *[answer] * 9)
    spares = [cast(Connections, SimpleNamespace(to=OWN.to)) for _ in range(9)]
    twice = Twice(Duplicate("at_once", times=10), 0.0, attempts, spares, lambda: 0)
    assert twice(LANE, Delivery(3, 4, due_ns=1 * MS), OWN, TIMEOUTS) == result(9 * MS)
    assert [own for _, own in attempts.made] == [OWN, *spares]
    assert [made.attempt for made, _ in attempts.made] == list(range(1, 11))


def test_both_are_connected_to_the_webhooks_own_host() -> None:
    """Whichever of many that is, before the first goes out: else the second would be a handshake later."""
    opened: list[tuple[str, int]] = []

    def connections(name: str) -> Connections:
        def connect(host: int) -> Any:
            return SimpleNamespace(open=lambda: opened.append((name, host)))

        aimed = AimedWire(20, connect)
        return cast(Connections, SimpleNamespace(to=lambda *_: aimed))

    places = SimpleNamespace(of=lambda webhook: Place(b"", 10 + webhook, b"", None, None))
    sender = SimpleNamespace(
        queue=QUEUE, aimed=partial(StageSender.aimed, cast(StageSender, SimpleNamespace(_places=places)))
    )
    lane = cast(Lane, SimpleNamespace(origin=SimpleNamespace(likely=[0]), sender=sender))
    twice = Twice(Duplicate("at_once"), 0.0, Attempts(result(5), result(9)), [connections("spare")], lambda: 0)
    twice(lane, Delivery(3, 4, due_ns=1 * MS), connections("own"), TIMEOUTS)
    assert opened == [("own", 13), ("spare", 13)]


@pytest.mark.parametrize("kind", ["later", "at_once"])
@pytest.mark.parametrize(
    ("answers", "comes_to"),
    [
        ((result(5, 503), result(9)), result(9)),
        ((result(5), result(9, 503)), result(5)),
        ((result(5, 503), result(9, 500)), result(9, 500)),
    ],
)
def test_one_acknowledgement_is_enough(kind: str, answers: tuple[AttemptResult, ...], comes_to: AttemptResult) -> None:
    """An event is acknowledged if either attempt was."""
    assert deliver(kind, Attempts(*answers)) == comes_to


def test_an_answer_of_410_is_the_last() -> None:
    """A receiver that is gone gets nothing twice."""
    attempts = Attempts(result(5, 410))
    assert deliver("later", attempts) == result(5, 410)
    assert len(attempts.made) == 1


@pytest.mark.parametrize("kind", ["later", "at_once"])
def test_a_worker_that_is_halted_has_the_first_answer(kind: str) -> None:
    """In the pause, and while the second answer is awaited: that one is interrupted, too."""
    told: list[str] = []

    def hang() -> AttemptResult:
        try:
            gevent.sleep(10)
        except Halted:
            told.append("interrupted")
            return AttemptResult(0, 9, 0, "interrupted", Failure(Outcome.INTERRUPTED))
        raise AssertionError

    worker = gevent.spawn(deliver, kind, Attempts(result(5), hang), 10.0)
    gevent.sleep(0.02)
    worker.kill(Halted)
    assert worker.get() == result(5)
    assert told == (["interrupted"] if kind == "at_once" else [])
