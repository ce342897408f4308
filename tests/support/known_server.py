"""A server with a known answer: 204 from one of `--servers` that takes `--service` seconds for it; in a stall, nothing.

Each request, in the order of arrival, occupies the first server that is free; so the capacity is servers / service.
It never sleeps but polls, on the last core, so that its own waking adds nothing to what the sender measures.
"""

import argparse
import heapq
import itertools
import os
import select
import socket
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

END_OF_HEAD = b"\r\n\r\n"
PLENTY = 1000
"""Servers enough for nobody to wait."""


def services(mean_s: float, seed: int | None = None) -> Iterator[float]:
    """Seconds that each request takes in turn: exponential by a seed, or without one always the same."""
    random = Random(seed)
    while True:
        yield mean_s if seed is None else random.expovariate(1 / mean_s)


class Servers:
    """Some servers, and one queue before them."""

    def __init__(self, count: int, services: Iterator[float]) -> None:
        self._free = [0.0] * count
        self._services = services

    def answer_at(self, now: float) -> float:
        """When a request that arrives now is answered; they come in order."""
        done = max(now, self._free[0]) + next(self._services)
        heapq.heapreplace(self._free, done)
        return done


def serve(port: int, servers: Servers, stall_at_s: float, stall_s: float) -> None:
    _keep_core()
    listener = socket.create_server(("127.0.0.1", port), backlog=256)
    poll = select.epoll()
    poll.register(listener, select.EPOLLIN)
    connections: dict[int, socket.socket] = {}
    buffers: dict[int, bytes] = {}
    answers: list[tuple[float, int, socket.socket]] = []
    turn = itertools.count()
    began = 0.0
    while True:
        for number, _ in poll.poll(0):
            if number == listener.fileno():
                connection, _ = listener.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connections[connection.fileno()], buffers[connection.fileno()] = connection, b""
                poll.register(connection, select.EPOLLIN)
                continue
            try:
                data = connections[number].recv(1 << 16)
            except OSError:
                data = b""
            if not data:
                connections.pop(number).close()
                continue
            buffers[number] += data
            if _whole(buffers[number]):
                buffers[number], now = b"", time.monotonic()
                began = began or now
                stalled = began + stall_at_s <= now < began + stall_at_s + stall_s
                answer_at = began + stall_at_s + stall_s if stalled else servers.answer_at(now)
                heapq.heappush(answers, (answer_at, next(turn), connections[number]))
        while answers and answers[0][0] <= time.monotonic():
            _, _, connection = heapq.heappop(answers)
            try:
                connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")
            except OSError:
                pass  # the client is gone: its connection is closed already, or will be when it is read


def _keep_core() -> None:
    """Take the last core, before all other work on this machine where we may."""
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    try:
        os.nice(-20)
        os.setsid()  # Linux weighs sessions against each other first, and only in them processes
        Path("/proc/self/autogroup").write_text("-20")
    except OSError:
        pass


def _whole(request: bytes) -> bool:
    head, found, body = request.partition(END_OF_HEAD)
    return bool(found) and len(body) >= int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("--servers", type=int, default=PLENTY)
    parser.add_argument("--service", "--delay", type=float, default=0.0)
    parser.add_argument("--exponential", action="store_true", help="with mean --service, by --seed; else always that")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--stall-at", type=float, default=float("inf"))
    parser.add_argument("--stall", type=float, default=0.0)
    options = parser.parse_args()
    drawn = services(options.service, options.seed if options.exponential else None)
    serve(options.port, Servers(options.servers, drawn), options.stall_at, options.stall)
