"""Webhooks sent without pause to a running receiver, and what became of them."""

import http.client
import threading
import time

from _hookswarm.protocol.identity import EventId
from _hookswarm.records.reading import read_journal
from tests.support.receivers import TAG, RunningReceiver, signed_headers


def journalled(receiver: RunningReceiver) -> set[tuple[int, int]]:
    """(webhook, sequence) of every arrival in every journal."""
    views = [read_journal(path) for path in receiver.results.rglob("arrivals-*.journal")]
    return {(int(row["webhook"]), int(row["sequence"])) for view in views for row in view.rows}


class Load:
    """Threads that deliver one event after another, each with a name of its own, and remember the acknowledged."""

    def __init__(self, receiver: RunningReceiver, threads: int = 3, attempt: int = 1) -> None:
        self._address = receiver.address
        self._tag = TAG._replace(attempt=attempt)
        self._stopping = threading.Event()
        self.acknowledged: set[tuple[int, int]] = set()
        self.refused: list[int] = []
        self._threads = [threading.Thread(target=self._deliver, args=(webhook,)) for webhook in range(threads)]

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join(10)

    def _deliver(self, webhook: int) -> None:
        connection = http.client.HTTPConnection(*self._address, timeout=5)
        for sequence in range(1_000_000):
            if self._stopping.is_set():
                break
            body = b"x" * 500
            try:
                connection.request("POST", "/", body, signed_headers(body, EventId(1, 0, webhook, sequence), self._tag))
                answer = connection.getresponse()
                answer.read()
            except (OSError, http.client.HTTPException):
                connection.close()
                time.sleep(0.01)
            else:
                if answer.status == 204:
                    self.acknowledged.add((webhook, sequence))
                else:
                    self.refused.append(answer.status)
        connection.close()
