"""Outages: a region's whole data plane ended or stopped, when it was asked for, and back again."""

import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from _hookswarm.protocol.outage import Outage, OutageSeen, dump_outage, parse_seen
from _hookswarm.records.export import read_journals
from tests.support.receivers import BEARER, EVENT, RunningReceiver, running_receiver, wait_until


def ask(receiver: RunningReceiver, body: str) -> httpx.Response:
    return httpx.post(f"{receiver.control}/outage", headers=BEARER, content=body, timeout=10, trust_env=False)


def play(receiver: RunningReceiver, kind: str, ahead_s: float = 0.2, for_s: float = 0.5) -> Outage:
    """Ask for an outage; gives what was asked."""
    begin_ns = time.time_ns() + round(ahead_s * 1e9)
    outage = Outage(kind, begin_ns, begin_ns + round(for_s * 1e9))  # type: ignore[arg-type]  # one of the kinds, as the test's parameter
    assert ask(receiver, dump_outage(outage)).status_code == 200
    return outage


def seen(receiver: RunningReceiver) -> OutageSeen:
    return parse_seen(receiver.ask("/outage").content)


def connects(receiver: RunningReceiver) -> bool:
    try:
        socket.create_connection(receiver.address, timeout=1).close()
    except ConnectionRefusedError:
        return False
    return True


@pytest.mark.slow
def test_a_refused_region_is_gone_and_comes_back(tmp_path: Path) -> None:
    """From the instant that was asked for nobody listens; then other processes go on with the same run, same faults."""
    with running_receiver(tmp_path) as receiver:
        receiver.reset("run-1")
        assert receiver.deliver() == 204
        before = receiver.workers()
        outage = play(receiver, "refused")
        wait_until(lambda: not connects(receiver))
        begun = time.time_ns()
        wait_until(lambda: seen(receiver).begun_ns)
        assert receiver.ask("/health").json()["status"] == "down"
        wait_until(lambda: seen(receiver).ended_ns)
        assert receiver.deliver(event=EVENT._replace(sequence=5)) == 204
        told, after = seen(receiver), receiver.workers()
        receiver.stop()
        assert "died" not in receiver.log.read_text()
    assert told.begun_ns is not None
    assert told.ended_ns is not None
    assert 0 <= told.begun_ns - outage.begin_ns < 50e6
    assert abs(begun - told.begun_ns) < 100e6
    assert told.ended_ns > outage.end_ns
    assert not set(before) & set(after)
    rows = [len(view.rows) for view in read_journals(tmp_path / "results" / "run-1", "arrivals")]
    assert sum(rows) == 2


@pytest.mark.slow
def test_a_frozen_region_keeps_its_connections_and_answers_late(tmp_path: Path) -> None:
    """While it is frozen, connections open and nothing answers; then what waited is answered, by the same processes."""
    with running_receiver(tmp_path) as receiver:
        receiver.reset("run-1")
        before = receiver.workers()
        outage = play(receiver, "frozen", for_s=1)
        wait_until(lambda: seen(receiver).begun_ns)
        answers: list[tuple[int, int]] = []
        waiting = threading.Thread(target=lambda: answers.append((receiver.deliver(), time.time_ns())))
        waiting.start()
        assert connects(receiver)
        waiting.join(10)
        wait_until(lambda: seen(receiver).ended_ns)
        told, after = seen(receiver), receiver.workers()
    ((status, at_ns),) = answers
    assert status == 204
    assert outage.end_ns <= at_ns < outage.end_ns + 500e6
    assert told.ended_ns is not None
    assert 0 <= told.ended_ns - outage.end_ns < 50e6
    assert before == after


@pytest.mark.slow
def test_a_reset_ends_an_outage(tmp_path: Path) -> None:
    """Whoever begins a run has a receiver that answers, whatever the run before asked for."""
    with running_receiver(tmp_path) as receiver:
        for kind in ("refused", "frozen"):
            play(receiver, kind, ahead_s=0, for_s=3_000)
            wait_until(lambda: seen(receiver).begun_ns)
            assert receiver.reset("run-2").status_code == 200
            assert receiver.deliver() == 204


def end_twice(receiver: RunningReceiver, *asks: Callable[[], object]) -> None:
    """Ask what ends the outage that is on; the second while the first still waits for the processes to start."""
    before = receiver.ask("/health").json()["data_plane"]
    waiting = [threading.Thread(target=ask) for ask in asks]
    waiting[0].start()
    wait_until(lambda: receiver.ask("/health").json()["data_plane"] != before)
    assert waiting[0].is_alive()
    waiting[1].start()
    for thread in waiting:
        thread.join(20)


@pytest.mark.slow
def test_an_outage_that_is_ended_twice_is_over(tmp_path: Path) -> None:
    """A second reset that comes while the region starts again waits, too; then the region is watched as before."""
    with running_receiver(tmp_path) as receiver:
        play(receiver, "refused", ahead_s=0, for_s=3_000)
        wait_until(lambda: seen(receiver).begun_ns)
        end_twice(receiver, lambda: receiver.reset("run-1"), lambda: receiver.reset("run-2"))
        assert seen(receiver).ended_ns
        assert receiver.deliver() == 204
        died = receiver.ask("/health").json()["data_plane"]
        os.kill(died, signal.SIGKILL)
        wait_until(lambda: (now := receiver.ask("/health").json())["status"] == "ready" and now["data_plane"] != died)


@pytest.mark.slow
def test_of_two_outages_that_are_asked_for_at_once_one_comes(tmp_path: Path) -> None:
    """Both waited for the end of a third; a reset ends whichever was last, and none is left to come."""
    with running_receiver(tmp_path) as receiver:
        play(receiver, "refused", ahead_s=0, for_s=3_000)
        wait_until(lambda: seen(receiver).begun_ns)

        def ask_for() -> None:
            play(receiver, "frozen", ahead_s=3, for_s=3_000)

        end_twice(receiver, ask_for, ask_for)
        begin_ns = time.time_ns() + 3 * 10**9
        assert receiver.reset("run-1").status_code == 200
        wait_until(lambda: time.time_ns() > begin_ns)
        assert receiver.deliver() == 204


@pytest.mark.slow
def test_a_receiver_that_ends_in_an_outage_leaves_nothing(tmp_path: Path) -> None:
    """Ctrl-C while its processes are stopped ends them, too, and at once."""
    with running_receiver(tmp_path) as receiver:
        play(receiver, "frozen", ahead_s=0, for_s=3_000)
        wait_until(lambda: seen(receiver).begun_ns)
        before = time.monotonic()
        assert receiver.stop() == 0
        assert time.monotonic() - before < 5
        wait_until(lambda: not receiver.processes())


@pytest.mark.slow
def test_a_receiver_that_is_killed_in_an_outage_leaves_nothing(tmp_path: Path) -> None:
    """Processes that stand still cannot see that who stopped them is gone."""
    with running_receiver(tmp_path, "--workers", "2") as receiver:
        assert len(receiver.processes()) >= 4
        play(receiver, "frozen", ahead_s=0, for_s=3_000)
        wait_until(lambda: seen(receiver).begun_ns)
        receiver.process.kill()
        receiver.process.wait()
        wait_until(lambda: not receiver.processes(), 5)


@pytest.mark.slow
def test_an_impossible_outage_is_refused(tmp_path: Path) -> None:
    """Every fault is named, and nothing happens."""
    with running_receiver(tmp_path) as receiver:
        for body, phrase in (
            ('{"kind": "gone", "begin_ns": 1, "end_ns": 2}', "kind"),
            ('{"kind": "frozen", "begin_ns": 2, "end_ns": 2}', "end_ns"),
            ('{"kind": "frozen", "begin_ns": 1}', "end_ns"),
            ("[", "JSON"),
        ):
            answer = ask(receiver, body)
            assert answer.status_code == 400
            assert phrase in answer.json()["error"]
        assert receiver.deliver() == 204
        assert seen(receiver) == OutageSeen()
