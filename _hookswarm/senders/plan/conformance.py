"""Stages that ask a delivery service for its manners: endpoints that answer each in a way of its own, slow and silent
ones, and events that are published again. They are played through a service only: see `--service`.

They come after a test's own stages, and what may get an endpoint disabled comes last.
"""

import math
from dataclasses import replace

from _hookswarm.protocol.faults import Delay, Faults
from _hookswarm.senders.plan.arrivals import Constant
from _hookswarm.senders.plan.duplicates import Duplicate
from _hookswarm.senders.plan.stages import Stage, WebhookClass
from _hookswarm.senders.service.table import Service

CONFORMANCE = "conformance"
"""Their scenario."""
HEALTHY = 4
"""Endpoints that answer as all do; of these, in the stage of time-outs, one is silent and one slow."""
HINT_S = {True: 10, False: 120}
"""The longest `Retry-After` that is asked for: in the short form of a test, and in the full one."""
SILENT_S = {True: 30.0, False: 60.0}
"""The longest that an endpoint is silent …"""
USUAL_S = {True: 8.0, False: 40.0}
"""… and how long where no time-out is promised."""
NEARLY = 0.8
"""Of a promised time-out, after which a slow endpoint answers."""
FAILING = 14
"""Endpoints that answer 503 to everything: of a few waits nobody can tell how they are spread. Where a group shares its
events it is one: else each would have all events of the others."""
AGAIN_S = 1.0
AT_ONCE = 10
RESPONSE_S = 0.2
"""Of a stage that shows how many deliveries go side by side: without it each would be over too soon."""
THREADS = 128
"""Of our receivers: as many as may be under way when each repeated event is delivered each time, and none waits."""


def conformance(service: Service, quick: bool) -> tuple[Stage, ...]:
    """All of them, with waits and hints that can be told from the service's own."""
    each, long_s = (3, 6.0) if quick else (8, 40.0)
    stage = Stage(CONFORMANCE, webhooks=HEALTHY, payload="thin", service=True, evidence=True, receiver_threads=THREADS)
    repeated = replace(stage, webhooks=2, events=10 if quick else 40)
    classes = _answering(_hint_s(service, quick), 1 if service.publish.fan_out == "group" else FAILING)
    webhooks = HEALTHY + sum(own.count for own in classes)
    events = _events(service, webhooks, each)
    return (
        replace(repeated, users=10, duplicate=Duplicate("later", AGAIN_S), name=f"{CONFORMANCE} again later"),
        replace(
            repeated,
            duplicate=Duplicate("at_once", times=AT_ONCE),
            response=Delay(RESPONSE_S),
            name=f"{CONFORMANCE} again at once",
        ),
        replace(
            stage,
            events=_events(service, HEALTHY, each),
            arrivals=Constant(HEALTHY),
            classes=_late(service, quick),
            name=f"{CONFORMANCE} time-out",
        ),
        replace(
            stage,
            users=4,
            webhooks=webhooks,
            events=events,
            arrivals=Constant(events / long_s),
            classes=classes,
            name=f"{CONFORMANCE} answers",
        ),
    )


def _answering(hint_s: int, failing: int) -> tuple[WebhookClass, ...]:
    """An endpoint for each answer, and many for one: most fail once, so that what comes next says what that meant."""
    ways = {
        "503 twice": Faults(fail_first=2),
        "503 and Retry-After": Faults(fail_first=1, retry_after_s=hint_s),
        "503 and Retry-After as a date": Faults(fail_first=1, retry_after_s=hint_s, retry_after_as="date"),
        "429": Faults(fail_first=1, fail_status=429),
        "429 and Retry-After": Faults(fail_first=1, fail_status=429, retry_after_s=hint_s),
        **{str(status): Faults(fail_first=1, fail_status=status) for status in (404, 304, 302, 307)},
        **{str(status): Faults(answer=status) for status in (200, 202, 299)},
        "410": Faults(fail_first=1, fail_status=410),
    }
    always = WebhookClass("503 always", HEALTHY, failing, Faults({503: 1.0}))
    others = enumerate(ways.items(), HEALTHY + failing)
    return always, *(WebhookClass(name, place, 1, faults) for place, (name, faults) in others)


def _late(service: Service, quick: bool) -> tuple[WebhookClass, ...]:
    """One endpoint that is silent the first time; one that answers just in time, where a time-out is promised."""
    promised_s = service.promises.timeout_s
    silent_s = USUAL_S[quick]
    if promised_s is not None:  # a retry that comes before the silence ends was not waiting for that
        silent_s = min(promised_s * 1.5 + 2 + _first_wait_s(service), SILENT_S[quick])
    silent = WebhookClass("silent", 2, 1, Faults(fail_first=1, fail_status=0, hang_s=silent_s))
    if promised_s is None or promised_s * NEARLY >= silent_s:
        return (silent,)
    return silent, WebhookClass("slow", 3, 1, Faults(delay=Delay(promised_s * NEARLY)))


def _hint_s(service: Service, quick: bool) -> int:
    """Longer than the service waits by itself, as far as it says so."""
    return min(math.ceil(_first_wait_s(service) * 1.5 + 1), HINT_S[quick])


def _first_wait_s(service: Service) -> float:
    """The longest that it waits before a first retry, by its word."""
    return service.retry.longest_s(1) if service.retry else 1.0


def _events(service: Service, webhooks: int, each: int) -> int:
    """So many that each endpoint gets `each`."""
    group = service.group.size if service.group else 1
    shared = {"endpoint": 1, "group": group, "run": webhooks}[service.publish.fan_out]
    return each if shared >= webhooks else each * webhooks
