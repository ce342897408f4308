"""When a sending process has no master any more. Time is a number; sockets are real."""

import time
from types import SimpleNamespace
from typing import Any

import gevent
import pytest
import zmq.green as zmq

from _hookswarm.senders.worker.master_watch import CLOSED_S, LOOK_S, SILENT_S, MasterWatch, Tie


def _cut_at(tie: Tie, *, heard_until_s: float, sending: bool = True, looks_s: float = 60.0) -> tuple[float, str]:
    """When the tie is cut to a master that says something every second until then, and what is said of it."""
    beats = 0
    for look in range(round(looks_s / LOOK_S)):
        now_s = look * LOOK_S
        if beats <= now_s <= heard_until_s:
            tie.heard()
            beats += 1
        if cause := tie.cut(now_s, sending):
            return now_s, cause
    return float("inf"), ""


def test_a_silent_master_is_none_after_five_seconds() -> None:
    """Counted from its last word."""
    at_s, cause = _cut_at(Tie(), heard_until_s=10.0)
    assert at_s == pytest.approx(10 + SILENT_S, abs=2 * LOOK_S)
    assert cause == "the master has said nothing for 5 s"


def test_a_master_that_speaks_is_one() -> None:
    """For ever; and one that is silent while nothing is being sent, too: there is nothing to stop."""
    assert _cut_at(Tie(), heard_until_s=60.0)[0] == float("inf")
    assert _cut_at(Tie(), heard_until_s=10.0, sending=False)[0] == float("inf")


def test_a_master_that_stood_still_for_three_seconds_is_one() -> None:
    """And a process that stood still itself has heard nobody."""
    tie = Tie()
    for look in range(round((3.0 + 1.0) / LOOK_S)):  # its last word may be a second old
        assert not tie.cut(look * LOOK_S, True)
    tie.heard()
    assert not tie.cut(4.0, True)
    assert not tie.cut(64.0, True)


def test_a_closed_connection_counts_until_the_master_is_heard_again() -> None:
    """A new one may be to another master, which does not answer."""
    tie = Tie()
    tie.closed(10.0)
    tie.closed(11.0)
    assert not tie.cut(10.0 + CLOSED_S - 0.01, False)
    assert tie.cut(10.0 + CLOSED_S, False) == "the connection to the master is closed"
    tie.heard()
    assert not tie.cut(20.0, False)


def _bound(context: "zmq.Context[Any]", port: int) -> "zmq.Socket[Any]":
    """A master's socket on a port that was another's a moment ago, which is given back behind its back."""
    router: zmq.Socket[Any] = context.socket(zmq.ROUTER)
    for _ in range(100):
        try:
            router.bind(f"tcp://127.0.0.1:{port}")
            break
        except zmq.ZMQError:
            gevent.sleep(0.01)
    return router


class _Worker:
    """As much of Locust's worker as is looked at: its socket, its greenlets, the event of an answered heartbeat."""

    def __init__(self, context: "zmq.Context[Any]", port: int) -> None:
        socket = context.socket(zmq.DEALER)
        socket.connect(f"tcp://127.0.0.1:{port}")
        self.client = SimpleNamespace(socket=socket)
        self.greenlet = [object()]
        self.heard: list[Any] = []
        self.environment: Any = SimpleNamespace(
            events=SimpleNamespace(heartbeat_received=SimpleNamespace(add_listener=self.heard.append))
        )


def test_a_connection_that_closes_is_noticed_within_two_seconds() -> None:
    """By a real socket, once; a master that comes back at once and answers is still one."""
    context: zmq.Context[Any] = zmq.Context()
    router = context.socket(zmq.ROUTER)
    port = router.bind_to_random_port("tcp://127.0.0.1")
    worker, causes = _Worker(context, port), []

    def ends(cause: str) -> None:
        causes.append((time.monotonic(), cause))

    MasterWatch(worker, None, lambda: True, ends)  # type: ignore[arg-type]  # a stand-in
    worker.client.socket.send(b"here")
    router.recv_multipart()
    for _ in range(2):
        gevent.sleep(0.3)
        router.close(linger=0)
        router = _bound(context, port)
        gevent.sleep(0.5)
        worker.heard[0](client_id="w", timestamp=0.0)
    router.close(linger=0)
    began = time.monotonic()
    gevent.sleep(2)
    ((at_s, cause),) = causes
    assert 1 < at_s - began < 2
    assert cause == "the connection to the master is closed"
    context.destroy(linger=0)


@pytest.mark.parametrize(("ending", "causes"), [(False, ["the process that started it is gone"]), (True, [])])
def test_a_parent_that_is_gone_is_noticed_at_once(ending: bool, causes: list[str]) -> None:
    """Unless Locust ends already: then its master may go."""
    context: zmq.Context[Any] = zmq.Context()
    worker, told = _Worker(context, 1), list[str]()
    if ending:
        worker.greenlet.clear()
    MasterWatch(worker, 1 << 30, lambda: True, told.append)  # type: ignore[arg-type]  # a stand-in
    gevent.sleep(0.3)
    assert told == causes
    context.destroy(linger=0)
