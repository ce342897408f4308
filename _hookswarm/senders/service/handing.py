"""One event handed to a service by itself, ahead of the load, as the senders hand theirs over."""

import time
from collections.abc import Callable
from typing import NamedTuple

import httpx

from _hookswarm.protocol.identity import PROBE_STAGE, EventId, format_event_id, run_tag
from _hookswarm.senders.service.account import Account
from _hookswarm.senders.service.publishing import Publishing
from _hookswarm.senders.service.steps import Steps
from _hookswarm.senders.service.table import Service

PUBLISH = "publish"
"""What people call this step."""


class Handed(NamedTuple):
    """An event that the service accepted."""

    event: str
    """Its id."""
    webhook: int
    payload: bytes
    began_s: float
    """When it was handed over, and accepted (Unix)."""
    accepted_s: float


class Hand:
    """Hands events over, one after the other: of ids that no stage has, so that no ledger counts them."""

    def __init__(
        self, service: Service, account: Account, steps: Steps, body: Callable[[bytes, int], bytes], run: str = ""
    ) -> None:
        """`body` makes the payload of an event, by its id and number; `run`: whose it is, if not the account's."""
        self._service = service
        self._publishing = Publishing(service, account, httpx=True)
        self._steps = steps
        self._body = body
        self._run = run_tag(run or account.run["run"])
        self._next = 0

    def over(self, webhook: int, now: Callable[[], float] = time.time) -> Handed:
        """Publish the next event to an endpoint. Raises StepError where it is not accepted."""
        event_id = format_event_id(EventId(self._run, PROBE_STAGE, webhook, self._next))
        payload = self._body(event_id, self._next)
        self._next += 1
        method, url, headers, body = self.request(webhook, event_id, payload, now())
        began_s = now()
        answer = self._steps.ask(PUBLISH, method, url, headers, body)
        accepted_s = now()
        self._steps.accepted(PUBLISH, method, url, answer, self._service.publish.acceptance)
        return Handed(event_id.decode(), webhook, payload, began_s, accepted_s)

    def request(
        self, webhook: int, event_id: bytes, payload: bytes, now_s: float
    ) -> tuple[str, str, httpx.Headers, bytes]:
        """Method, URL, header lines and body."""
        place = self._publishing.of(webhook)
        assert place.dress
        lines, body = place.dress(event_id, now_s, payload)
        pairs = (line.split(": ", 1) for line in (place.lines + lines).decode().splitlines())
        return (
            self._publishing.method,
            place.url.decode(),
            httpx.Headers([(name.encode(), text.encode()) for name, text in pairs]),
            body,
        )
