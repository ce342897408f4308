"""A server with a known answer: 204 exactly `--delay` after a request was read, and nothing at all during one stall.

It never sleeps but polls, on the last core, so that its own waking adds nothing to what the sender measures.
"""

import argparse
import os
import select
import socket
import time
from collections import deque

END_OF_HEAD = b"\r\n\r\n"


def serve(port: int, delay_s: float, stall_at_s: float, stall_s: float) -> None:
    os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    listener = socket.create_server(("127.0.0.1", port), backlog=256)
    poll = select.epoll()
    poll.register(listener, select.EPOLLIN)
    connections: dict[int, socket.socket] = {}
    buffers: dict[int, bytes] = {}
    answers: deque[tuple[float, int]] = deque()
    began = 0.0
    while True:
        for number, _ in poll.poll(0):
            if number == listener.fileno():
                connection, _ = listener.accept()
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connections[connection.fileno()], buffers[connection.fileno()] = connection, b""
                poll.register(connection, select.EPOLLIN)
                continue
            data = connections[number].recv(1 << 16)
            if not data:
                connections.pop(number).close()
                continue
            buffers[number] += data
            if _whole(buffers[number]):
                buffers[number], now = b"", time.monotonic()
                began = began or now
                stalled = began + stall_at_s <= now < began + stall_at_s + stall_s
                answers.append((began + stall_at_s + stall_s if stalled else now + delay_s, number))
        while answers and answers[0][0] <= time.monotonic():
            _, number = answers.popleft()
            if number in connections:
                connections[number].sendall(b"HTTP/1.1 204 No Content\r\n\r\n")


def _whole(request: bytes) -> bool:
    head, found, body = request.partition(END_OF_HEAD)
    return bool(found) and len(body) >= int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("--delay", type=float, default=0.0)
    parser.add_argument("--stall-at", type=float, default=float("inf"))
    parser.add_argument("--stall", type=float, default=0.0)
    options = parser.parse_args()
    serve(options.port, options.delay, options.stall_at, options.stall)
