"""The tests' own delivery service (`tests.support.delivery_service`) as a process."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from tests.support.receivers import environment, wait_until

READY = "listening on "


class DeliveryService:
    """One process after the other, on the same port and with the same options.

    A relative `--store FILE` stands in `folder`, and what the service prints beside its address in `service.log`.
    """

    def __init__(self, folder: Path, *options: str) -> None:
        self._folder = folder
        self._options = options
        self._port = "0"
        token = {"Authorization": f"Bearer {options[options.index('--token') + 1]}"} if "--token" in options else {}
        self._client = httpx.Client(headers=token, timeout=10, trust_env=False)
        self.url = ""
        self.process: subprocess.Popen[str]

    def start(self) -> None:
        """Start it, and wait until it is ready."""
        command = [sys.executable, "-m", "tests.support.delivery_service", "--port", self._port, *self._options]
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command, cwd=self._folder, env=environment(), stdout=subprocess.PIPE, stderr=log, text=True
            )
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line.startswith(READY), self.log.read_text()
        self.url = line.removeprefix(READY).strip()
        self._port = self.url.rpartition(":")[2]

    @property
    def log(self) -> Path:
        return self._folder / "service.log"

    def term(self) -> int:
        """End it as an operator would: what is in flight ends first. Its exit code."""
        self.process.terminate()
        return self.wait()

    def kill(self) -> None:
        """End it in the middle of what it does."""
        self.process.kill()
        self.wait()

    def close(self) -> None:
        self._client.close()
        if self.process.poll() is None:
            self.kill()

    def wait(self) -> int:
        """Until it has ended; its exit code."""
        try:
            return self.process.wait(20)
        finally:
            assert self.process.stdout
            self.process.stdout.close()

    def ask(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """Call its API, with the token where it wants one; `body` as JSON, or bytes as they are."""
        content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        return self._client.request(method, self.url + path, content=content)

    def tenant(self) -> str:
        """A new one."""
        return str(self.ask("POST", "/tenants", {"name": "a"}).raise_for_status().json()["data"]["id"])

    def endpoint(self, url: str, tenant: str = "", secret: str | None = None) -> str:
        """A new one, of a tenant of its own unless it is told whose."""
        path = f"/tenants/{tenant or self.tenant()}/endpoints"
        told = self.ask("POST", path, {"url": url, "secret": secret}).raise_for_status()
        return str(told.json()["data"]["id"])

    def publish(self, event_id: str, payload: Any = None, **more: str) -> dict[str, Any]:
        """An event; `endpoint=` or `tenant=` says for whom."""
        told: dict[str, Any]
        told = self.ask("POST", "/events", {"id": event_id, **more, "payload": payload}).raise_for_status().json()
        return told

    def stats(self, ids: bool = False) -> dict[str, Any]:
        """Its own counts; with `ids` also `"ids"`, by count the `[event id, endpoint id]` of each."""
        told: dict[str, Any] = self.ask("GET", "/stats?ids=1" if ids else "/stats").raise_for_status().json()
        return told

    def rest(self, timeout_s: float = 10) -> dict[str, Any]:
        """Wait until every delivery has ended; the counts then, with their ids."""
        wait_until(lambda: self.stats()["unfinished"] == 0, timeout_s)
        return self.stats(ids=True)


@contextmanager
def delivery_service(folder: Path, *options: str) -> Iterator[DeliveryService]:
    """It, ready; `options` as on its command line. No process is left of it."""
    service = DeliveryService(folder, *options)
    try:
        service.start()
        yield service
    finally:
        service.close()
