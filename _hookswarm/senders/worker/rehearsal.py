"""The first request of a stage, byte for byte as it would be sent; nothing is."""

from dataclasses import replace
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import cast

from _hookswarm.protocol.identity import run_tag
from _hookswarm.records.clock import Clock
from _hookswarm.records.journal import Header, Journal
from _hookswarm.senders.plan.arrivals import Stripe
from _hookswarm.senders.plan.settings import Settings
from _hookswarm.senders.plan.stages import Stage
from _hookswarm.senders.transport.aimed import AimedWire
from _hookswarm.senders.transport.connection import Address, Connection
from _hookswarm.senders.transport.wire import Endpoint, Transport, Wire
from _hookswarm.senders.worker.places import make_places
from _hookswarm.senders.worker.queue import Delivery, DeliveryQueue
from _hookswarm.senders.worker.retrier import Retrier
from _hookswarm.senders.worker.sender import Route, StageSender

RUN = "rehearsal"
_NOWHERE: Address = (0,)


class _Kept(Connection):
    """A connection to nobody: it keeps what is sent, and answers 204."""

    def __init__(self) -> None:
        self.sent = b""

    def connect(self, _address: Address) -> None: ...

    def arm(self, _seconds: float) -> None: ...

    def disarm(self) -> None: ...

    def close(self) -> None: ...

    def is_quiet(self) -> bool:
        return True

    def send(self, data: bytes) -> None:
        self.sent += data

    def receive(self) -> bytes:
        return b"HTTP/1.1 204 No Content\r\n\r\n"


class _Rehearsed(Endpoint):
    """An endpoint that nobody looks up."""

    def __init__(self, settings: Settings, aimed: bool) -> None:
        super().__init__(settings.regions[0].url, None, settings.provider.method, settings.signer.head)
        self.head = b"" if aimed else self.head  # then the request's first lines come with its place
        self.kept = _Kept()

    def addresses(self, _limit_s: float) -> list[Address]:
        return [_NOWHERE]

    def connection(self, _address: Address) -> Connection:
        return self.kept


def first_request(stage: Stage, settings: Settings) -> bytes:
    """Of the stage's first event, to the first region: head and body."""
    clock = Clock()
    seed = (settings.seed, 0)
    places = make_places(replace(settings, transport="wire"))
    endpoint = _Rehearsed(settings, aimed=places is not None)
    wire = cast(Transport, AimedWire(1, lambda _host: Wire(endpoint))) if places else Wire(endpoint)
    with TemporaryDirectory(prefix="hookswarm-") as folder:
        journal = Journal(Path(folder) / "attempts.journal", Header("attempts", RUN, "", clock.anchor_ns))
        sender = StageSender(
            stage=0,
            webhooks=stage.webhooks,
            run=run_tag(RUN),
            queue=DeliveryQueue(stage, Stripe(), seed, clock.now(), clock.now),
            retrier=Retrier(stage.retry, Random(0)),
            journal=journal,
            payloads=settings.payloads(stage),
            signer=settings.signer,
            clock=clock,
            places=places,
        )
        sender.attempt(Delivery(webhook=0, sequence=0, due_ns=clock.now()), Route(0, 0, 0), wire)
        journal.close()
    return endpoint.kept.sent
