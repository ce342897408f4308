"""A stage as one process plays it: what each origin sends that has workers here, and how all of it stands."""

from dataclasses import dataclass
from typing import Any

from _hookswarm.records.rows import Outcome
from _hookswarm.senders.exchange.messages import OriginTick, WorkerTick
from _hookswarm.senders.plan.stages import Stage
from _hookswarm.senders.transport.wire import Timeouts
from _hookswarm.senders.worker.failures import Failures
from _hookswarm.senders.worker.opening import Opening
from _hookswarm.senders.worker.origin import Origin
from _hookswarm.senders.worker.queue import DeliveryQueue
from _hookswarm.senders.worker.sender import StageSender


@dataclass(frozen=True)
class Lane:
    """An origin's part of it."""

    origin: Origin
    sender: StageSender
    opening: Opening

    def tick(self) -> OriginTick:
        """How it stands. Events that are queued count as due."""
        queue = self.sender.queue
        return OriginTick(
            origin=self.origin.code,
            due=queue.taken + (queued := queue.queued()),
            settled=queue.settled,
            failed=queue.failed,
            queued=queued,
            retrying=queue.waiting(),
            in_flight=queue.in_flight,
            avoided=self.origin.avoided(),
            late=queue.late,
            outcomes=list(self.sender.outcomes),
        )


@dataclass(frozen=True)
class Playing:
    """`lanes` by the code of their origin."""

    number: int
    stage: Stage
    timeouts: Timeouts
    lanes: dict[int, Lane]
    failures: Failures

    def queues(self) -> list[DeliveryQueue]:
        """One for each origin."""
        return [lane.sender.queue for lane in self.lanes.values()]

    def note(self, now_ns: int) -> None:
        """Let the retry budgets know that time passes."""
        for lane in self.lanes.values():
            lane.sender.retrier.note(now_ns, lane.sender.queue.taken)

    def finished(self) -> bool:
        """Whether every event has been handed out and settled."""
        return all(queue.finished() for queue in self.queues())

    def exhausted(self) -> bool:
        """Whether no fresh event will fall due any more."""
        return all(queue.exhausted() for queue in self.queues())

    def in_flight(self) -> int:
        """Attempts that workers are making, at all origins."""
        return sum(queue.in_flight for queue in self.queues())

    def connecting_s(self) -> float | None:
        """What its attempts spent on connecting; None where that is not told."""
        spent = [lane.sender.connecting_s for lane in self.lanes.values()]
        return None if None in spent else round(sum(filter(None, spent)), 6)

    def stop(self) -> None:
        """Hand out nothing more."""
        for queue in self.queues():
            queue.stop()

    def give_up(self) -> int:
        """After `stop`: write down what was due and is left; returns how many. Raises OSError."""
        abandoned = 0
        for lane in self.lanes.values():
            for delivery in lane.sender.queue.left():
                lane.sender.never_sent(delivery, lane.origin.routes[lane.origin.code], Outcome.ABANDONED)
                abandoned += 1
        return abandoned

    def tick(self, wall_s: float, starved_s: float | None) -> dict[str, Any]:
        """How it stands, as a message: for so long, and so much of that without a CPU."""
        tick = WorkerTick(
            stage=self.number,
            origins=[lane.tick() for lane in self.lanes.values()],
            wall_s=round(wall_s, 3),
            starved_s=starved_s if starved_s is None else round(starved_s, 3),
        )
        return tick.model_dump()
