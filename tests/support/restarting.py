"""The tests' own delivery service with a table of it that hookswarm may end and start it by."""

import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.delivery_services import DeliveryService, delivery_service
from tests.support.own_service import own_table

RESTART = """
[restart.{name}]
signal = "{signal}"
pid_file = "{pid_file}"
start = {start}
ready = "{{api}}/healthz"
"""
WRITES_ITS_PID = 'echo $$ > "$0"; exec "$@"'


@contextmanager
def restartable(folder: Path, *options: str) -> Iterator[tuple[DeliveryService, Path]]:
    """It, ready, and its table, which restarts it by `kill` and by `term`. No process is left of it."""
    pid_file = folder / "service.pid"
    with delivery_service(folder, *options, "--retries", "1,2") as service:
        pid_file.write_text(f"{service.process.pid}\n")
        command = [sys.executable, "-m", "tests.support.delivery_service", "--port", service.url.rpartition(":")[2]]
        start = json.dumps(["sh", "-c", WRITES_ITS_PID, str(pid_file), *command, *options, "--retries", "1,2"])
        told = {"http://127.0.0.1:8080": service.url, "[1, 3, 9]": "[1, 2]"}
        table = own_table(folder, "drain_s = 4", **told)
        with table.open("a") as file:
            for name in ("kill", "term"):
                file.write(RESTART.format(name=name, signal=name.upper(), pid_file=pid_file, start=start))
        try:
            yield service, table
        finally:
            os.kill(int(pid_file.read_text()), signal.SIGKILL)
