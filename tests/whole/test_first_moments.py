"""A stage's first moments: its connections are open when it begins, and nothing was sent before."""

import threading
import time
from pathlib import Path

import pytest

from _hookswarm.records.timeline import StageStarted, read_timeline
from _hookswarm.senders.plan.arrivals import Constant
from _hookswarm.senders.plan.stages import Stage
from tests.support.runs import run_locust
from tests.support.servers import NO_CONTENT, Peer, ScriptedServer

pytestmark = pytest.mark.light

USERS = 16
KEPT = Stage("kept", users=USERS, arrivals=Constant(400), duration_s=0.5)
STAGES = (KEPT, Stage("own", users=USERS, arrivals=Constant(100), duration_s=0.5, reuse=False))


class Log:
    """When each connection came, and its requests (wall-clock ns): none, of one that only looks who listens."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.served: list[tuple[int, list[int]]] = []

    def script(self, peer: Peer) -> None:
        came, requests = time.time_ns(), list[int]()
        while peer.request():
            requests.append(time.time_ns())
            peer.send(NO_CONTENT)
        with self._lock:
            self.served.append((came, requests))


def test_connections_are_open_before_the_start(tmp_path: Path) -> None:
    """Those of a stage that keeps them are, without a request; where each attempt has its own there is none ahead.

    On a busy machine few of them may do: whoever is idle takes the next event.
    """
    log = Log()
    with ScriptedServer(log.script) as server:
        run = run_locust(tmp_path, STAGES, "--target", server.url, "--no-probe")
    kept, own = [entry.at_ns for entry in read_timeline(run) if isinstance(entry, StageStarted)]
    ahead = [requests for came, requests in log.served if came < kept]
    later = [(came, requests) for came, requests in log.served if came >= kept and requests]
    used = [requests for requests in ahead if requests]
    assert len(used) <= USERS <= len(ahead)
    assert min(map(min, used)) >= kept
    assert sum(map(len, used)) == 200
    assert len(later) == 50
    assert all(came >= own and len(requests) == 1 for came, requests in later)
