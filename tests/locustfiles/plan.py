"""A locustfile whose stages a test hands over in $HOOKSWARM_TEST_STAGES, as JSON.

Sending processes listen to the master $HOOKSWARM_TEST_LATE_S seconds after Locust has them, and compute for
$HOOKSWARM_TEST_BURN_S seconds at every delivery.
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


@events.request.add_listener
def _compute(**_: Any) -> None:
    """What a user's own listener may cost."""
    end = time.thread_time() + float(os.environ.get("HOOKSWARM_TEST_BURN_S", "0"))
    while time.thread_time() < end:
        pass


from senders.locustfile import StagesShape, senders  # noqa: E402
from senders.stages import from_plain  # noqa: E402


class Plan(StagesShape):
    test = os.environ["HOOKSWARM_TEST_NAME"]
    stages = tuple(from_plain(plain) for plain in json.loads(os.environ["HOOKSWARM_TEST_STAGES"]))
    quick_stages = stages


globals().update(senders())
