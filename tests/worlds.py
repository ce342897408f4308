"""Several regions on this machine, for tests: a receiver for each, as far apart as the table of the world says."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from protocol.regions import WORLD_TABLE, RegionTable, dump_table, load_table
from receiver.fleet import relocated
from tests.receivers import BEARER, environment, wait_until


@contextmanager
def running_world(folder: Path, count: int = 3, *options: str) -> Iterator[Path]:
    """The first regions of the world with receivers that are ready; gives their table. `options` go to each."""
    table = relocated(load_table(WORLD_TABLE), count)
    path = folder / "regions.toml"
    path.write_text(dump_table(table))
    command = [sys.executable, "-m", "receiver", "fleet", str(path), "--results", str(folder / "results"), *options]
    with (folder / "receivers.log").open("wb") as log:
        fleet = subprocess.Popen(command, cwd=folder, env=environment(), stdout=log, stderr=log)
        try:
            wait_until(lambda: _ready(table) or fleet.poll() is not None, 30)
            assert fleet.poll() is None, (folder / "receivers.log").read_text()
            yield path
            fleet.terminate()
            fleet.wait(15)
        finally:
            fleet.kill()  # its receivers die with it
            fleet.wait()


def _ready(table: RegionTable) -> bool:
    try:
        asked = [httpx.get(f"{one.control}/health", headers=BEARER, timeout=2, trust_env=False) for one in table.region]
    except httpx.TransportError:
        return False
    return all(answer.json()["status"] == "ready" for answer in asked)
