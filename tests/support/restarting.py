"""The tests' own delivery service with a table of it that hookswarm may end and start it by."""

import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.delivery_services import DeliveryService, delivery_service

TABLE = """
addresses = {{ api = "{url}" }}
drain_s = 4
[[setup]]
request = "POST {{api}}/tenants"
body = '{{"name": "{{run}}"}}'
keep = {{ tenant = "data.id" }}
[[setup]]
each = "endpoint"
request = "POST {{api}}/tenants/{{tenant}}/endpoints"
body = '{{"url": "{{url}}", "secret": "{{secret}}"}}'
keep = {{ endpoint = "data.id" }}
[publish]
request = "POST {{api}}/events"
body = '{{"id": "{{event_id}}", "endpoint": "{{endpoint}}", "payload": {{payload}}}}'
accept = ["status in 202", 'body ~ "duplicate": false']
[retry]
waits_s = [1, 2]
[[teardown]]
request = "DELETE {{api}}/tenants/{{tenant}}"
"""
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
    pid_file, table = folder / "service.pid", folder / "own.toml"
    with delivery_service(folder, *options, "--retries", "1,2") as service:
        pid_file.write_text(f"{service.process.pid}\n")
        command = [sys.executable, "-m", "tests.support.delivery_service", "--port", service.url.rpartition(":")[2]]
        start = json.dumps(["sh", "-c", WRITES_ITS_PID, str(pid_file), *command, *options, "--retries", "1,2"])
        parts = [TABLE.format(url=service.url)]
        parts += [
            RESTART.format(name=name, signal=name.upper(), pid_file=pid_file, start=start) for name in ("kill", "term")
        ]
        table.write_text("".join(parts))
        try:
            yield service, table
        finally:
            os.kill(int(pid_file.read_text()), signal.SIGKILL)
