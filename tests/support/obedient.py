"""A receiver's control API before a supervisor that only remembers, on a port of its own."""

import io
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

from _hookswarm.protocol.faults import FaultOrder
from _hookswarm.protocol.outage import Outage, OutageSeen
from _hookswarm.protocol.regions import Region
from _hookswarm.protocol.served import Caught, Served
from _hookswarm.protocol.setup import Setup
from _hookswarm.receiver.control import ControlApp
from _hookswarm.receiver.metrics import ReceiverSnapshot
from _hookswarm.records.clock import Clock
from tests.support.receivers import TOKEN


@dataclass
class Obedient:
    """What it was told, in order: ids of runs, faults, set-ups, outages, and "rest"."""

    told: list[object] = field(default_factory=list)
    seen: list[OutageSeen] = field(default_factory=list)
    """What it says of its outage, one answer after the other; the last again and again."""
    stats_of_run: dict[str, Any] = field(default_factory=lambda: {"arrivals": 3})

    def health(self) -> dict[str, Any]:
        return {"status": "ready"}

    def stats(self) -> dict[str, Any]:
        return self.stats_of_run

    def reset(self, run: str) -> None:
        self.told.append(run)

    def faults(self) -> FaultOrder:
        return FaultOrder()

    def set_faults(self, order: FaultOrder) -> None:
        self.told.append(order)

    def rest(self) -> None:
        self.told.append("rest")

    def serve_service(self, served: Served) -> None:
        self.served = served

    def caught(self) -> list[Caught]:
        return []

    def set_up(self, setup: Setup) -> None:
        self.told.append(setup)

    def outage(self) -> OutageSeen:
        return self.seen.pop(0) if len(self.seen) > 1 else self.seen[0]

    def set_outage(self, outage: Outage) -> None:
        self.told.append(outage)

    def metrics(self, now_ns: int) -> ReceiverSnapshot:
        raise NotImplementedError

    def files(self, run: str) -> list[tuple[str, int]]:
        return []

    def read(self, run: str, name: str) -> list[bytes]:
        return []


class _Bounded:
    """An app whose requests' bodies end: wsgiref's would wait for more."""

    def __init__(self, app: ControlApp) -> None:
        self._app = app

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        length = int(environ.get("CONTENT_LENGTH") or 0)
        return self._app(environ | {"wsgi.input": io.BytesIO(environ["wsgi.input"].read(length))}, start_response)


class _Silent(WSGIRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def obeying(name: str, clock: Clock) -> Iterator[tuple[Region, Obedient]]:
    """A region whose receiver has that clock; and what it was told."""
    supervisor = Obedient()
    with make_server("127.0.0.1", 0, _Bounded(ControlApp(supervisor, TOKEN, clock)), handler_class=_Silent) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            control = f"http://127.0.0.1:{server.server_port}"
            yield Region(name=name, url="http://127.0.0.1:1/hooks", control=control), supervisor
        finally:
            server.shutdown()
            thread.join()
