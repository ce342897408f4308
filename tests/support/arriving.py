"""What arrives at a webhook's endpoint: a server that keeps it, and answers as a test wants."""

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.support.receivers import wait_until
from tests.support.servers import NO_CONTENT, Peer, ScriptedServer


@dataclass(frozen=True)
class Arrival:
    """One request; `at` on the monotonic clock, header names in lower case."""

    at: float
    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def id(self) -> str:
        return self.headers["webhook-id"]


def parsed(request: bytes) -> Arrival:
    """A whole request."""
    head, _, body = request.partition(b"\r\n\r\n")
    line, *lines = head.decode("latin-1").split("\r\n")
    method, path, _ = line.split(" ")
    named = (each.partition(": ") for each in lines)
    return Arrival(time.monotonic(), method, path, {name.lower(): value for name, _, value in named}, body)


Answering = Callable[[Arrival], bytes]
"""Makes an answer; it may take its time. b"": the connection is closed."""


@dataclass
class Arrivals:
    """All that arrived, in order; `most` is how many were answered at a time."""

    answer: Answering = lambda _: NO_CONTENT
    seen: list[Arrival] = field(default_factory=list)
    most: int = 0
    _open: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def script(self, peer: Peer) -> None:
        while request := peer.request():
            arrival = parsed(request)
            with self._lock:
                self.seen.append(arrival)
                self._open += 1
                self.most = max(self.most, self._open)
            answer = self.answer(arrival)
            with self._lock:
                self._open -= 1
            if not answer:
                return
            peer.send(answer)

    def server(self) -> ScriptedServer:
        return ScriptedServer(self.script)

    @property
    def ids(self) -> list[str]:
        return [arrival.id for arrival in self.seen]

    def wait(self, count: int) -> list[Arrival]:
        """The first `count` of them, when they are there."""
        wait_until(lambda: len(self.seen) >= count)
        return self.seen[:count]


def answering_in_turn(*answers: bytes) -> Answering:
    """For each arrival the next of `answers`, the last one again and again."""
    left = list(answers)

    def answer(_: Arrival) -> bytes:
        first = left[0]
        del left[: len(left) > 1]
        return first

    return answer


def taking(seconds: float, answer: bytes = NO_CONTENT) -> Answering:
    """Answers so after that time."""

    def after(_: Arrival) -> bytes:
        time.sleep(seconds)
        return answer

    return after


def status(line: str, *headers: str) -> bytes:
    """An answer without a body: `status("503 Service Unavailable", "Retry-After: 1")`."""
    lines = "".join(f"{header}\r\n" for header in (*headers, "Content-Length: 0"))
    return f"HTTP/1.1 {line}\r\n{lines}\r\n".encode()
