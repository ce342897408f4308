"""Several regions on this machine, for tests: a receiver for each, as far apart as the table of the world says."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from _hookswarm.common.errors import ConfigError
from _hookswarm.protocol.regions import WORLD_TABLE, dump_table, load_table
from _hookswarm.receiver import haproxy
from _hookswarm.receiver.fleet import balanced, relocated
from tests.support.receivers import environment, wait_until


def installed() -> bool:
    try:
        return bool(haproxy.haproxy_program())
    except ConfigError:
        return False


needs_haproxy = pytest.mark.skipif(not installed(), reason="HAProxy is not installed (apt-get install haproxy)")


@contextmanager
def running_world(folder: Path, count: int = 3, *options: str, balancer: bool = False) -> Iterator[Path]:
    """The first regions of the world with receivers that are ready; gives their table. `options` go to each."""
    table = relocated(load_table(WORLD_TABLE), count)
    if balancer:
        table = balanced(table)
    path = folder / "regions.toml"
    path.write_text(dump_table(table))
    command = [
        sys.executable,
        "-m",
        "hookswarm.receiver",
        "fleet",
        str(path),
        "--results",
        str(folder / "results"),
        *options,
    ]
    with (folder / "receivers.log").open("wb") as log:
        fleet = subprocess.Popen(command, cwd=folder, env=environment(), stdout=log, stderr=log)
        try:
            said = folder / "receivers.log"
            wait_until(lambda: "fleet ready" in said.read_text() or fleet.poll() is not None, 30)
            assert fleet.poll() is None, said.read_text()
            yield path
            fleet.terminate()
            fleet.wait(15)
        finally:
            fleet.kill()  # its receivers die with it
            fleet.wait()
