"""The simplest client there is: one connection, blocking, a request every so often. It shows what a machine adds."""

import argparse
import socket
import time

REQUEST = b"POST /hooks HTTP/1.1\r\nHost: plain\r\nContent-Length: 2\r\n\r\n{}"


def ask(port: int, every_s: float) -> None:
    """Print when each request was sent (wall clock, ns) and how long its answer took (ns), until it is ended."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        while True:
            began, sent = time.perf_counter_ns(), time.time_ns()
            connection.sendall(REQUEST)
            connection.recv(1024)
            took = time.perf_counter_ns() - began
            print(sent, took, flush=True)
            time.sleep(max(0.0, every_s - took / 1e9))


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("every", type=float)
    options = parser.parse_args()
    ask(options.port, options.every)
