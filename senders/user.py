"""Locust's classes: the senders, one for each origin and strategy, and the shape that walks the stages."""

from collections.abc import Sequence
from typing import Any, ClassVar

from locust import LoadTestShape, User, task

from protocol.regions import Region
from senders.master import Master
from senders.sender import STRATEGIES, Route
from senders.stages import Stage
from senders.worker import SendingProcess


class WebhookSender(User):
    """One delivery worker. Locust's users are the concurrency; all of a process share its delivery queue."""

    abstract = True
    route: ClassVar[Route]
    process: ClassVar[SendingProcess]
    """Set when Locust starts up; Locust makes one environment per process."""

    @task
    def deliver(self) -> None:
        wire = self.process.transport(self.route.target)
        try:
            self.process.work(self.route, wire)
        finally:
            wire.close()


def sender_classes(regions: Sequence[Region]) -> dict[str, type[WebhookSender]]:
    """One for each region and strategy, named `Sender_<origin>_<strategy>`: what Locust's class picker shows."""
    return {
        name: type(name, (WebhookSender,), {"route": Route(code, code, strategy), "weight": 1, "__module__": __name__})
        for code, region in enumerate(regions)
        for strategy, chosen in enumerate(STRATEGIES)
        for name in [f"Sender_{region.name.replace('-', '_').replace('.', '_')}_{chosen}"]
    }


class StagesShape(LoadTestShape):
    """Walks a test's stages; a locustfile's subclass names the test and lists them."""

    abstract = True
    test: ClassVar[str]
    stages: ClassVar[tuple[Stage, ...]]
    quick_stages: ClassVar[tuple[Stage, ...]]
    master: Master | None = None

    def tick(self) -> tuple[int, float] | None:
        if self.master is None:
            return None
        if self.master.finished:
            self.master.finished = False
            return None
        users: Any = self.master.wanted_users
        return users, min(float(users), 100.0)
