"""`python -m tests.support.slow_target PORT`: a server of somebody's, slow for a reason of each stage's own.

Stage 0 spins (on all cores: hashing does not hold Python's lock), 1 sleeps, 2 lets one at a time through.
"""

import hashlib
import sys
import threading
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from _hookswarm.protocol.identity import parse_event_id

_turn = threading.Lock()


def _spin() -> None:
    hashlib.pbkdf2_hmac("sha256", b"", b"", 10_000)


def _sleep() -> None:
    time.sleep(0.05)


def _serialise() -> None:
    with _turn:
        time.sleep(0.005)


SLOW: tuple[Callable[[], None], ...] = (_spin, _sleep, _serialise)
"""By the number of the stage."""


class _Slow(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        event = parse_event_id(self.headers["webhook-id"])
        assert event
        SLOW[event.stage]()
        self.wfile.write(b"HTTP/1.1 204 No Content\r\n\r\n")

    def log_message(self, *_: object) -> None:
        pass


class _Server(ThreadingHTTPServer):
    request_queue_size = 128  # of five, as by default, all workers at once would overflow


if __name__ == "__main__":
    _Server(("127.0.0.1", int(sys.argv[1])), _Slow).serve_forever()
