"""What a sending process plays a stage with: for each origin of its part a queue, a retrier, a signer, a sender."""

import time
from dataclasses import dataclass
from random import Random

from _hookswarm.protocol.identity import run_tag
from _hookswarm.protocol.rotation import RotatingSigner
from _hookswarm.protocol.signing import Signer
from _hookswarm.records.clock import Clock
from _hookswarm.records.journal import Journal
from _hookswarm.senders.exchange.messages import Announcement, Part
from _hookswarm.senders.plan.arrivals import Stripe
from _hookswarm.senders.plan.opening import workers_soon
from _hookswarm.senders.plan.settings import Settings
from _hookswarm.senders.plan.stages import Stage
from _hookswarm.senders.service.publishing import Publishing
from _hookswarm.senders.worker.failures import Failures
from _hookswarm.senders.worker.network import Network
from _hookswarm.senders.worker.opening import Opening
from _hookswarm.senders.worker.origin import Origin
from _hookswarm.senders.worker.playing import Lane
from _hookswarm.senders.worker.retrier import Retrier
from _hookswarm.senders.worker.sender import StageSender
from _hookswarm.senders.worker.spaced_queue import queue_class


@dataclass(frozen=True)
class LaneMaker:
    """Makes the lanes of stages of one run; `publishing` where they go to a delivery service."""

    settings: Settings
    publishing: Publishing | None
    network: Network
    clock: Clock
    journal: Journal

    def lane(self, stage: Stage, announcement: Announcement, part: Part, failures: Failures) -> Lane:
        """That of one origin."""
        settings, seed, clock = self.settings, (announcement.seed, announcement.draw), self.clock
        stripe = Stripe(part.first, part.last, announcement.of)
        origin = Origin(part.origin, stage, settings.regions, settings.links, Random(f"{seed} {part}"), clock)
        # The first events are the first workers': the stripe's are numbered like the events.
        soon = min(max(workers_soon(stage, seed) - part.first, 0), part.last - part.first)
        return Lane(
            origin,
            StageSender(
                stage=announcement.number,
                webhooks=stage.webhooks,
                run=run_tag(announcement.run),
                queue=queue_class(stage)(
                    stage, stripe, seed, announcement.start_ns, clock.now, weights=settings.weights
                ),
                retrier=Retrier(stage.retry, Random(f"{seed} {stripe}")),
                journal=self.journal,
                payloads=settings.payloads(stage),
                signer=self.publishing or self._signer(announcement.start_ns),
                clock=clock,
                failures=failures,
                acceptance=settings.acceptance,
                places=self.network.places,
            ),
            Opening(soon, origin.likely, lambda: (announcement.start_ns - clock.now()) / 1e9),
        )

    def _signer(self, start_ns: int) -> Signer | RotatingSigner:
        """Of a stage that begins then."""
        if not self.settings.rotation:
            return self.settings.signer
        after_s, then = self.settings.rotation
        # What is signed is told the time by this machine, whose clock may be another than the stage's.
        start_s = time.time() + (start_ns - self.clock.now()) / 1e9
        return RotatingSigner(self.settings.signer, then, start_s + after_s)
