"""Locust workers that send nothing, many in one process: what a master sees of a large crowd of real ones.

`python -m benchmarks.crowd PORT COUNT` connects them; each reports as a real one does, and plays stages on paper.
"""

import sys
import time
from typing import Any

import gevent
from locust import __version__
from locust.rpc import Message, zmqrpc

from _hookswarm.protocol.version import PROTOCOL
from _hookswarm.records.clock import Clock, boot_id
from _hookswarm.records.rows import Outcome
from _hookswarm.records.worker_report import WorkerReport
from _hookswarm.senders.exchange.messages import (
    CHUNK,
    HEARD,
    READY,
    REPORT,
    STAGE,
    TICK,
    Heard,
    OriginTick,
    Ready,
    WorkerTick,
)
from _hookswarm.senders.worker.sync import Sync

HEARTBEAT_S, STATS_S, TICK_S = 1.0, 3.0, 0.2


class Worker:
    """One of them; `protocol` is the version that it claims to speak."""

    def __init__(self, port: int, name: str, protocol: int = PROTOCOL) -> None:
        self.name = name
        self.sent_ns: list[tuple[int, int]] = []
        """When it asked for the master's clock, and when it was answered."""
        self.told: list[str] = []
        """Kinds of the messages that came."""
        self._protocol = protocol
        self._client = zmqrpc.Client("127.0.0.1", port, name)
        self._clock = Clock()
        self._sync = Sync(self._clock, boot=f"not {boot_id()}")
        self._state = "ready"
        self._stage: dict[str, Any] | None = None

    def run(self) -> None:
        """Until the master says quit."""
        self.say("client_ready", __version__)
        others = [gevent.spawn(self._beat), gevent.spawn(self._report)]
        try:
            while True:
                message = self._client.recv()
                self.told.append(message.type)
                if message.type == "quit":
                    return
                self._hear(message)
        finally:
            gevent.killall(others)
            self._client.close()

    def say(self, kind: str, data: Any = None) -> None:
        """Send the master a message, as Locust's workers do."""
        self._client.send(Message(kind, data, self.name))

    def ready(self) -> Ready:
        """What it says of itself, in the version that it claims to speak."""
        return self._sync.ready(self.name).model_copy(update={"protocol": self._protocol})

    def _hear(self, message: Any) -> None:
        match message.type:
            case "ack":
                gevent.spawn(self._read_clock)
            case "spawn":
                users = message.data["user_classes_count"]
                self.say("spawning")
                self._state = "running"
                self.say("spawning_complete", {"user_classes_count": users, "user_count": sum(users.values())})
            case kind if kind == HEARD:
                heard = Heard.model_validate(message.data)
                self.sent_ns.append((heard.sent_ns, self._clock.now()))
                self._sync.hear(heard)
            case kind if kind == STAGE:
                self._stage = message.data
            case kind if kind.endswith("fetch"):
                self.say(CHUNK, {"name": message.data["name"], "offset": 0, "size": -1, "data": b""})

    def _read_clock(self) -> None:
        while not self._sync.accepted:
            self.say(READY, self.ready().model_dump())
            gevent.sleep(0.1)

    def _beat(self) -> None:
        while True:
            self.say("heartbeat", {"state": self._state, "current_cpu_usage": 5, "current_memory_usage": 1})
            gevent.sleep(HEARTBEAT_S)

    def _report(self) -> None:
        """Ticks and statistics while a stage is on, and its report at the end."""
        beat = 0
        while True:
            gevent.sleep(TICK_S)
            stage = self._stage
            if stage is None:
                continue
            number, beat = int(stage["number"]), beat + 1
            origin = OriginTick(origin=0, due=beat + 1, settled=beat, failed=0, queued=0, retrying=0, in_flight=1)
            origin.outcomes = [0] * len(Outcome)
            tick = WorkerTick(stage=number, origins=[origin])
            self.say(TICK, tick.model_dump())
            if beat % round(STATS_S / TICK_S) == 0:
                self.say("stats", _no_statistics())
            ends = stage["start_ns"] / 1e9 + (stage["stage"]["duration_s"] or 0)
            if time.time() > ends:
                self._stage = None
                report = WorkerReport(
                    worker=self.name, stage=number, users=1, due=0, settled=0, abandoned=0, wall_s=1, cpu_s=0,
                    starved_s=0, lag_p99_ms=0,
                )  # fmt: skip
                self.say(REPORT, report.model_dump(mode="json"))


def _no_statistics() -> dict[str, Any]:
    """What Locust's workers report where nothing was counted."""
    from locust.stats import RequestStats, StatsEntry

    total = StatsEntry(RequestStats(), "Aggregated", "")
    told: dict[str, Any] = {"stats": [], "stats_total": total.get_stripped_report(), "errors": {}}
    return told | {"user_classes_count": {}, "user_count": 1}


def main() -> None:
    port, count = int(sys.argv[1]), int(sys.argv[2])
    workers = [Worker(port, f"crowd-{number}") for number in range(count)]
    gevent.joinall([gevent.spawn(worker.run) for worker in workers], timeout=120)
    trips = sorted((answered - asked) / 1e6 for worker in workers for asked, answered in worker.sent_ns)
    if trips:
        print(
            f"{len(trips)} {trips[len(trips) // 2]:.2f} {trips[int(len(trips) * 0.99)]:.2f} {trips[-1]:.2f}", flush=True
        )


if __name__ == "__main__":
    from gevent import monkey

    monkey.patch_all()
    main()
