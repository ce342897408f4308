"""`python -m tests.support.shop PORT HANDLING FOLDER`: a shop that makes an order of each webhook.

It tells how many orders there are at GET /orders: `{"orders": {"count": 3}}`. HANDLING of duplicates:

| look-first | it looks whether it knows the id, then makes the order, and keeps the id: without a lock |
| last-only  | it knows the last id, and no other                                                       |
| unique     | a unique index on the id decides, in the transaction that makes the order                |
"""

import json
import sqlite3
import sys
import time
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

WORK_S = 0.02
"""What an order takes to make."""


class Shop:
    """Orders in memory."""

    def __init__(self) -> None:
        self.known: list[str] = []
        self.orders = 0

    def order(self, event: str) -> None:
        if not self.is_known(event):
            time.sleep(WORK_S)
            self.orders += 1
            self.known.append(event)

    def is_known(self, event: str) -> bool:
        return event in self.known

    def count(self) -> int:
        return self.orders


class LastOnly(Shop):
    def is_known(self, event: str) -> bool:
        return self.known[-1:] == [event]


class Unique(Shop):
    """Orders in a database."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "shop.sqlite"
        with self._connected() as database:
            database.execute("CREATE TABLE orders (event TEXT UNIQUE)")

    def order(self, event: str) -> None:
        time.sleep(WORK_S)
        with self._connected() as database:
            database.execute("INSERT OR IGNORE INTO orders VALUES (?)", (event,))

    def count(self) -> int:
        with self._connected() as database:
            (count,) = database.execute("SELECT count(*) FROM orders").fetchone()
        return int(count)

    def _connected(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, timeout=10)


def handler(shop: Shop) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            shop.order(self.headers["webhook-id"])
            self._say(b"{}")

        def do_GET(self) -> None:
            self._say(json.dumps({"orders": {"count": shop.count()}}).encode())

        def _say(self, body: bytes) -> None:
            self.send_response(200)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            pass

    return Handler


class Server(ThreadingHTTPServer):
    def handle_error(self, *_: object) -> None:
        """A sender that breaks off is no news."""


HANDLING: dict[str, Callable[[Path], Shop]] = {
    "look-first": lambda _: Shop(),
    "last-only": lambda _: LastOnly(),
    "unique": Unique,
}

if __name__ == "__main__":
    port, handling, folder = int(sys.argv[1]), sys.argv[2], Path(sys.argv[3])
    Server(("127.0.0.1", port), handler(HANDLING[handling](folder))).serve_forever()
