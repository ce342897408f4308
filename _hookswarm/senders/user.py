"""Locust's classes: the senders, one for each origin and strategy, and the shape that walks the stages."""

import re
from collections.abc import Sequence
from typing import ClassVar

from gevent.event import AsyncResult
from locust import LoadTestShape, User, task

from _hookswarm.protocol.regions import RegionTable
from _hookswarm.senders.master.master import Master
from _hookswarm.senders.plan.made_payloads import Function
from _hookswarm.senders.plan.options import NO_HOST
from _hookswarm.senders.plan.stages import Stage
from _hookswarm.senders.plan.strategies import playable
from _hookswarm.senders.plan.tables import ServiceStages
from _hookswarm.senders.worker.worker import SendingProcess

USERS_PER_S = 100.0
"""How fast they come and go in each sending process: the most that Locust takes without a warning."""
_NO_NAME = re.compile(r"[^A-Za-z0-9]")


class WebhookSender(User):
    """One delivery worker. Locust's users are the concurrency; all of a process share its delivery queue."""

    abstract = True
    host = NO_HOST
    origin: ClassVar[int]
    """Code of the region that it sends from."""
    strategy: ClassVar[str]
    process: ClassVar["AsyncResult[SendingProcess]"] = AsyncResult()
    """Set when Locust starts up, which may be after its first users; Locust makes one environment per process."""

    @task
    def deliver(self) -> None:
        """Locust's task. It ends only with the user."""
        self.process.get().work(self.origin)


def sender_classes(table: RegionTable) -> dict[str, type[WebhookSender]]:
    """One for each origin and strategy, named `Sender_<origin>_<strategy>`: what Locust's class picker shows.

    A stage has users of its strategy's classes; origins have users, and so a part of the load, by their shares.
    """
    strategies = playable(table.balancer)
    return {
        name: type(
            name,
            (WebhookSender,),
            {"origin": code, "strategy": strategy, "weight": region.share, "__module__": __name__},
        )
        for code, region in enumerate(table.region)
        for strategy in strategies
        for name in [_NO_NAME.sub("_", f"Sender_{region.name}_{strategy}")]
        if region.share
    }


class StagesShape(LoadTestShape):
    """Walks a test's stages; a locustfile's subclass names the test and lists them."""

    abstract = True
    test: ClassVar[str]
    stages: ClassVar[tuple[Stage, ...]]
    quick_stages: ClassVar[tuple[Stage, ...]] = ()
    service_stages: ClassVar[ServiceStages | None] = None
    """Makes those that are played beside through a delivery service."""
    payloads: ClassVar[Sequence[Function]] = ()
    """Make bodies; stages know them by their names: `payload="order"`."""
    master: Master | None = None

    def tick(self) -> tuple[int, float, list[type[User]]] | None:
        """What Locust asks every second: users, how many more a second, their classes; None ends the test."""
        if self.master is None:
            return None
        if self.master.finished:
            self.master.finished = False
            return None
        return self.master.wanted_users, USERS_PER_S * self.master.processes, self.master.wanted_classes
