"""Faults as the app plays them, without a server: what is written, answered, counted, and when."""

import email.utils
import errno
import socket
import struct
import time
from pathlib import Path
from typing import Any

import pytest

from _hookswarm.protocol.faults import Delay, FaultOrder, Faults, WebhookFaults
from _hookswarm.protocol.identity import ATTEMPT_HEADER, NO_RUN
from _hookswarm.receiver.config import Durability
from _hookswarm.receiver.faults import SOCKET, decide_play
from _hookswarm.records.rows import Flag
from tests.support.receivers import EVENT, KEY, TAG, signed_headers
from tests.support.rig import Rig, StillTime, environ, rig
from tests.support.signed import sign

FAULTED = Flag.WRITTEN | Flag.FAULT


@pytest.fixture
def clock() -> StillTime:
    return StillTime()


@pytest.fixture
def app(tmp_path: Path, clock: StillTime) -> Rig:
    return rig(tmp_path, clock=clock)


def play(app: Rig, faults: Faults | None, begin_ns: int | None = None, end_ns: int | None = None) -> None:
    app.state.set_faults(FaultOrder(faults, begin_ns, end_ns))


def row(app: Rig) -> tuple[int, int]:
    """Status and flags of the one row there is."""
    (only,) = app.rows()
    return int(only["status"]), int(only["flags"])


def raw(app: Rig, connection: socket.socket | None = None) -> tuple[str, dict[str, str], bytes]:
    """The answer to one webhook as a server gets it from the app: status line, headers, body."""
    heads: list[Any] = []
    more = {SOCKET: connection} if connection else {}
    body = b"".join(app.receiver(environ(signed_headers(b"{}"), b"{}", more), lambda *head: heads.append(head)))
    ((line, headers),) = heads
    return line, dict(headers), body


@pytest.mark.parametrize("durability", list(Durability))
@pytest.mark.parametrize("status", [301, 410, 418, 429, 500, 503, 599])
def test_a_status_is_answered_and_written_down(status: int, durability: Durability, tmp_path: Path) -> None:
    """The row says what was answered, and that it was a fault."""
    app = rig(tmp_path, durability)
    play(app, Faults(status={status: 1}))
    answer = app.post()
    app.books.keep()
    assert (answer.status_code, answer.text) == (status, "a fault was asked for\n")
    assert row(app) == (status, FAULTED)


def test_304_has_no_body(app: Rig) -> None:
    """As HTTP wants it; the validator around the app would complain."""
    play(app, Faults(status={304: 1}))
    assert (app.post().status_code, row(app)) == (304, (304, FAULTED))


def test_the_first_attempts_fail(app: Rig) -> None:
    """Attempts 1 and 2 of an event fail, the third is taken; another sender's attempts, without a number, are taken."""
    play(app, Faults(fail_first=2, fail_status=502))
    statuses = [
        app.post(headers=signed_headers(b"{}", tag=TAG._replace(attempt=attempt))).status_code for attempt in (1, 2, 3)
    ]
    now = b"%d" % time.time()
    foreign = {"webhook-id": "msg_x", "webhook-timestamp": now.decode()}
    foreign["webhook-signature"] = sign(KEY, b"msg_x", now, b"{}").decode()
    assert statuses == [502, 502, 204]
    assert app.post(headers=foreign).status_code == 204
    assert app.rows()["status"].tolist() == [502, 502, 204, 204]
    assert app.rows()["flags"].tolist() == [FAULTED, FAULTED, Flag.WRITTEN, Flag.WRITTEN | Flag.FOREIGN]


def test_foreign_webhooks_meet_faults_too(app: Rig) -> None:
    """Whoever signs rightly meets the faults, drawn by what names the attempt, and stays flagged as foreign."""
    faults = Faults(status={503: 0.5})
    play(app, faults)
    now = b"%d" % time.time()
    for number in range(50):
        name = b"msg_%d" % number
        headers = {"webhook-id": name.decode(), "webhook-timestamp": now.decode()}
        headers["webhook-signature"] = sign(KEY, name, now, b"{}").decode()
        assert app.post(headers=headers).status_code == decide_play(faults, name + b" " + now, 0).status
    assert {204, 503} == set(app.rows()["status"].tolist())
    assert all(flags & Flag.FOREIGN for flags in app.rows()["flags"])


@pytest.mark.parametrize("faults", [Faults(ack_lost=1), Faults(cut=1)])
def test_a_broken_answer_is_shorter_than_announced(faults: Faults, app: Rig, clock: StillTime) -> None:
    """Without the socket the app announces a body and gives less of it: taken, in the journal, and broken off."""
    play(app, faults)
    line, headers, body = raw(app)
    assert (line, bool(body)) == ("200 OK", faults.cut == 1)
    assert len(body) < int(headers["Content-Length"])
    assert row(app) == (204, FAULTED)
    assert clock.slept == [0.005], "what is out needs a moment to leave"


def test_a_delay_may_be_computed(app: Rig, clock: StillTime) -> None:
    """A busy one takes the thread's own CPU time, and sleeps for none of it."""
    play(app, Faults(delay=Delay(0.02, busy=True)))
    before = time.thread_time()
    assert app.post().status_code == 204
    assert time.thread_time() - before >= 0.02
    assert clock.slept == []


LINGER_0 = struct.pack("ii", 1, 0)


@pytest.mark.parametrize(("faults", "status"), [(Faults(ack_lost=1), 204), (Faults(reset=1), 0), (Faults(cut=1), 204)])
def test_a_connection_in_reach_is_reset(faults: Faults, status: int, app: Rig) -> None:
    """The socket is told to reset when it closes, and the server to close it; before a byte, but for a cut."""
    play(app, faults)
    ours, theirs = socket.socketpair()
    heads: list[Any] = []
    request = environ(signed_headers(b"{}"), b"{}", {SOCKET: ours})
    out: list[bytes] = []
    with ours, theirs:
        with pytest.raises(ConnectionResetError) as caught:
            out.extend(app.receiver(request, lambda *head: heads.append(head)))
        assert ours.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8) == LINGER_0
    assert caught.value.errno == errno.ECONNRESET, "what gevent takes for a client that went away"
    assert bool(heads) == bool(b"".join(out)) == (faults.cut == 1)
    assert row(app) == (status, FAULTED)


def test_a_hang_is_written_down_before_it_begins(tmp_path: Path) -> None:
    """Not taken, nothing answered; and who still waits after `hang_s` hears 503."""
    seen: list[tuple[int, int]] = []
    clock = StillTime(on_sleep=lambda: seen.append(row(hung)))
    hung = rig(tmp_path, clock=clock)
    play(hung, Faults(hang=1, hang_s=30, delay=Delay(1)))
    assert hung.post().status_code == 503
    assert (seen, clock.slept) == ([(0, FAULTED)], [30])
    assert hung.rows()["done"] == hung.rows()["start"]


def test_a_delay_holds_back_the_row_and_the_answer(tmp_path: Path) -> None:
    """Received now, written and answered later: `done` is when the answer was ready. A delay is no fault by itself."""
    seen: list[list[int]] = []
    clock = StillTime(on_sleep=lambda: seen.append(slow.sequences()))
    slow = rig(tmp_path, clock=clock)
    play(slow, Faults(delay=Delay(1.5)))
    assert slow.post().status_code == 204
    assert (seen, clock.slept) == ([[]], [1.5])
    assert slow.rows()["done"] - slow.rows()["start"] == 1_500_000_000
    assert row(slow) == (204, Flag.WRITTEN)


@pytest.mark.parametrize(
    ("faults", "slept"),
    [
        (Faults(status={503: 1}), [1.5]),
        (Faults(fail_first=1), [1.5]),
        (Faults(ack_lost=1), [1.5, 0.005]),
        (Faults(cut=1), [1.5, 0.005]),
    ],
)
def test_every_answer_is_held_back(faults: Faults, slept: list[float], app: Rig, clock: StillTime) -> None:
    """A failure or a broken answer comes as late as a good one."""
    play(app, Faults(**{**vars(faults), "delay": Delay(1.5)}))
    raw(app)
    assert clock.slept == slept
    assert app.rows()["done"] - app.rows()["start"] == 1_500_000_000


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(("asked", "whole"), [(0, 0), (0.2, 1), (2, 2), (2.5, 3)])
def test_retry_after(asked: float, whole: int, status: int, app: Rig, clock: StillTime) -> None:
    """In whole seconds, never fewer than asked for; or as the HTTP date that lies so far after the answer."""
    play(app, Faults(status={status: 1}, retry_after_s=asked))
    assert app.post().headers["retry-after"] == str(whole)
    play(app, Faults(status={status: 1}, retry_after_s=asked, retry_after_as="date", delay=Delay(5)))
    given = app.post().headers["retry-after"]
    assert given.endswith(" GMT")
    assert 0 <= email.utils.parsedate_to_datetime(given).timestamp() - (clock.now() / 1e9 + asked) < 1
    assert clock.slept == [5]


@pytest.mark.parametrize("faults", [Faults(status={410: 1}, retry_after_s=1), Faults(status={503: 1})])
def test_no_retry_after_unless_asked_for(faults: Faults, app: Rig) -> None:
    """Only 429 and 503 carry it, and only when it is set."""
    play(app, faults)
    assert "retry-after" not in app.post().headers


def test_a_hang_asks_back_as_well(app: Rig) -> None:
    """Its late 503 is a 503 like any other."""
    play(app, Faults(hang=1, retry_after_s=7))
    assert app.post().headers["retry-after"] == "7"


def test_faults_hold_from_their_begin_to_their_end(app: Rig, clock: StillTime) -> None:
    """What counts is when the request was received."""
    now = clock.now()
    play(app, Faults(status={503: 1}), now + 1_000_000_000, now + 2_000_000_000)
    statuses = []
    for pause in (0, 0.999, 0.001, 0.999, 0.001):
        clock.sleep(pause)
        statuses.append(app.post().status_code)
    assert statuses == [204, 204, 503, 503, 204]


def test_before_and_after_something_else_may_hold(app: Rig, clock: StillTime) -> None:
    """`otherwise` is played whenever `faults` is not; also where there is nothing but it."""
    now = clock.now()
    slow, failing = Faults(delay=Delay(0.5)), Faults(status={503: 1})
    app.state.set_faults(FaultOrder(failing, now + 500_000_000, now + 600_000_000, otherwise=slow))
    assert [app.post().status_code, app.post().status_code] == [204, 503]
    clock.sleep(0.1)
    app.state.set_faults(FaultOrder(None, end_ns=now, otherwise=failing))
    assert app.post().status_code == 503
    assert clock.slept == [0.5, 0.1]


def test_webhooks_meet_faults_of_their_own(app: Rig) -> None:
    """Only they do; the webhooks beside them and other senders' events meet what the others meet, if anything."""
    own = WebhookFaults(EVENT.webhook, 2, Faults(status={410: 1}))
    events = [EVENT._replace(webhook=EVENT.webhook + number) for number in (-1, 0, 1, 2)]
    untagged = {name: value for name, value in signed_headers(b"{}").items() if name != ATTEMPT_HEADER}
    for order, others in (
        (FaultOrder(webhooks=(own,)), 204),
        (FaultOrder(Faults(status={503: 1}), webhooks=(own,)), 503),
        (FaultOrder(Faults(hang=1), end_ns=1, otherwise=Faults(status={500: 1}), webhooks=(own,)), 500),
    ):
        app.state.set_faults(order)
        found = [app.post(headers=signed_headers(b"{}", event)).status_code for event in events]
        assert found == [others, 410, 410, others]
        assert app.post(headers=untagged).status_code == others


def test_faults_begin_no_new_journal_and_a_reset_ends_them(app: Rig) -> None:
    """Setting and clearing faults goes on in journal and counts; /reset begins anew, without faults."""
    app.post()
    play(app, Faults(status={503: 1}))
    app.post()
    play(app, None)
    app.post()
    app.books.keep()
    assert app.rows()["status"].tolist() == [204, 503, 204]
    (report,) = app.state.reports()
    assert (report.counts.arrivals, report.counts.faults) == (2, {"status 503": 1})
    assert report.resets == app.state.setting.resets
    play(app, Faults(status={503: 1}))
    app.state.set_run("run-1")
    assert app.post().status_code == 204
    app.books.keep()
    (report,) = app.state.reports()
    assert (report.counts.arrivals, report.counts.faults) == (1, {})
    assert (len(app.journals()), len(app.journals("run-1"))) == (1, 1)


def test_arrivals_taken_and_faults_are_counted_apart(app: Rig) -> None:
    """A lost acknowledgement is an arrival and a fault; a failure, a reset or a hang only a fault; a delay neither."""
    for faults in (Faults(ack_lost=1), Faults(cut=1), Faults(hang=1), Faults(fail_first=1), Faults(delay=Delay(1))):
        play(app, faults)
        raw(app)
    app.books.keep()
    (report,) = app.state.reports()
    assert report.counts.arrivals == 3
    assert report.counts.faults == {"ack_lost": 1, "cut": 1, "hang": 1, "status 503": 1}


def test_what_is_not_authentic_meets_no_faults(app: Rig) -> None:
    """Faults are for webhooks: junk is refused as ever, and watchers hear that the receiver serves."""
    play(app, Faults(status={503: 1}))
    assert app.post(headers={}).status_code == 400
    assert app.post(headers=signed_headers(b"{}", key=bytes(32))).status_code == 401
    assert app.client.get("/health").status_code == 200
    assert app.journals() == []


def test_a_fault_that_cannot_be_written_down_is_507(tmp_path: Path) -> None:
    """No journal, no fault: the answer says what is wrong with the receiver itself, and nothing is counted."""
    (tmp_path / "file").touch()
    app = rig(tmp_path, results=tmp_path / "file")
    play(app, Faults(status={503: 1}))
    assert app.post().status_code == 507
    app.books.keep()
    (report,) = app.state.reports()
    assert (report.counts.faults, report.counts.refused) == ({}, {507: 1})


def test_setting_the_run_keeps_its_name(app: Rig) -> None:
    """Faults change nothing else of the setting."""
    play(app, Faults(cut=1))
    assert (app.state.setting.run, app.state.setting.resets) == (NO_RUN, 1)
    app.post(headers=signed_headers(b"{}", EVENT))
    assert row(app)[0] == 204
