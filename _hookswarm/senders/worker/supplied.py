"""How a sending process comes by the endpoints that its master has: see `senders.exchange.supply`."""

import hashlib
from collections.abc import Callable

from gevent.queue import Empty, SimpleQueue

from _hookswarm.senders.exchange.supply import Given, Wanted

AGAIN_S = 0.5
"""How long a process waits for an answer, or until it is listened to, before it asks again."""
TRIES = 3
"""How often the whole is fetched where the pieces do not make what the master read."""


class Supplied:
    """A sending process's side."""

    def __init__(self, ask: Callable[[Wanted], None]) -> None:
        """`ask` sends it to the master."""
        self._ask = ask
        self._answers: SimpleQueue[Given] = SimpleQueue()

    def hear(self, given: Given) -> None:
        """An answer came."""
        self._answers.put(given)

    def fetch(self, digest: str, take: Callable[[bytes], None]) -> str:
        """Have what the master has, and let it know; `take` gets the file unless `digest` is that of the same.

        Returns what is wrong, or nothing. What `take` raises is raised.
        """
        while not self._answers.empty():
            self._answers.get()  # to questions of a run before
        content, tries = bytearray(), 0
        while True:
            self._ask(Wanted(digest=digest, offset=len(content)))
            try:
                given = self._answers.get(timeout=AGAIN_S)
            except Empty:
                continue
            if given.known:
                return ""
            if given.digest == digest:  # the master does not listen yet
                try:
                    self._answers.get(timeout=AGAIN_S)
                except Empty:
                    pass
                continue
            if given.offset == len(content):
                content += given.data
            if len(content) < given.size and given.data:
                continue
            if hashlib.sha256(content).hexdigest() == given.digest:
                digest = given.digest
                take(bytes(content))
            elif (tries := tries + 1) == TRIES:
                return "the file of --endpoints was changed at the master during its start: start again"
            content.clear()
