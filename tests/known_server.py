"""A server with a known answer: 204 after exactly `--delay`, and nothing at all during one stall.

It sleeps in a thread for each connection, in a process of its own, and takes the time from the moment that a
request was read.
"""

import argparse
import socket
import threading
import time


def serve(port: int, delay_s: float, stall_at_s: float, stall_s: float) -> None:
    listener = socket.create_server(("127.0.0.1", port), backlog=256)
    began: list[float] = []

    def answer(connection: socket.socket) -> None:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        with connection:
            buffer = b""
            while data := connection.recv(1 << 16):
                read = time.monotonic()
                buffer += data
                head, found, body = buffer.partition(b"\r\n\r\n")
                if not found:
                    continue
                length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
                if len(body) < length:
                    continue
                buffer = b""
                began.append(read) if not began else None
                until = read + delay_s
                if began[0] + stall_at_s <= read < began[0] + stall_at_s + stall_s:
                    until = began[0] + stall_at_s + stall_s
                if (wait := until - time.monotonic()) > 0:
                    time.sleep(wait)
                connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

    while True:
        connection, _ = listener.accept()
        threading.Thread(target=answer, args=(connection,), daemon=True).start()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("--delay", type=float, default=0.0)
    parser.add_argument("--stall-at", type=float, default=float("inf"))
    parser.add_argument("--stall", type=float, default=0.0)
    options = parser.parse_args()
    serve(options.port, options.delay, options.stall_at, options.stall)
