"""Faults as clients see them: real servers, raw sockets."""

import contextlib
import socket
import time
from collections import Counter
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import pytest
from scipy import stats

from _hookswarm.protocol.faults import Faults
from _hookswarm.receiver.faults import decide_play
from _hookswarm.records.reading import read_journal
from _hookswarm.records.rows import Flag
from tests.support.receivers import EVENT, RunningReceiver, running_receiver, signed_headers, wait_until
from tests.support.watching import Seen, events, play, request, statuses, watch

pytestmark = pytest.mark.slow

P = 1e-6
FAULTED = Flag.WRITTEN | Flag.FAULT


@pytest.fixture(scope="module", params=["granian", "gevent"])
def receiver(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningReceiver]:
    with running_receiver(tmp_path_factory.mktemp("receiver"), "--server", request.param) as running:
        yield running
        assert running.log.read_text().splitlines() == [f"receiver local: 127.0.0.1:{running.address[1]}"]


@pytest.fixture
def gevent(receiver: RunningReceiver) -> bool:
    """Is this the server that can reset?"""
    return not receiver.ask("/health").json()["cannot_play"]


def rows_of(receiver: RunningReceiver, run: str) -> list[tuple[int, int]]:
    """(status, flags) of every row of a run, in whatever journal of it."""
    views = [read_journal(path) for path in (receiver.results / run).glob("arrivals-*.journal")]
    return [(int(row["status"]), int(row["flags"])) for view in views for row in view.rows]


def test_statuses_come_as_often_as_they_should(receiver: RunningReceiver) -> None:
    """Each status lies within its binomial interval, is exactly the one that the seed says, and /stats counts it."""
    receiver.reset("often")
    faults = {503: 0.3, 429: 0.1, 410: 0.02}
    play(receiver, status=faults, seed=11)
    found = statuses(receiver, events(1000))
    counts = Counter(found)
    for status, chance in {**faults, 204: 0.58}.items():
        low, high = stats.binom.interval(1 - P, 1000, chance)
        assert low <= counts[status] <= high
    model = Faults(status=faults, seed=11)
    assert found == [decide_play(model, b"%d_%d" % event[2:], 1).status for event in events(1000)]
    wait_until(lambda: receiver.ask("/stats").json()["arrivals"] == counts[204])
    assert receiver.ask("/stats").json()["faults"] == {f"status {status}": counts[status] for status in faults}
    assert Counter(rows_of(receiver, "often")) == {
        (status, FAULTED if status != 204 else Flag.WRITTEN): count for status, count in counts.items()
    }


def test_the_first_attempts_fail(receiver: RunningReceiver) -> None:
    """Every event fails twice and is taken the third time."""
    play(receiver, fail_first=2, fail_status=500)
    assert [set(statuses(receiver, events(20), attempt)) for attempt in (1, 2, 3)] == [{500}, {500}, {204}]


def test_failures_come_as_fast_as_acceptances(receiver: RunningReceiver) -> None:
    """An answer with a body is not held back by the network's own delays (40 ms, were it sent in two packets)."""
    play(receiver, status={503: 1})
    began = time.monotonic()
    assert set(statuses(receiver, events(50))) == {503}
    assert time.monotonic() - began < 1


def test_retry_after_in_both_forms(receiver: RunningReceiver) -> None:
    """A header in seconds, or a date that lies so far ahead."""
    asked: dict[str, Any] = {"status": {429: 1}, "retry_after_s": 2.5}
    play(receiver, **asked)
    with httpx.Client(trust_env=False) as client:
        answer = client.post(receiver.url, content=b"{}", headers=signed_headers(b"{}"))
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "3")
        play(receiver, **asked, retry_after_as="date")
        now = time.time()
        answer = client.post(receiver.url, content=b"{}", headers=signed_headers(b"{}"))
    assert 2.4 <= parsedate_to_datetime(answer.headers["retry-after"]).timestamp() - now <= 4


def test_a_lost_acknowledgement(receiver: RunningReceiver, gevent: bool) -> None:
    """Taken, and never acknowledged: gevent resets before any byte, Granian closes where a body was announced."""
    receiver.reset("ack-lost")
    play(receiver, ack_lost=1)
    seen = [watch(receiver) for _ in range(10)]
    if gevent:
        assert set(seen) == {Seen(b"", "ConnectionResetError")}
    else:
        assert {(one.status, one.body, one.end) for one in seen} == {(200, b"", "closed")}
        assert all(b"content-length: 22\r\n" in one.data.lower() for one in seen)
    assert rows_of(receiver, "ack-lost") == [(204, FAULTED)] * 10


def test_a_cut_answer(receiver: RunningReceiver, gevent: bool) -> None:
    """Taken, and the answer ends in its middle: gevent resets, Granian closes."""
    receiver.reset("cut")
    play(receiver, cut=1)
    seen = [watch(receiver) for _ in range(10)]
    end = "ConnectionResetError" if gevent else "closed"
    assert {(one.status, one.body, one.end) for one in seen} == {(200, b"a fault", end)}
    assert all(b"content-length: 22\r\n" in one.data.lower() for one in seen)
    assert rows_of(receiver, "cut") == [(204, FAULTED)] * 10


def test_a_reset_connection(receiver: RunningReceiver, gevent: bool) -> None:
    """gevent resets before any byte and takes nothing; Granian cannot: 409, and what was in force stays."""
    receiver.reset("reset")
    play(receiver, fail_first=1)
    before = receiver.ask("/faults").json()
    answer = play(receiver, reset=1)
    if gevent:
        assert {watch(receiver) for _ in range(10)} == {Seen(b"", "ConnectionResetError")}
        assert rows_of(receiver, "reset") == [(0, FAULTED)] * 10
        wait_until(lambda: receiver.ask("/stats").json()["faults"] == {"reset": 10})
        assert receiver.ask("/stats").json()["arrivals"] == 0
    else:
        assert answer.status_code == 409
        assert "--server gevent" in answer.json()["error"]
        assert receiver.ask("/faults").json() == before
        assert watch(receiver).status == 503


def test_a_hang(receiver: RunningReceiver) -> None:
    """Nothing for as long as was asked, then 503; written down from the start as not taken."""
    receiver.reset("hang")
    play(receiver, hang=1, hang_s=0.5)
    assert watch(receiver, patience_s=0.2) == Seen(b"", "TimeoutError")
    assert rows_of(receiver, "hang") == [(0, FAULTED)]
    began = time.monotonic()
    assert watch(receiver).status == 503
    assert 0.5 <= time.monotonic() - began < 2


def test_those_that_hang_leave_room_for_others(receiver: RunningReceiver, gevent: bool) -> None:
    """With gevent hundreds may hang, with Granian one less than its threads: the next is served at once."""
    play(receiver, hang=1, hang_s=60)
    with contextlib.ExitStack() as stack:
        for number in range(300 if gevent else 7):
            hung = stack.enter_context(socket.create_connection(receiver.address, timeout=5))
            hung.sendall(request(EVENT._replace(sequence=number)))
        wait_until(lambda: receiver.ask("/stats").json()["faults"].get("hang", 0) >= (300 if gevent else 7))
        play(receiver)
        began = time.monotonic()
        assert receiver.deliver() == 204
        assert time.monotonic() - began < 1


def test_a_delay(receiver: RunningReceiver) -> None:
    """The answer is held back, good ones and bad ones, and the row says how long."""
    for status in (204, 503):
        receiver.reset(f"delay-{status}")
        play(receiver, delay={"mean_s": 0.3}, fail_first=int(status == 503))
        began = time.monotonic()
        assert watch(receiver).status == status
        assert 0.3 <= time.monotonic() - began < 2
        (path,) = (receiver.results / f"delay-{status}").glob("arrivals-*.journal")
        (row,) = read_journal(path).rows
        assert 300_000_000 <= row["done"] - row["start"] < 2_000_000_000


def test_faults_go_as_they_came(receiver: RunningReceiver) -> None:
    """They hold from the answer to /faults on; cleared, all is well again in the same journal; a reset clears them."""
    receiver.reset("on-off")
    for _ in range(20):
        play(receiver, status={503: 1})
        assert receiver.deliver() == 503
        play(receiver)
        assert receiver.deliver() == 204
    assert len(list((receiver.results / "on-off").glob("arrivals-*.journal"))) == 1
    wait_until(lambda: receiver.ask("/stats").json()["arrivals"] == 20)
    assert receiver.ask("/stats").json()["faults"] == {"status 503": 20}
    play(receiver, status={503: 1})
    receiver.reset("well")
    assert receiver.deliver() == 204
    assert receiver.ask("/faults").json()["faults"] is None
