"""A service tried with single events ahead of the load: whether it takes one, and what arrives of it."""

from collections.abc import Callable
from typing import NamedTuple
from urllib.parse import urlsplit

import gevent

from _hookswarm.common.wording import figure
from _hookswarm.protocol.event_values import spellings
from _hookswarm.protocol.mending import likeliest_mend
from _hookswarm.protocol.regions import is_loopback
from _hookswarm.protocol.served import Caught, Served
from _hookswarm.records.rows import Flag
from _hookswarm.senders.master.control import Controls
from _hookswarm.senders.plan.reachable import unreachable_addresses
from _hookswarm.senders.plan.serviced import addresses_of
from _hookswarm.senders.service.handing import Hand, Handed
from _hookswarm.senders.service.table import Service

POLL_S = 0.02
TOLD_S = 2.0
SLACK_S = 1.0
"""That an arrival may take to be told of, beside what the table allows."""


class Tried(NamedTuple):
    """An event that was accepted, and what came of it."""

    handed: Handed
    arrived: Caught | None
    """The first request that holds the event's id."""
    others: tuple[Caught, ...]
    """What else came, and has no id of ours in it."""
    waited_s: float

    @property
    def publish_ms(self) -> float:
        return (self.handed.accepted_s - self.handed.began_s) * 1e3

    @property
    def pickup_ms(self) -> float:
        """From its acceptance to its arrival; it may arrive before that."""
        assert self.arrived
        return self.arrived.received_ns / 1e6 - self.handed.accepted_s * 1e3


def try_once(
    hand: Hand,
    controls: Controls,
    webhook: int,
    patience_s: float,
    stopped: Callable[[], bool],
    now: Callable[[], float],
    say: Callable[[str], object] = lambda _text: None,
) -> Tried:
    """Publish one event to an endpoint, and wait for it. `now` is Unix seconds by the clock that `controls` know.

    Raises StepError where it is not accepted, and ControlError.
    """
    handed = hand.over(webhook, now)
    said_s = 0.0
    while True:
        waited_s = now() - handed.accepted_s
        found = controls.caught()
        arrived = next((one for one in found if one.event == handed.event), None)
        if arrived or waited_s >= patience_s or stopped():
            others = tuple(one for one in found if not one.event)
            return Tried(handed, arrived, others, waited_s)
        if waited_s - said_s >= TOLD_S:
            said_s = waited_s
            say(f"probe: waits for its arrival, {waited_s:.0f} of {patience_s:.0f} s")
        gevent.sleep(min(POLL_S * (1 + waited_s * 5), 0.25))


def patience_s(service: Service) -> float:
    """How long one event may be on its way."""
    before_s = service.retry.delay_s + service.retry.clock_s if service.retry else 0.0
    return service.drain_s + before_s + SLACK_S


def bytes_told(caught: Caught) -> str:
    """What became of the payload's bytes."""
    if caught.flags & Flag.BODILESS:
        return "it has no body"
    if caught.flags & Flag.CORRUPT:
        return "its payload is another one than was published"
    if caught.flags & Flag.VALUELESS:
        return "its id came, and no payload of ours"
    return "bytes rewritten, the value kept" if caught.flags & Flag.REWRITTEN else "bytes kept"


def id_headers(caught: Caught) -> list[str]:
    """The headers that bring the event's id back, as it is or as the UUID that is made of it."""
    spelt = spellings(caught.event.encode()) if caught.event else ()
    return [name for name, text in caught.headers.items() if any(one in text for one in spelt)]


def signature_told(caught: Caught, served: Served) -> str:
    """Whether it verifies."""
    if not served.provider.signature:
        return "no signature is looked for"
    return "its signature does not verify" if caught.flags & Flag.UNVERIFIED else "its signature verifies"


def signature_mend(caught: Caught, served: Served) -> str:
    """What most likely makes a signature that does not verify do so; empty where it does."""
    if not served.provider.signature or not caught.flags & Flag.UNVERIFIED or caught.flags & Flag.BODILESS:
        return ""
    of = (caught.endpoint or 0) if len(served.secrets) > 1 else 0
    secret = served.secrets[of] if of < len(served.secrets) else ""
    return likeliest_mend(served.provider, secret, caught.headers, caught.body, caught.received_ns / 1e9)


def told(service: Service, tried: Tried, served: Served) -> str:
    """In a line: `own took it in 3 ms and delivered it 2 ms later; its signature verifies; bytes kept`."""
    assert tried.arrived
    later = tried.pickup_ms
    when = (
        f"delivered it {figure(later)} ms later"
        if later >= 0
        else f"delivered it {figure(-later)} ms before it said so"
    )
    parts = [signature_told(tried.arrived, served), bytes_told(tried.arrived)]
    if mend := signature_mend(tried.arrived, served):
        parts[0] += f" ({mend})"
    return f"{service.name} took it in {figure(tried.publish_ms)} ms and {when}; {'; '.join(parts)}"


def not_answering(service: Service) -> str:
    """Which of its addresses takes no connection any more, and what to do; empty: all do."""
    there = unreachable_addresses(service.name, addresses_of(service))
    return f"the service does not answer any more: {'; '.join(there)}, and see what it logged last" if there else ""


def why_not_arrived(service: Service, tried: Tried, url: str) -> str:
    """The likeliest cause, and its mend. Raises ConfigError for variables that are not set."""
    if dead := not_answering(service):
        return dead
    if any(one.flags & Flag.BODILESS for one in tried.others):
        return "a request without a body came: see whether something before our receivers redirects it"
    if tried.others:
        return "something came that has no event's id in it: put {payload} into the table's publish.body"
    if service.loopback and is_loopback(urlsplit(url).hostname or ""):
        named = "or the event found no endpoint: let publish name it as the set-up made it"
        return f"it may not deliver to loopback addresses: {service.loopback}; {named}"
    settles = "" if service.settle_by_probe else "; where it knows new endpoints after a while: settle_by_probe = true"
    return f"see what it logged of this event, and whether it can reach {url}{settles}; drain_s allows it more time"
