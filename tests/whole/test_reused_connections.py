"""Servers that end idle connections without a word: no failure that another client does not have."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from _hookswarm.protocol.regions import Region, RegionTable, dump_table
from _hookswarm.records.reading import read_journal
from _hookswarm.records.rows import Outcome
from _hookswarm.senders.plan.arrivals import Constant
from _hookswarm.senders.plan.stages import Stage
from tests.support.nginx import reloaded
from tests.support.receivers import free_port
from tests.support.runs import end_group, run_folder, running, start_locust

pytestmark = pytest.mark.slow

RATE, SECONDS = 300, 4
STAGE = Stage("idle ends", users=20, arrivals=Constant(RATE), duration_s=SECONDS, strategy="round-robin")
CROSSED = 3
"""A request that is on its way just as the server closes is lost to any client that sends nothing twice; on a machine
that others use too, some are. Without a look before every use they are dozens."""


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
    port = free_port()
    closing = running(["tests.support.closing_server", str(port)], port, tmp_path)
    with reloaded(tmp_path) as nginx, closing:
        urls = {"reloaded": nginx, "closing": f"http://127.0.0.1:{port}/hooks"}
        table = RegionTable(region=tuple(Region(name=name, url=url) for name, url in urls.items()))
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
