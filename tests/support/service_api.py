"""A delivery service's API that follows a script: it keeps what it was asked, and answers as told."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from _hookswarm.senders.service.account import Account, open_account
from _hookswarm.senders.service.filling import fill
from _hookswarm.senders.service.keeper import Keeper
from _hookswarm.senders.service.publishing import Publishing
from _hookswarm.senders.service.steps import Steps, Told
from _hookswarm.senders.service.table import Service, load_service
from tests.support.servers import Peer, ScriptedServer

EVENT = b"msg_000000aa_1_2_3"
PAYLOAD = b'{"hookswarm":"x","n":1}'
NOW_S = 1_700_000_000.5


class Asked(NamedTuple):
    """One request."""

    method: str
    path: str
    headers: dict[str, str]
    """Their names in lower case."""
    body: str

    @property
    def line(self) -> str:
        return f"{self.method} {self.path}"


class Answer(NamedTuple):
    """And what it gets."""

    body: Any = MappingProxyType({})
    status: int = 200
    headers: Mapping[str, str] = MappingProxyType({})


class Api:
    """Answers each request by `answer`; `asked` holds them all."""

    def __init__(self, answer: Callable[[Asked], Answer] = lambda _asked: Answer()) -> None:
        self.asked: list[Asked] = []
        self._answer = answer
        self._server = ScriptedServer(self._script)

    def __enter__(self) -> "Api":
        self._server.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.__exit__(None, None, None)

    @property
    def url(self) -> str:
        return self._server.url.removesuffix("/hooks")

    @property
    def lines(self) -> list[str]:
        """What was asked, without its bodies."""
        return [asked.line for asked in self.asked]

    def _script(self, peer: Peer) -> None:
        while request := peer.request():
            head, _, body = request.partition(b"\r\n\r\n")
            first, *lines = head.decode("latin-1").split("\r\n")
            method, path, _ = first.split(" ")
            headers = {name.lower(): text for name, _, text in (line.partition(": ") for line in lines)}
            asked = Asked(method, path, headers, body.decode())
            self.asked.append(asked)
            answer = self._answer(asked)
            text = answer.body if isinstance(answer.body, str) else json.dumps(answer.body, default=dict)
            told = "".join(f"{name}: {value}\r\n" for name, value in answer.headers.items())
            length = f"Content-Length: {len(text.encode())}\r\n"
            peer.send(f"HTTP/1.1 {answer.status} Told\r\n{told}{length}\r\n{text}".encode())


def table(folder: Path, text: str) -> Service:
    """A table, from a file as users write it."""
    (folder / "mine.toml").write_text(text)
    return load_service(str(folder / "mine.toml"))


class SetUp:
    """A service of a table that was set up for so many endpoints."""

    def __init__(self, service: Service, endpoints: int = 1) -> None:
        self.service = service
        urls = [f"http://127.0.0.1:9/endpoints/{number}" for number in range(endpoints)]
        self.account: Account = open_account(service, urls, "THE-RUN")
        self.account.run["run"] = "the-run"  # without what makes it unlike any other
        self.told: list[Told] = []
        self.said: list[str] = []
        self.steps = Steps(service, self.told.append)
        self.keeper = Keeper(service, self.account, self.steps, self.said.append)

    def up(self) -> "SetUp":
        self.keeper.set_up()
        return self

    def secret(self, webhook: int = 0) -> str:
        """By which what an endpoint gets is verified."""
        return fill(self.service.secret, self.account.values(webhook))

    def publish(self, webhook: int = 0, payload: bytes = PAYLOAD, type: bytes = b"") -> Asked:
        """The request that hands an event over, as it is written to the wire."""
        place = Publishing(self.service, self.account).of(webhook)
        assert place.dress
        own, body = place.dress(EVENT, NOW_S, payload, b"", type, webhook, 3)
        first, *lines = (place.lines + own).decode("latin-1").removesuffix("\r\n").split("\r\n")
        method, path, _ = first.split(" ")
        headers = {name.lower(): text for name, _, text in (line.partition(": ") for line in lines)}
        return Asked(method, path, headers, body.decode())
