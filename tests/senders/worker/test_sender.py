"""One attempt: its headers, its row before and after, its outcome. The wire is a fake, passed in."""

import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import gevent
import numpy as np
import pytest

from _hookswarm.protocol.acceptance import ANY_2XX, Acceptance, parse_acceptance
from _hookswarm.protocol.identity import AttemptTag, EventId, parse_attempt_tag, parse_event_id
from _hookswarm.records.clock import Clock
from _hookswarm.records.journal import Header, Journal
from _hookswarm.records.reading import read_journal
from _hookswarm.records.rows import Flag, Outcome
from _hookswarm.senders.plan.arrivals import Stripe
from _hookswarm.senders.plan.payloads import Generated
from _hookswarm.senders.plan.retry import Failure, RetryLaw
from _hookswarm.senders.plan.stages import Stage
from _hookswarm.senders.transport.failure import WireError
from _hookswarm.senders.worker.failures import Failures
from _hookswarm.senders.worker.queue import Delivery, DeliveryQueue
from _hookswarm.senders.worker.retrier import Retrier
from _hookswarm.senders.worker.sender import Halted, Route, StageSender
from tests.support.signed import signer, verify

KEY = bytes(range(32))
RUN, STAGE, WEBHOOKS = 0xDEADBEEF, 3, 10
ROUTE = Route(origin=1, target=2, strategy=4)
NOW_S = 1_700_000_000.9
START_S = 0.05
"""How long ago the test's deliveries fell due."""

Answer = Callable[[bytes, bytes], int]


class FakeWire:
    """Answers as it is told to."""

    url = b"http://127.0.0.1/hooks"
    body = b""

    def __init__(
        self, answer: Answer, reused: bool = False, retry_after: bytes = b"", connecting_s: float | None = 0.0
    ) -> None:
        self._answer = answer
        self.connecting_s = connecting_s
        self.reused = reused
        self.retry_after = retry_after

    def open(self) -> None:
        pass

    def post(self, headers: bytes, body: bytes) -> int:
        return self._answer(headers, body)

    def close(self) -> None:
        pass


class Bench:
    """A sender with a journal of its own."""

    def __init__(self, folder: Path, acceptance: Acceptance = ANY_2XX) -> None:
        self.clock = Clock()
        self.path = folder / "attempts.journal"
        self.journal = Journal(self.path, Header("attempts", "a run", "a worker", self.clock.anchor_ns))
        stage = Stage("x", webhooks=WEBHOOKS, events=100)
        queue = DeliveryQueue(stage, Stripe(), (1, STAGE), self.clock.now(), self.clock.now)
        self.payloads = Generated("thin", 1)
        self.failures = Failures()
        self.sender = StageSender(
            STAGE,
            WEBHOOKS,
            RUN,
            queue,
            Retrier(RetryLaw(), Random(1)),
            self.journal,
            self.payloads,
            signer(KEY),
            self.clock,
            lambda: NOW_S,
            failures=self.failures,
            acceptance=acceptance,
        )

    def delivery(self, late: int = 0, attempt: int = 1) -> Delivery:
        return Delivery(7, 5, self.clock.now() - round(START_S * 1e9), late, attempt)

    def rows(self) -> Any:
        return np.array(read_journal(self.path).rows)


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    """A sender that writes to a fresh journal."""
    bench = Bench(tmp_path)
    yield bench
    bench.journal.close()


def test_the_headers_are_signed(bench: Bench) -> None:
    """The four headers name event and attempt, and the signature holds for the very body."""
    seen: list[tuple[bytes, bytes]] = []

    def answer(headers: bytes, body: bytes) -> int:
        seen.append((headers, body))
        return 204

    bench.sender.attempt(bench.delivery(attempt=2), ROUTE, FakeWire(answer))
    ((headers, body),) = seen
    assert headers.endswith(b"\r\n")
    fields = dict(line.split(b": ") for line in headers.removesuffix(b"\r\n").split(b"\r\n"))
    assert list(fields) == [b"webhook-id", b"webhook-timestamp", b"webhook-signature", b"hookswarm-attempt"]
    assert parse_event_id(fields[b"webhook-id"].decode()) == EventId(RUN, STAGE, 7, 5)
    assert parse_attempt_tag(fields[b"hookswarm-attempt"].decode()) == AttemptTag(2, 1, 2, 4)
    assert fields[b"webhook-timestamp"] == b"1700000000"
    assert body == bench.payloads.body(fields[b"webhook-id"], 5 * WEBHOOKS + 7)
    signature = fields[b"webhook-signature"]
    assert verify(KEY, fields[b"webhook-id"], b"1700000000", body, signature)
    assert not verify(KEY, fields[b"webhook-id"], b"1700000000", body + b" ", signature)


def test_the_intent_is_written_before_sending(bench: Bench) -> None:
    """When the wire is called, the journal holds the whole row, pending: a worker that dies now leaves a doubt."""
    delivery = bench.delivery(late=123)

    def answer(_headers: bytes, body: bytes) -> int:
        (row,) = bench.rows()
        assert {name: row[name] for name in row.dtype.names if name != "start"} == {
            "webhook": 7, "sequence": 5, "due": delivery.due_ns, "attempt": 1, "stage": STAGE, "origin": 1, "target": 2,
            "strategy": 4, "size": len(body), "digest": zlib.crc32(body), "late": 123, "run": RUN, "done": 0,
            "status": 0, "outcome": Outcome.PENDING, "flags": Flag.WRITTEN,
        }  # fmt: skip
        assert delivery.due_ns < row["start"] <= bench.clock.now()
        return 204

    result = bench.sender.attempt(delivery, ROUTE, FakeWire(answer, reused=True))
    assert result.error is None
    (row,) = bench.rows()
    assert (row["outcome"], row["status"], row["flags"]) == (Outcome.ACKNOWLEDGED, 204, Flag.WRITTEN | Flag.REUSED)
    assert row["start"] <= row["done"] <= bench.clock.now()


def test_what_connecting_took_is_added_up(bench: Bench) -> None:
    """Once for each connection that was opened, whatever came of it; unknown is not nothing."""

    def refuse(*_: bytes) -> int:
        raise WireError(Outcome.CONNECT_TIMEOUT, "no connection")

    for wire in (
        FakeWire(lambda *_: 204, connecting_s=0.25),
        FakeWire(lambda *_: 204, connecting_s=0.25, reused=True),
        FakeWire(refuse, connecting_s=0.5),
    ):
        bench.sender.attempt(bench.delivery(), ROUTE, wire)
    assert bench.sender.connecting_s == 0.75
    bench.sender.attempt(bench.delivery(), ROUTE, FakeWire(lambda *_: 204, connecting_s=None))
    assert bench.sender.connecting_s is None


@pytest.mark.parametrize("status", [200, 201, 204, 299])
def test_2xx_is_an_acknowledgement(bench: Bench, status: int) -> None:
    """Every 2xx acknowledges."""
    assert bench.sender.attempt(bench.delivery(), ROUTE, FakeWire(lambda *_: status)).error is None
    (row,) = bench.rows()
    assert (row["outcome"], row["status"], row["flags"]) == (Outcome.ACKNOWLEDGED, status, Flag.WRITTEN)


@pytest.mark.parametrize("status", [199, 300, 302, 304, 400, 410, 429, 500, 503, 599])
def test_any_other_status_is_a_rejection(bench: Bench, status: int) -> None:
    """Anything else rejects, redirects too, and the error names the status."""
    assert bench.sender.attempt(bench.delivery(), ROUTE, FakeWire(lambda *_: status)).error == f"status {status}"
    (row,) = bench.rows()
    assert (row["outcome"], row["status"]) == (Outcome.REJECTED, status)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (200, b"done", None),
        (302, b"done", None),
        (200, b"Hook rules were not satisfied.", "status 200, not accepted: body lacks done"),
        (204, b"", "status 204, not accepted"),
        (503, b"done", "status 503"),
    ],
)
def test_rules_of_the_users_say_what_is_an_acknowledgement(
    tmp_path: Path, status: int, body: bytes, error: str | None
) -> None:
    """A 200 that lacks what they want is a rejection with that status, also to the retry law; a 302 may be none."""
    bench, wire = Bench(tmp_path, parse_acceptance(["status in 200,302", "body ~ done"])), FakeWire(lambda *_: status)
    wire.body = body
    result = bench.sender.attempt(bench.delivery(), ROUTE, wire)
    assert result.error == error
    assert result.failure == (Failure(Outcome.REJECTED, status) if error else None)
    (row,) = bench.rows()
    assert (row["outcome"], row["status"]) == (Outcome.REJECTED if error else Outcome.ACKNOWLEDGED, status)
    bench.journal.close()


@pytest.mark.parametrize(("value", "hint_s"), [(b"7", 7.0), (b"Tue, 14 Nov 2023 22:13:30 GMT", 9.1), (b"soon", None)])
def test_a_hint_is_written_down_and_told(bench: Bench, value: bytes, hint_s: float | None) -> None:
    """A rejection's `Retry-After` is flagged in the row, and the retry law hears of it in seconds from now."""
    result = bench.sender.attempt(bench.delivery(), ROUTE, FakeWire(lambda *_: 429, retry_after=value))
    assert result.failure
    assert result.failure[:2] == (Outcome.REJECTED, 429)
    assert result.failure.hint_s == pytest.approx(hint_s)
    (row,) = bench.rows()
    assert row["flags"] == Flag.WRITTEN | Flag.HINTED


def test_a_hint_of_a_success_is_nothing(bench: Bench) -> None:
    """An acknowledged event has no retry to be hinted at."""
    result = bench.sender.attempt(bench.delivery(), ROUTE, FakeWire(lambda *_: 204, retry_after=b"7"))
    assert result.failure is None
    assert bench.rows()["flags"].tolist() == [Flag.WRITTEN]


def test_latency_of_a_retry_runs_from_the_first_attempt(bench: Bench) -> None:
    """A later attempt's latency is its event's: since the first one was due."""
    delivery = bench.delivery()
    retry = Delivery(7, 5, delivery.due_ns + 30_000_000, 4_000_000, attempt=2, since_ns=delivery.due_ns)
    result = bench.sender.attempt(retry, ROUTE, FakeWire(lambda *_: 204))
    assert result.latency_ms == pytest.approx((result.done_ns - delivery.due_ns) / 1e6)
    assert result.latency_ms > START_S * 1e3


def raising(error: BaseException) -> Answer:
    def answer(_headers: bytes, _body: bytes) -> int:
        raise error

    return answer


@pytest.mark.parametrize(
    "outcome", [outcome for outcome in Outcome if Outcome.REFUSED <= outcome <= Outcome.PROTOCOL], ids=lambda o: o.name
)
def test_a_failure_of_the_wire_keeps_its_kind(bench: Bench, outcome: Outcome) -> None:
    """The row holds the failure's kind, and Locust is told the kind and what was seen."""
    result = bench.sender.attempt(bench.delivery(), ROUTE, FakeWire(raising(WireError(outcome, "so it was"))))
    assert result.error == f"{outcome.name.lower()}: so it was"
    (row,) = bench.rows()
    assert (row["outcome"], row["status"], row["done"] > 0) == (outcome, 0, True)


def test_what_failed_is_told_with_its_answer(bench: Bench) -> None:
    """By what was seen, once for each kind; what went well, or was ended by ourselves, is no failure."""
    rejected, refused = FakeWire(lambda *_: 401), FakeWire(raising(WireError(Outcome.REFUSED, "nobody there")))
    rejected.body = b"bad signature"
    well, broken = FakeWire(lambda *_: 204), FakeWire(raising(WireError(Outcome.BROKEN_OFF, "on purpose")))
    for wire in (rejected, rejected, refused, well, broken, FakeWire(raising(Halted()))):
        bench.sender.attempt(bench.delivery(), ROUTE, wire)
    kinds = bench.failures.told(lambda _: [])
    told = [(kind.outcome, kind.status, kind.text, kind.count, kind.sample) for kind in kinds]
    assert told == [(2, 401, "status 401", 2, "bad signature"), (3, 0, "nobody there", 1, "")]
    (first, last) = (bench.rows()["done"][place] for place in (0, 1))
    assert (kinds[0].first_ns, kinds[0].last_ns) == (first, last)


def test_a_halted_attempt_is_interrupted(bench: Bench) -> None:
    """An answer that nobody waits for any longer is written down as such, and the worker goes on."""
    result = bench.sender.attempt(bench.delivery(), ROUTE, FakeWire(raising(Halted())))
    assert result.error == "interrupted"
    (row,) = bench.rows()
    assert (row["outcome"], row["done"] > 0) == (Outcome.INTERRUPTED, True)


@pytest.mark.parametrize("error", [gevent.GreenletExit(), KeyboardInterrupt(), MemoryError(), OSError(28, "full")])
def test_what_ends_a_worker_is_passed_on(bench: Bench, error: BaseException) -> None:
    """A killed worker dies of it, but its row says that it was interrupted."""
    with pytest.raises(type(error)):
        bench.sender.attempt(bench.delivery(), ROUTE, FakeWire(raising(error)))
    (row,) = bench.rows()
    assert (row["outcome"], row["done"] > 0) == (Outcome.INTERRUPTED, True)


def test_a_killed_greenlet_leaves_its_row(bench: Bench) -> None:
    """The same with a real kill in the middle of a request."""

    def answer(_headers: bytes, _body: bytes) -> int:
        gevent.sleep(60)
        return 204

    worker = gevent.spawn(bench.sender.attempt, bench.delivery(), ROUTE, FakeWire(answer))
    gevent.sleep(0.01)
    worker.kill(timeout=1)
    assert isinstance(worker.value, gevent.GreenletExit)
    assert bench.rows()["outcome"].tolist() == [Outcome.INTERRUPTED]


@pytest.mark.parametrize("answer", [lambda *_: 204, raising(Halted()), raising(WireError(Outcome.RESET, "x"))])
def test_latency_runs_from_due_without_the_lateness(bench: Bench, answer: Answer) -> None:
    """Waiting for a worker counts, a timer's lateness does not, whatever the outcome."""
    late = 20_000_000
    result = bench.sender.attempt(bench.delivery(late), ROUTE, FakeWire(answer))
    assert START_S * 1e3 - 20 <= result.latency_ms < START_S * 1e3 - 20 + 15
    (row,) = bench.rows()
    assert (int(row["done"]) - int(row["due"]) - late) / 1e6 == pytest.approx(result.latency_ms, abs=5)


def test_nothing_is_sent_that_cannot_be_written(tmp_path: Path) -> None:
    """Where the journal takes no row, the attempt fails before the wire is asked."""
    bench = Bench(tmp_path)
    bench.journal.close()
    sent: list[bytes] = []

    def answer(headers: bytes, _body: bytes) -> int:
        sent.append(headers)
        return 204

    with pytest.raises(OSError):
        bench.sender.attempt(bench.delivery(), ROUTE, FakeWire(answer))
    assert sent == []


def test_an_abandoned_event_has_a_row(bench: Bench) -> None:
    """An event that was due and never sent is written down without a start or an end."""
    delivery = bench.delivery()
    bench.sender.never_sent(delivery, ROUTE, Outcome.ABANDONED)
    (row,) = bench.rows()
    assert (row["outcome"], row["start"], row["done"], row["size"]) == (Outcome.ABANDONED, 0, 0, 0)
    assert (row["webhook"], row["sequence"], row["due"], row["run"]) == (7, 5, delivery.due_ns, RUN)


def test_workers_write_side_by_side(bench: Bench) -> None:
    """Attempts that overlap each finish their own row."""

    def answer(_headers: bytes, body: bytes) -> int:
        gevent.sleep(0.001 * (zlib.crc32(body) % 7))
        return 200 + zlib.crc32(body) % 90

    deliveries = [Delivery(n % WEBHOOKS, n // WEBHOOKS, bench.clock.now()) for n in range(50)]
    workers = [gevent.spawn(bench.sender.attempt, delivery, ROUTE, FakeWire(answer)) for delivery in deliveries]
    gevent.joinall(workers, timeout=5, raise_error=True)
    rows = bench.rows()
    assert sorted(zip(rows["webhook"], rows["sequence"], strict=True)) == sorted(
        (delivery.webhook, delivery.sequence) for delivery in deliveries
    )
    assert (rows["status"] == 200 + rows["digest"] % 90).all()
    assert (rows["outcome"] == Outcome.ACKNOWLEDGED).all()
