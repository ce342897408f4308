"""Clients of a receiver that plays faults: they ask for some, and look at what comes back byte for byte."""

import http.client
import socket
from typing import Any, NamedTuple

import httpx

from _hookswarm.protocol.identity import AttemptTag, EventId
from tests.support.receivers import BEARER, EVENT, RunningReceiver, signed_headers


def play(receiver: RunningReceiver, **faults: Any) -> httpx.Response:
    """Ask for these faults and nothing else; no keywords: for none."""
    order = {"faults": faults or None}
    return httpx.post(f"{receiver.control}/faults", headers=BEARER, json=order, timeout=10, trust_env=False)


class Seen(NamedTuple):
    """What came back on a connection before it ended, and how it ended."""

    data: bytes
    end: str

    @property
    def status(self) -> int:
        return int(self.data.split()[1]) if self.data else 0

    @property
    def body(self) -> bytes:
        return self.data.partition(b"\r\n\r\n")[2]


def request(event: EventId, attempt: int = 1) -> bytes:
    fields = {"Host": "receiver", "Content-Length": "2", "Connection": "close"}
    fields |= signed_headers(b"{}", event, AttemptTag(attempt, 0, 0, 0))
    return b"POST /hooks HTTP/1.1\r\n" + "".join(f"{n}: {v}\r\n" for n, v in fields.items()).encode() + b"\r\n{}"


def watch(receiver: RunningReceiver, event: EventId = EVENT, attempt: int = 1, patience_s: float = 5) -> Seen:
    """Send one webhook on a connection of its own and look at every byte of the answer."""
    data = b""
    with socket.create_connection(receiver.address, timeout=patience_s) as connection:
        connection.sendall(request(event, attempt))
        try:
            while more := connection.recv(65536):
                data += more
        except (TimeoutError, ConnectionResetError) as error:
            return Seen(data, type(error).__name__)
    return Seen(data, "closed")


def statuses(receiver: RunningReceiver, events: list[EventId], attempt: int = 1) -> list[int]:
    """The answers to these events over one connection."""
    connection = http.client.HTTPConnection(*receiver.address, timeout=10)
    found = []
    for event in events:
        headers = signed_headers(b"{}", event, AttemptTag(attempt, 0, 0, 0))
        connection.request("POST", "/hooks", b"{}", headers)
        answer = connection.getresponse()
        answer.read()
        found.append(answer.status)
    connection.close()
    return found


def events(count: int, run: int = 1) -> list[EventId]:
    return [EventId(run, 2, number % 7, number) for number in range(count)]
