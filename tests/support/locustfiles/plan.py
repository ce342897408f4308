"""A locustfile whose stages a test hands over in $HOOKSWARM_TEST_STAGES, as JSON.

Sending processes listen to the master $HOOKSWARM_TEST_LATE_S seconds after Locust has them. At every delivery they
compute for $HOOKSWARM_TEST_BURN_S seconds, and keep $HOOKSWARM_TEST_LEAK bytes for ever.
"""

import json
import os
import time
from typing import Any

import gevent
from locust import events
from locust.runners import WorkerRunner


@events.init.add_listener
def _be_late(runner: object, **_: Any) -> None:
    """Registered before the project's own listener, whose turn comes behind it."""
    if isinstance(runner, WorkerRunner):
        gevent.sleep(float(os.environ.get("HOOKSWARM_TEST_LATE_S", "0")))


BURN_S, LEAK = (float(os.environ.get(f"HOOKSWARM_TEST_{name}", "0")) for name in ("BURN_S", "LEAK"))
_kept: list[bytes] = []


@events.request.add_listener
def _cost(**_: Any) -> None:
    """What a user's own listener may cost."""
    if LEAK:
        _kept.append(b"x" * int(LEAK))
    end = time.thread_time() + BURN_S
    while time.thread_time() < end:
        pass


from _hookswarm.senders.plan.stages import from_plain  # noqa: E402  # it registers our listeners, which come later
from hookswarm import StagesShape, senders  # noqa: E402  # the same


class Plan(StagesShape):
    test = os.environ["HOOKSWARM_TEST_NAME"]
    stages = tuple(from_plain(plain) for plain in json.loads(os.environ["HOOKSWARM_TEST_STAGES"]))
    quick_stages = stages


globals().update(senders())
