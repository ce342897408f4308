"""Our sender at its highest rate, or at $BENCH_RATE a second, when it says what memory is its own, too."""

import os

import gevent
import psutil
from locust import events
from locust.env import Environment

from benchmarks import meter
from hookswarm import Constant, Stage, StagesShape, senders

RATE = float(os.environ.get("BENCH_RATE", "0"))
CLOSED = Stage("bench", users=meter.USERS, warmup_s=meter.WARM_UP_S, duration_s=meter.WINDOW_S + 1, payload="thin")
OPEN = Stage(
    "bench",
    users=meter.USERS,
    arrivals=Constant(RATE or 1),
    warmup_s=meter.WARM_UP_S,
    duration_s=meter.WINDOW_S + 1,
    payload="thin",
)

meter.install()


class Bench(StagesShape):
    test = "bench"
    stages = (OPEN if RATE else CLOSED,)
    quick_stages = stages


def _say(environment: Environment) -> None:
    """Deliveries by the processor time that they took: others who share the core do not count."""
    process, total = psutil.Process(), environment.stats.total
    gevent.sleep(meter.WARM_UP_S)
    before, began = total.num_requests, sum(process.cpu_times()[:2])
    gevent.sleep(meter.WINDOW_S)
    taken = sum(process.cpu_times()[:2]) - began
    print(f"cpu_rate={(total.num_requests - before) / taken:.1f}", flush=True)
    print(f"memory={process.memory_full_info().uss}", flush=True)


events.test_start.add_listener(lambda environment, **_: gevent.spawn(_say, environment))
globals().update(senders())
