"""A server that answers on some of its connections only: a closed loop does not hide it."""

import threading
from pathlib import Path

import pytest

from _hookswarm.senders.plan.stages import Stage
from tests.support.runs import analyse, run_locust
from tests.support.servers import NO_CONTENT, Peer, ScriptedServer

pytestmark = pytest.mark.slow

SERVED, USERS, WINDOW_S, PATIENCE_S = 6, 10, 2.0, 0.5


def test_workers_that_get_no_answer_are_told(tmp_path: Path) -> None:
    """Six connections at a time are served, and the other requests are read: four workers wait from time-out to
    time-out. The figures of the six are a lower bound.
    """
    free = threading.Semaphore(SERVED)

    def script(peer: Peer) -> None:
        if not peer.request():
            return
        if not free.acquire(blocking=False):
            peer.request()
            return
        peer.send(NO_CONTENT)
        while peer.request():
            peer.send(NO_CONTENT)
        free.release()

    stage = Stage("some", users=USERS, webhooks=10, duration_s=WINDOW_S, timeout_s=PATIENCE_S, payload="thin")
    with ScriptedServer(script) as server:
        run = run_locust(tmp_path, [stage], "--target", server.url, "--no-probe")
    section, _ = analyse(run)
    (found,) = section.stages
    assert found.unanswered
    assert (found.unanswered.workers, found.unanswered.of) == (USERS - SERVED, USERS)
    assert found.unanswered.each_s == pytest.approx(WINDOW_S, abs=0.3)
    assert found.unanswered.share == pytest.approx(1 - SERVED / USERS, abs=0.06)
    assert found.latency_ms.lower_bound
    (reason,) = [one for one in section.verdict.reasons if one.code == "workers_unanswered"]
    assert "4 of 10 workers got no answer for" in reason.message
    assert "<td>\N{GREATER-THAN OR EQUAL TO}" in (run / "report.html").read_text()
