"""A PostgreSQL of a test's own: a cluster in a temporary folder, reached by the socket in it, gone afterwards."""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.needs import required
from tests.support.receivers import wait_until

OWNER = "postgres"
"""Who runs it where we are root, which PostgreSQL refuses; and its superuser's name."""


def program(name: str) -> str:
    """One of its programs; skips the test where it is not installed. Debian keeps them off the path."""
    places = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    found = shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), *map(str, reversed(places))]))
    return required(found, "PostgreSQL", "apt-get install postgresql")


@contextmanager
def postgres() -> Iterator[tuple[Path, "subprocess.Popen[bytes]"]]:
    """The folder of its socket, and its process. What it was told survives a killed process, not a power cut."""
    initdb, server, ready = program("initdb"), program("postgres"), program("pg_isready")
    # Not in pytest's folder, which is root's alone.
    with tempfile.TemporaryDirectory(prefix="hookswarm-postgres-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        owner = OWNER if os.geteuid() == 0 else None
        if owner:
            shutil.chown(folder, owner, owner)
        make = [initdb, f"--pgdata={folder}/data", "--no-sync", "--auth=trust", "--no-locale", "--encoding=UTF8"]
        make += [f"--username={OWNER}"]
        done = subprocess.run(make, cwd=folder, capture_output=True, text=True, user=owner, group=owner)
        assert done.returncode == 0, done.stderr
        command = [server, "-D", f"{folder}/data", "-k", f"{folder}", "-c", "listen_addresses=", "-c", "fsync=off"]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, user=owner, group=owner)
        try:
            is_ready = [ready, "--quiet", "--host", str(folder)]
            wait_until(lambda: process.poll() is not None or subprocess.run(is_ready).returncode == 0, 30)
            assert process.poll() is None, (folder / "log").read_text()
            yield folder, process
        finally:
            process.send_signal(signal.SIGQUIT)  # at once
            process.wait(30)
