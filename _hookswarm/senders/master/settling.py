"""Waiting until a service knows the endpoints that were set up: some take events for seconds that reach nobody."""

from collections.abc import Callable

from _hookswarm.common.wording import figure
from _hookswarm.senders.master.control import Controls
from _hookswarm.senders.master.ending import UntestedError
from _hookswarm.senders.master.trial import TOLD_S, try_once, why_not_arrived
from _hookswarm.senders.service.handing import Hand
from _hookswarm.senders.service.table import Service

MOST_S = 60.0
"""How long a service may take."""
EACH_S = 0.5
"""How long an event is waited for before the next one is published."""


def settle_by_probe(
    hand: Hand,
    controls: Controls,
    service: Service,
    urls: list[str],
    stopped: Callable[[], bool],
    now: Callable[[], float],
    say: Callable[[str], object],
    most_s: float = MOST_S,
) -> None:
    """Publish one event after the other to the endpoint that was set up last, until one arrives.

    The service has `most_s`, or its table's settle_s where that is more. Raises UntestedError where none arrives,
    StepError where one is not accepted, ControlError.
    """
    most_s = max(most_s, service.settle_s)
    began, published = now(), 0
    said_s = 0.0
    while not stopped():
        tried = try_once(hand, controls, len(urls) - 1, EACH_S, stopped, now)
        published += 1
        took_s = now() - began
        ours = tried.handed.event.rpartition("_")[0]  # the numbers of its events come last
        arrived = tried.arrived or next((one for one in controls.caught() if one.event.startswith(f"{ours}_")), None)
        if arrived:
            others = f", after {published - 1} that reached nobody" if published > 1 else ""
            say(f"settled: an event arrived {figure(took_s)} s after the set-up{others}")
            return
        if took_s - said_s >= TOLD_S:
            said_s = took_s
            say(f"settles: none of {published} events arrived yet, {took_s:.0f} of {most_s:.0f} s")
        if took_s >= most_s:
            raise UntestedError(
                f"{service.name}: {published} events were published to the endpoint that was set up last, and none "
                f"arrived within {most_s:.0f} s: {why_not_arrived(service, tried, urls[-1])}"
            )
