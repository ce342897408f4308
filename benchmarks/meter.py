"""Prints `rate=<requests per second>` from Locust's own count: the same meter for every sender."""

import gevent
from locust import events
from locust.env import Environment

USERS = 16
BODY_BYTES = 900
WARM_UP_S = 1.5
WINDOW_S = 5.0


def install() -> None:
    """Measure the next test of this process."""
    events.test_start.add_listener(lambda environment, **_: gevent.spawn(_measure, environment))


def _measure(environment: Environment) -> None:
    gevent.sleep(WARM_UP_S)
    before = environment.stats.total.num_requests
    gevent.sleep(WINDOW_S)
    rate = (environment.stats.total.num_requests - before) / WINDOW_S
    failures = environment.stats.total.num_failures
    print(f"rate={rate if not failures else 0:.1f} failures={failures}", flush=True)
