"""Faults and the processes that play them: several, killed, frozen, stopped."""

import contextlib
import os
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.support.receivers import EVENT, running_receiver, wait_until
from tests.support.watching import events, play, request, statuses, watch

pytestmark = pytest.mark.slow


def test_a_seed_means_the_same_in_any_number_of_processes(tmp_path: Path) -> None:
    """200 webhooks meet the same faults with one process and with two, in any run; another seed changes them."""
    faults: dict[str, Any] = {"status": {503: 0.3, 429: 0.2}}
    with contextlib.ExitStack() as stack:
        found = []
        for workers, run in (("1", 1), ("2", 9)):
            folder = tmp_path / workers
            folder.mkdir()
            receiver = stack.enter_context(running_receiver(folder, "--workers", workers))
            wait_until(lambda: len(receiver.workers()) == int(workers))  # noqa: B023  # called before the next turn
            play(receiver, **faults, seed=5)
            found.append([watch(receiver, event).status for event in events(200, run)])
            journals = len(list(receiver.results.rglob("*.journal")))
            assert journals == int(workers), "every process took some"
        play(receiver, **faults, seed=6)
        other = [watch(receiver, event).status for event in events(200)]
    assert found[0] == found[1]
    assert set(found[0]) == {204, 503, 429}
    assert sum(a != b for a, b in zip(found[0], other, strict=True)) > 60


@pytest.mark.parametrize("server", ["granian", "gevent"])
def test_a_hang_does_not_hold_up_the_end(server: str, tmp_path: Path) -> None:
    """SIGTERM ends a receiver in time though requests would hang for minutes, and without complaint."""
    with running_receiver(tmp_path, "--server", server) as receiver, contextlib.ExitStack() as stack:
        play(receiver, hang=1, hang_s=600)
        for _ in range(8):
            hung = stack.enter_context(socket.create_connection(receiver.address, timeout=5))
            hung.sendall(request(EVENT))
        wait_until(lambda: receiver.ask("/stats").json()["faults"] == {"hang": 8})
        began = time.monotonic()
        assert receiver.stop() == 0
        assert time.monotonic() - began < 8
        assert receiver.processes() == []
        assert "Traceback" not in receiver.log.read_text()


def test_faults_outlive_the_process_that_plays_them(tmp_path: Path) -> None:
    """A process that is killed and started again goes on with the faults that are in force."""
    with running_receiver(tmp_path) as receiver:
        play(receiver, status={503: 1})
        (victim,) = receiver.workers()
        os.kill(victim, signal.SIGKILL)
        wait_until(lambda: receiver.ready() and victim not in receiver.workers() and receiver.workers())
        assert receiver.deliver() == 503


def test_every_process_has_taken_the_faults_when_they_are_confirmed(tmp_path: Path) -> None:
    """A frozen process is waited for, and its counts still count meanwhile; it goes on with the faults."""
    with running_receiver(tmp_path) as receiver, ThreadPoolExecutor() as pool:
        assert set(statuses(receiver, events(3))) == {204}
        wait_until(lambda: receiver.ask("/stats").json()["arrivals"] == 3)
        (frozen,) = receiver.workers()
        os.kill(frozen, signal.SIGSTOP)
        confirmed = pool.submit(play, receiver, status={503: 1})
        wait_until(lambda: receiver.ask("/faults").json()["faults"])
        time.sleep(0.3)
        assert not confirmed.done()
        assert receiver.ask("/stats").json()["arrivals"] == 3
        os.kill(frozen, signal.SIGCONT)
        assert confirmed.result(2).status_code == 200
        assert receiver.deliver() == 503
