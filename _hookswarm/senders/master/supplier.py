"""How the master hands out the endpoints: see `senders.exchange.supply`."""

import time
from collections.abc import Callable, Set
from pathlib import Path

import gevent

from _hookswarm.common.wording import first_of
from _hookswarm.senders.exchange.gather import CHUNK
from _hookswarm.senders.exchange.supply import Given, Wanted
from _hookswarm.senders.master.ending import RunFailedError
from _hookswarm.senders.plan.endpoints import EndpointTable

PATIENCE_S = 60.0
"""How long sending processes may take to have them all."""
POLL_S = 0.05
SHOWN = 12
"""Of processes that do not."""


class Supplier:
    """Answers sending processes, and knows which of them have the endpoints."""

    def __init__(self, ready: Set[str]) -> None:
        """`ready` grows by the processes that can be sent stages."""
        self.supplied: set[str] = set()
        """Those that have the endpoints, too; by their ids at Locust."""
        self._ready = ready
        self._path = Path()
        self._digest = ""

    def begin(self, path: Path, endpoints: EndpointTable) -> None:
        """A new run, with endpoints of this file."""
        self._path, self._digest = path, endpoints.digest
        self.supplied.clear()

    def answer(self, node: str, wanted: Wanted) -> Given:
        """What a process is told. Raises OSError where the file cannot be read any more."""
        if wanted.digest == self._digest:
            if node in self._ready:
                self.supplied.add(node)
            return Given(digest=self._digest, known=node in self.supplied)
        with self._path.open("rb") as file:
            file.seek(wanted.offset)
            data, size = file.read(CHUNK), self._path.stat().st_size
        return Given(digest=self._digest, offset=wanted.offset, size=size, data=data)

    def wait(self, alive: Callable[[], Set[str]], given_up: Callable[[], bool], failure: Callable[[], str]) -> None:
        """Until all that are alive have them, or the run is given up. Raises RunFailedError."""
        deadline = time.monotonic() + PATIENCE_S
        while (lacking := alive() - self.supplied) and not given_up():
            if failure() or time.monotonic() > deadline:
                names = first_of(sorted(lacking), SHOWN)
                late = f"no endpoints after {PATIENCE_S:.0f} s at {names}: see what these sending processes print"
                raise RunFailedError(failure() or late)
            gevent.sleep(POLL_S)
