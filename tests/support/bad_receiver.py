"""A receiver that lies: `python -m tests.support.bad_receiver PORT CONTROL_PORT RESULTS LIE...`, one lie a stage."""

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import gevent
from gevent.pywsgi import WSGIServer

from _hookswarm.protocol.credentials import control_token, signing_secrets
from _hookswarm.protocol.faults import FaultOrder
from _hookswarm.protocol.handshakes import Answerer
from _hookswarm.protocol.identity import AttemptTag, EventId
from _hookswarm.protocol.outage import Outage, OutageSeen
from _hookswarm.protocol.providers import load_provider
from _hookswarm.protocol.served import Caught, Served
from _hookswarm.protocol.setup import Setup
from _hookswarm.protocol.verifying import Verifier
from _hookswarm.receiver.app import Receiver
from _hookswarm.receiver.books import Books
from _hookswarm.receiver.config import ReceiverConfig
from _hookswarm.receiver.control import ControlApp
from _hookswarm.receiver.metrics import ReceiverSnapshot
from _hookswarm.receiver.state import StateReader, StateWriter
from _hookswarm.records.clock import Clock


class LyingBooks(Books):
    """Of a receiver that answers 204 to all: they lie of one arrival in a hundred, in each stage as they were told."""

    lies: Sequence[str] = ()
    """By the stage's number: "forgets" one, "invents" one that nobody sent, or "nothing"."""

    def record(
        self,
        event: EventId,
        tag: AttemptTag,
        body: bytes,
        received: int,
        status: int,
        flags: int,
        signed: int = 0,
        endpoint: int = 0,
        counts: bool = True,
    ) -> None:
        lie = self.lies[event.stage] if event.sequence % 100 == 7 else "nothing"
        if lie != "forgets":
            super().record(event, tag, body, received, status, flags)
        if lie == "invents":
            invented = event._replace(sequence=event.sequence + 1_000_000)
            super().record(invented, tag, body, received, status, flags)


class Control:
    """Just enough of a supervisor."""

    def __init__(self, state: StateWriter) -> None:
        self._state = state

    def health(self) -> dict[str, Any]:
        return {"status": "ready"}

    def stats(self) -> dict[str, Any]:
        return {}

    def rest(self) -> None:
        pass

    def outage(self) -> OutageSeen:
        return OutageSeen()

    def metrics(self, now_ns: int) -> ReceiverSnapshot:
        return ReceiverSnapshot("a", 3, {401: 1}, {"status 503": 2}, True, 288, 1)

    def files(self, run: str) -> list[tuple[str, int]]:
        return [("arrivals-a-1.journal", 3)] if run == "run-1" else []

    def read(self, run: str, name: str) -> list[bytes]:
        return [b"abc"]

    def set_outage(self, outage: Outage) -> None:
        self.asked = outage

    def set_up(self, setup: Setup) -> None:
        pass

    def serve_service(self, served: Served) -> None:
        self._state.serve(served)

    def caught(self) -> list[Caught]:
        return self._state.caught()

    def reset(self, run: str) -> None:
        self._state.set_run(run)

    def faults(self) -> FaultOrder:
        return self._state.setting.order

    def set_faults(self, order: FaultOrder) -> None:
        self._state.set_faults(order)


def serve(port: int, control_port: int, results: Path, lies: Sequence[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        config = ReceiverConfig(state=Path(folder), results=results)
        state = StateWriter(Path(folder))
        provider = load_provider()
        keys = [secret.key for secret in signing_secrets(provider)]
        clock = Clock()
        books = LyingBooks(config, StateReader(config), clock)
        books.lies = lies
        app = Receiver(Verifier(provider, keys), Answerer(provider, keys), books, config.max_body, clock)
        control = ControlApp(Control(state), control_token(), Clock())
        WSGIServer(("127.0.0.1", control_port), control, log=None).start()
        WSGIServer(("127.0.0.1", port), app, log=None).start()
        gevent.wait()


if __name__ == "__main__":
    serve(int(sys.argv[1]), int(sys.argv[2]), Path(sys.argv[3]), sys.argv[4:])
