"""The service: its parts put together, what an earlier life left taken over, and run until it is told to end."""

import asyncio
import signal

from tests.support.delivery_service.api import Api
from tests.support.delivery_service.books import Books, End
from tests.support.delivery_service.deliveries import Deliveries, Delivery
from tests.support.delivery_service.kept import Kept, Pending, replay
from tests.support.delivery_service.options import Options
from tests.support.delivery_service.server import ApiConnection, Request, Response
from tests.support.delivery_service.store import Store
from tests.support.delivery_service.subscribers import Subscribers


class Service:
    """Make it inside the loop that runs it."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._store = Store(options.store)
        self._subscribers = Subscribers(self._store)
        self._books = Books(self._store)
        self._deliveries = Deliveries(options, self._subscribers, self._books, self._store)
        self._api = Api(options, self._subscribers, self._deliveries, self._books)

    def answer(self, request: Request) -> Response:
        """A call of its API."""
        return self._api.answer(request)

    async def run(self) -> None:
        """Serve until SIGTERM or SIGINT; then what is in flight ends."""
        self._take_over(replay(self._store.records()))
        loop, told, publishers = asyncio.get_running_loop(), asyncio.Event(), set[ApiConnection]()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, told.set)
        server = await loop.create_server(
            lambda: ApiConnection(self.answer, publishers), "127.0.0.1", self._options.port, backlog=1024
        )
        print(f"listening on http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
        await told.wait()
        server.close()
        for publisher in list(publishers):
            publisher.close()
        await self._deliveries.stop()

    def _take_over(self, kept: Kept) -> None:
        for tenant in kept.tenants:
            self._subscribers.tenants[tenant] = {}
        for endpoint in kept.endpoints.values():
            self._subscribers.restore(endpoint)
        self._books.restore(kept.told)
        self._api.known.update(kept.events)
        for pending in kept.pending.values():
            self._resume(pending)

    def _resume(self, pending: Pending) -> None:
        endpoint = self._subscribers.endpoints.get(pending.endpoint_id)
        if self._options.lose_on_restart or not endpoint:
            end: End = "lost" if self._options.lose_on_restart else "dropped"
            self._books.note(end, pending.event_id, pending.endpoint_id)
        else:
            delivery = Delivery(pending.event_id, endpoint, pending.body, attempts=pending.attempts)
            self._deliveries.resume(delivery, pending.due)
