"""A server that counts: when requests came, and how many of them within any second."""

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Counter(ThreadingHTTPServer):
    """Answers every POST 204, but each `fails`-th 503, and notes when it came."""

    request_queue_size = 256
    daemon_threads = True

    def __init__(self, fails: int = 0) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.fails = fails
        self.times: list[float] = []
        self.lock = threading.Lock()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/hooks"


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Counter

    def do_POST(self) -> None:
        with self.server.lock:
            self.server.times.append(time.monotonic())
            count = len(self.server.times)
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(503 if self.server.fails and count % self.server.fails == 0 else 204)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def counting(fails: int = 0) -> Iterator[Counter]:
    """One that runs, in threads of this process."""
    with Counter(fails) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join(10)


def most_in(seconds: float, times: Sequence[float]) -> int:
    """How many came within so long, at most."""
    ordered, first, most = sorted(times), 0, 0
    for last, at in enumerate(ordered):
        while at - ordered[first] >= seconds:
            first += 1
        most = max(most, last - first + 1)
    return most
