"""django-outbound-webhooks as it is run: PostgreSQL, a Django server with an API of our own, and the package's relays.

CI installs both (`apt-get install postgresql`, `make outbound`); elsewhere the tests that need them skip.
"""

import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.support.needs import required
from tests.support.postgres import postgres
from tests.support.receivers import CHECKOUT, free_port, wait_until

BIN = CHECKOUT / ".venv" / "outbound" / "bin"
SETTINGS = "tests.support.django_project.settings"
THREADS = 8


@dataclass(frozen=True)
class DjangoOutbound:
    url: str
    """Of its API: `tests/support/django_project/views.py` says what it takes."""
    processes: Mapping[str, "subprocess.Popen[bytes]"]
    """`postgres`, `server`, `relay-1` …"""
    log: Path


@contextmanager
def django_outbound(folder: Path, *options: str, relays: int = 1) -> Iterator[DjangoOutbound]:
    """The service, ready, with that many relays, `options` on the command line of each; gone afterwards.

    A relay delivers one event after the other, and takes up to 50 at a time (`--batch-size=1`).
    """
    done = BIN.parent / ".done"
    required(str(done) if done.exists() else None, "django-outbound-webhooks", "make outbound")
    port, log = free_port(), folder / "django-outbound.log"
    url = f"http://127.0.0.1:{port}"
    with postgres() as (database, process), ExitStack() as started, log.open("wb") as out:
        processes = {"postgres": process}
        environment = {
            **os.environ,
            "PYTHONPATH": str(CHECKOUT),
            "DJANGO_SETTINGS_MODULE": SETTINGS,
            "OUTBOUND_DATABASE": str(database),
        }

        def django(*command: str) -> list[str]:
            return [str(BIN / "python"), "-m", "django", *command]

        def start(name: str, command: list[str]) -> None:
            process = subprocess.Popen(command, cwd=folder, env=environment, stdout=out, stderr=out)
            processes[name] = process
            started.callback(process.wait)
            started.callback(process.kill)  # asked kindly, a relay first ends its delivery

        migrated = subprocess.run(
            django("migrate", "--verbosity=0"), cwd=folder, env=environment, capture_output=True, text=True
        )
        assert migrated.returncode == 0, migrated.stderr
        serve = ["--host=127.0.0.1", f"--port={port}", f"--threads={THREADS}", "--connection-limit=1000"]
        start("server", [str(BIN / "waitress-serve"), *serve, "--call", "django.core.wsgi:get_wsgi_application"])
        for number in range(1, relays + 1):
            start(f"relay-{number}", django("deliver_events", f"--worker-id=relay-{number}", *options))
        wait_until(lambda: _answers(url) or any(each.poll() is not None for each in processes.values()), 30)
        assert all(each.poll() is None for each in processes.values()), log.read_text()
        yield DjangoOutbound(url, processes, log)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/events", trust_env=False).status_code == httpx.codes.METHOD_NOT_ALLOWED
    except httpx.TransportError:
        return False
