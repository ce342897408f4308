"""The queue, the workers that empty it, and what becomes of each delivery."""

import asyncio
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from random import Random

from tests.support.delivery_service.books import Books, End, Note
from tests.support.delivery_service.client import Answer, Client
from tests.support.delivery_service.faults import Fault
from tests.support.delivery_service.messages import corrupted, signed
from tests.support.delivery_service.options import Options
from tests.support.delivery_service.poll import SlowPoll
from tests.support.delivery_service.store import Store
from tests.support.delivery_service.subscribers import Endpoint, Subscribers

GONE = 410
SLOW_DOWN = {429, 503}
NEXT_ONE_S = 2.0
"""How long a delivery waits to be overtaken; then it goes, and was not swapped."""


@dataclass(slots=True, eq=False)
class Delivery:
    """One event to one endpoint."""

    event_id: str
    endpoint: Endpoint
    body: bytes
    fault: Fault = Fault.NONE
    attempts: int = 0
    headers: bytes = b""
    """Of the latest attempt."""
    overtaken: "Delivery | None" = None
    """What goes right after this one has been tried."""
    again: bool = False
    """It was delivered before."""


@dataclass
class Deliveries:
    """Delivers what it accepts. Its coroutines run in one loop, and so does who calls it."""

    options: Options
    subscribers: Subscribers
    books: Books
    store: Store
    unfinished: int = 0
    """Deliveries that are queued, in flight, held, or wait for their next attempt."""
    _queue: deque[Delivery] = field(default_factory=deque)
    _working: int = 0
    _tasks: set["asyncio.Task[None]"] = field(default_factory=set)
    _stopping: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._poll = SlowPoll(self.options.idle_poll_s)
        self._client = Client(self.options.timeout_s, self.options.follow_redirects)
        self._faulty, self._jitter, self._elsewhere = (
            Random(f"{self.options.seed} {use}") for use in ("faults", "jitter", "elsewhere")
        )

    # What comes in.

    def accept(self, event_id: str, endpoints: Iterable[Endpoint], body: bytes) -> None:
        """Take an event for these endpoints. Nothing is sent before this returns."""
        settled_before = time.time() - self.options.settle_s
        for endpoint in endpoints:
            delivery = Delivery(event_id, endpoint, body, self.options.faults.draw(self._faulty))
            self.unfinished += 1
            if endpoint.created_at > settled_before:
                self._end(delivery, "unsettled")
            elif delivery.fault is Fault.FORGET or endpoint.number == self.options.shun:
                self._end(delivery, "forgotten")
            elif delivery.fault is Fault.MISDELIVER:
                delivery.endpoint = self.subscribers.stranger(endpoint, self._elsewhere)
                self._push(delivery)
            elif endpoint.held:
                delivery.overtaken, endpoint.held = endpoint.held, None
                self._push(delivery)
            elif delivery.fault is Fault.SWAP:
                endpoint.held = delivery
                asyncio.get_running_loop().call_later(NEXT_ONE_S, self._release, delivery)
            else:
                self._push(delivery)

    def resume(self, delivery: Delivery, due: float) -> None:
        """Go on with what an earlier life accepted, at `due`, or at once."""
        self.unfinished += 1
        if due > time.time():
            self._push_at(due, delivery)
        else:
            self._push(delivery)  # in the order of these calls

    async def stop(self) -> None:
        """Begin nothing more, and wait for what is in flight."""
        self._stopping.set()
        await asyncio.gather(*self._tasks)

    def counts(self) -> dict[str, int]:
        return {"queued": len(self._queue), "in_flight": self._working, "unfinished": self.unfinished}

    # The queue.

    def _push(self, delivery: Delivery) -> None:
        self._queue.append(delivery)
        if self.options.never_deliver:
            return
        loop = asyncio.get_running_loop()
        now = loop.time()
        seen = self._poll.look_at(now)
        if seen <= now:
            self._wake()
        else:
            loop.call_at(seen, self._wake)

    def _push_at(self, due: float, delivery: Delivery) -> None:
        asyncio.get_running_loop().call_later(due - time.time(), self._push, delivery)

    def _release(self, delivery: Delivery) -> None:
        """Nothing came that would overtake it."""
        if delivery.endpoint.held is delivery:
            delivery.endpoint.held = None
            self._push(delivery)

    def _wake(self) -> None:
        """Set one more worker to work, where there is work and one is free."""
        if self._queue and self._working < self.options.workers and not self._stopping.is_set():
            self._working += 1
            worker = asyncio.get_running_loop().create_task(self._work())
            self._tasks.add(worker)
            worker.add_done_callback(self._tasks.discard)

    def _next(self) -> Delivery | None:
        while self._queue and not self._stopping.is_set():
            delivery = self._queue.popleft()
            endpoint = delivery.endpoint
            if endpoint.closed:
                self._end(delivery, "dropped")
                self._tried(delivery, succeeded=False)
            elif self.options.ordered and endpoint.busy:
                endpoint.behind.append(delivery)
            else:
                endpoint.busy = True
                return delivery
        return None

    # A worker.

    async def _work(self) -> None:
        """Serve until nothing is left. Each takes the work's time at least, to which late timers add nothing."""
        loop = asyncio.get_running_loop()
        free_at = loop.time()
        while delivery := self._next():
            await self._serve(delivery)
            free_at += self.options.work_s
            now = loop.time()
            if now < free_at:
                await asyncio.sleep(free_at - now)
            else:
                free_at = now
        self._working -= 1

    async def _serve(self, delivery: Delivery) -> None:
        """One attempt, and what follows from it."""
        answer = await self._attempt(delivery)
        succeeded = 200 <= answer.status < 300
        self._tried(delivery, succeeded)
        if succeeded:
            self._delivered(delivery, answer)
        else:
            await self._failed(delivery, answer)

    def _tried(self, delivery: Delivery, succeeded: bool) -> None:
        """What waited for this one to be tried is next."""
        endpoint = delivery.endpoint
        endpoint.busy = False
        if delivery.overtaken:
            if succeeded:
                self._note(delivery.overtaken, "swapped")
            endpoint.behind.appendleft(delivery.overtaken)
            delivery.overtaken = None
        if endpoint.behind:
            self._queue.appendleft(endpoint.behind.popleft())
            self._wake()

    async def _attempt(self, delivery: Delivery) -> Answer:
        delivery.attempts += 1
        self.books.attempts += 1
        endpoint, event_id, body = delivery.endpoint, delivery.event_id.encode(), delivery.body
        if delivery.fault is Fault.CORRUPT:
            body = corrupted(body, event_id)
        if not (self.options.same_timestamp and delivery.headers):
            delivery.headers = signed(endpoint.key, event_id, int(time.time()), body)
        return await self._client.deliver(endpoint.target, delivery.headers, body)

    def _delivered(self, delivery: Delivery, answer: Answer) -> None:
        self._end(delivery, "delivered")
        if answer.to_bodiless:
            self._note(delivery, "bodiless")
        if delivery.fault is Fault.CORRUPT:
            self._note(delivery, "corrupted")
        if delivery.fault is Fault.MISDELIVER:
            self._note(delivery, "misdelivered")
        if delivery.again:
            self._note(delivery, "doubled")
        elif delivery.fault is Fault.DOUBLE:
            self.unfinished += 1
            self._push(Delivery(delivery.event_id, delivery.endpoint, delivery.body, again=True))

    async def _failed(self, delivery: Delivery, answer: Answer) -> None:
        now = time.time()
        asked_s = _seconds(answer.retry_after, now) if answer.status in SLOW_DOWN else 0.0
        due = self.options.law.due(delivery.attempts, now, asked_s, self._jitter)
        if answer.status == GONE and self.options.gone_disables:
            self.subscribers.disable(delivery.endpoint)
            due = None
        if due is None:
            self._end(delivery, "gave_up")
            return
        self.store.append("failed", delivery.event_id, delivery.endpoint.id, delivery.attempts, due)
        if self.options.hold_while_retrying:
            try:
                await asyncio.wait_for(self._stopping.wait(), due - now)
            except TimeoutError:
                await self._serve(delivery)
        else:
            self._push_at(due, delivery)

    # The books.

    def _end(self, delivery: Delivery, end: End) -> None:
        self.unfinished -= 1
        if not delivery.again:
            self._note(delivery, end)

    def _note(self, delivery: Delivery, name: Note | End) -> None:
        self.books.note(name, delivery.event_id, delivery.endpoint.id)


def _seconds(retry_after: str, now: float) -> float:
    """What `Retry-After` asks for, in seconds or as a date; 0 when it cannot be read."""
    try:
        return float(retry_after) if retry_after.isdigit() else parsedate_to_datetime(retry_after).timestamp() - now
    except ValueError:
        return 0.0
