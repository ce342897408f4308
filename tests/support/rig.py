"""The receiver's app in its own folder, without a socket, and a clock that only sleeping moves."""

import io
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from wsgiref.validate import validator

import httpx

from _hookswarm.protocol.handshakes import Answerer
from _hookswarm.protocol.identity import NO_RUN
from _hookswarm.protocol.providers import Provider
from _hookswarm.protocol.verifying import Verifier
from _hookswarm.receiver.app import Receiver
from _hookswarm.receiver.books import Books
from _hookswarm.receiver.config import Durability, ReceiverConfig
from _hookswarm.receiver.state import StateReader, StateWriter
from _hookswarm.records.clock import Clock
from _hookswarm.records.reading import JournalView, Rows, read_journal
from tests.support.receivers import KEY, signed_headers
from tests.support.signed import STANDARD

LIMIT = 1000


@dataclass
class Rig:
    """An app, the state folder that steers it, and a client."""

    receiver: Receiver
    books: Books
    state: StateWriter
    client: httpx.Client
    results: Path

    def post(self, body: bytes = b"{}", headers: Mapping[str, str] | None = None) -> httpx.Response:
        return self.client.post("/hooks", content=body, headers=signed_headers(body) if headers is None else headers)

    def journals(self, run: str = NO_RUN) -> list[JournalView]:
        return [read_journal(path) for path in sorted((self.results / run).glob("arrivals-*.journal"))]

    def rows(self, run: str = NO_RUN) -> Rows:
        """The rows of the only journal."""
        (view,) = self.journals(run)
        return view.rows

    def sequences(self, run: str = NO_RUN) -> list[int]:
        return [int(number) for view in self.journals(run) for number in view.rows["sequence"]]


@dataclass(frozen=True)
class StillTime(Clock):
    """A clock that stands still but for those who sleep; they do `on_sleep` first."""

    anchor_ns: int = field(default_factory=time.time_ns)
    on_sleep: Callable[[], object] = lambda: None
    slept: list[float] = field(default_factory=list)

    def now(self) -> int:
        return self.anchor_ns + round(sum(self.slept) * 1e9)

    def sleep(self, seconds: float) -> None:
        self.on_sleep()
        self.slept.append(seconds)


def rig(
    folder: Path,
    durability: Durability = Durability.OS,
    results: Path | None = None,
    clock: StillTime | None = None,
    bodies: bool = False,
    evidence: bool = False,
    provider: Provider = STANDARD,
    key: bytes = KEY,
) -> Rig:
    (folder / "state").mkdir(parents=True)
    results = results or folder / "results"
    config = ReceiverConfig(
        region="local",
        results=results,
        state=folder / "state",
        durability=durability,
        max_body=LIMIT,
        bodies=bodies,
        evidence=evidence,
    )
    state = StateWriter(config.state)
    now = clock or Clock()
    books = Books(config, StateReader(config), now)
    sleep = clock.sleep if clock else time.sleep
    receiver = Receiver(Verifier(provider, [key]), Answerer(provider, [key]), books, LIMIT, now, sleep)
    return Rig(receiver, books, state, client(validator(receiver)), results)  # the validator holds the app to PEP 3333


def client(app: Any) -> httpx.Client:
    return httpx.Client(transport=httpx.WSGITransport(app), base_url="http://receiver", trust_env=False)


def environ(headers: Mapping[str, str], body: bytes = b"", more: Mapping[str, Any] | None = None) -> dict[str, Any]:
    named = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    return {
        "REQUEST_METHOD": "POST",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
        **named,
        **(more or {}),
    }


def status_of(app: Rig, environ: dict[str, Any]) -> int:
    lines: list[str] = []
    b"".join(app.receiver(environ, lambda line, *_: lines.append(line)))
    return int(lines[0].split()[0])
