"""Servers that end idle connections without a word: no failure that another client does not have."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from _hookswarm.protocol.regions import Region, RegionTable, dump_table
from _hookswarm.records.journal import read_journal
from _hookswarm.records.rows import Outcome
from _hookswarm.senders.plan.arrivals import Constant
from _hookswarm.senders.plan.stages import Stage
from tests.support.nginx import reloaded
from tests.support.runs import end_group, run_folder, start_locust
from tests.support.servers import NO_CONTENT, Peer, ScriptedServer

pytestmark = pytest.mark.slow

RATE, SECONDS = 300, 4
STAGE = Stage("idle ends", users=20, arrivals=Constant(RATE), duration_s=SECONDS, strategy="round-robin")
CROSSED = 1
"""A request that is on its way just as the server closes is lost to any client that sends nothing twice."""


def one_answer(peer: Peer) -> None:
    peer.request()
    peer.send(NO_CONTENT)


def outcomes(run: Path) -> dict[int, Counter[Outcome]]:
    """By target."""
    (journal,) = run.glob("attempts-*.journal")
    rows = read_journal(journal).rows
    return {
        int(target): Counter(map(Outcome, rows["outcome"][rows["target"] == target].tolist()))
        for target in np.unique(rows["target"])
    }


def test_no_failure_that_httpx_does_not_have(tmp_path: Path) -> None:
    """nginx reloaded once a second and a server that closes after each answer, at 150/s each, by both transports."""
    with reloaded(tmp_path) as nginx, ScriptedServer(one_answer) as closing:
        table = RegionTable(region=(Region(name="reloaded", url=nginx), Region(name="closing", url=closing.url)))
        (tmp_path / "regions.toml").write_text(dump_table(table))
        folders = {transport: tmp_path / transport for transport in ("wire", "httpx")}
        for folder in folders.values():
            folder.mkdir()
        started = [
            start_locust(folder, [STAGE], "--regions", str(tmp_path / "regions.toml"), "--transport", transport)
            for transport, folder in folders.items()
        ]
        try:
            for process in started:
                process.wait(60)
        finally:
            for process in started:
                end_group(process)
    found = {transport: outcomes(run_folder(folder)) for transport, folder in folders.items()}
    for target in (0, 1):
        wire, httpx = found["wire"][target], found["httpx"][target]
        assert wire.total() == httpx.total() == RATE * SECONDS // 2, found
        failed, theirs = (one.total() - one[Outcome.ACKNOWLEDGED] for one in (wire, httpx))
        assert failed <= theirs + CROSSED, found
