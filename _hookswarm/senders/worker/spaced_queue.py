"""The delivery queue of a stage whose attempts are bounded: hands out at most one in each of its slots.

Which slots those are, and why nobody is asked for them: `plan.spacing`. A slot that nobody used is lost.

A retry that is due takes the slot of a fresh event, which then waits for the next. As long as a worker is idle that
wait is the bound's and not the target's: so the event falls due in the slot that it gets, and never where it gets none.
"""

import heapq
from math import floor

from _hookswarm.common.limits import LATE_MS
from _hookswarm.records.rows import MAX_U32
from _hookswarm.senders.plan.arrivals import Stripe
from _hookswarm.senders.plan.assignment import Weights
from _hookswarm.senders.plan.spacing import own_slots, slots_per_s
from _hookswarm.senders.plan.stages import Stage
from _hookswarm.senders.worker.fresh import NEVER
from _hookswarm.senders.worker.queue import LATE_NS, LONGEST_WAIT_S, Delivery, DeliveryQueue, Now, Waiter

KEEP_S = LATE_MS / 1e3
"""How long a slot can be used at least: timers wake late by less, and slots may be shorter than that."""


def queue_class(stage: Stage) -> type[DeliveryQueue]:
    """The kind of queue that a stage has: bounded or not."""
    return SpacedQueue if stage.max_rate else DeliveryQueue


class SpacedQueue(DeliveryQueue):
    """An attempt goes out when it is due, and its process has a slot."""

    def __init__(
        self,
        stage: Stage,
        stripe: Stripe,
        seed: tuple[int, ...],
        start_ns: int,
        now: Now,
        waiter: Waiter | None = None,
        weights: Weights | None = None,
    ) -> None:
        """As for a DeliveryQueue; the stage has a bound."""
        super().__init__(stage, stripe, seed, start_ns, now, waiter, weights)
        per_s = slots_per_s(stage)
        assert per_s
        self._per_s = per_s
        self._start_ns = start_ns
        # Where events are delivered twice, a slot has room for two, and each keeps to its half.
        self._keep_ns = round(max(1 / (stage.max_rate or per_s), KEEP_S) * 1e9)
        self._own = own_slots(stage, stripe, seed, per_s)
        self._used = -1
        self._held_back = False
        """When it was stopped: whether what was queued waited for slots, and not for workers."""
        self._own_seconds = own_slots(stage, stripe, seed, per_s)
        self._used_second = -1

    def take(self) -> Delivery | None:
        asked_ns = now_ns = self._now()
        missed_ns = NEVER
        if self._next_due(asked_ns) > asked_ns:
            with self._leader:
                while (turn_ns := self._next_due(now_ns := self._now())) > now_ns:
                    self._waiter.wait(min((turn_ns - now_ns) / 1e9, LONGEST_WAIT_S))
                    if self._now() - turn_ns > self._keep_ns:
                        missed_ns = min(missed_ns, turn_ns)
        delivery = self._pop(now_ns)
        if delivery:
            self.in_flight += 1
            slot_ns = self._begins_ns(self._used)
            if delivery.attempt == 1 and asked_ns < slot_ns:
                delivery.due_ns = max(delivery.due_ns, min(slot_ns, missed_ns))
            # It is no lateness that an attempt has to wait for its slot; to miss one is.
            turn_ns = min(missed_ns, max(delivery.due_ns, slot_ns))
            if asked_ns <= turn_ns:
                delivery.late_ns = min(now_ns - turn_ns, MAX_U32)
                self.late += delivery.late_ns > LATE_NS
        return delivery

    def second(self, due_ns: int) -> int:
        """When the second delivery of an event may go out that is due then: half a slot after a slot's beginning."""
        half_ns = round(0.5e9 / self._per_s)
        self._used_second = self._own_seconds.first_from(max(self._slot_at(due_ns - half_ns), self._used_second + 1))
        return max(due_ns, self._begins_ns(self._used_second) + half_ns)

    def queued(self) -> int:
        return 0 if self._leader.locked() else super().queued()

    def stop(self) -> None:
        self._held_back = self._leader.locked()
        super().stop()

    def left(self) -> list[Delivery]:
        left = super().left()
        if not self._held_back:
            return left
        unsent = [delivery for delivery in left if delivery.attempt == 1]
        self.taken -= len(unsent)
        return [delivery for delivery in left if delivery.attempt > 1]

    def _next_due(self, now_ns: int) -> int:
        due_ns = super()._next_due(now_ns)
        if due_ns in (0, NEVER):
            return due_ns
        return max(due_ns, self._begins_ns(self._next_slot(now_ns)))

    def _pop(self, now_ns: int) -> Delivery | None:
        retry = not self._stopped and bool(self._retries) and self._retries[0][0] <= now_ns
        delivery = heapq.heappop(self._retries)[2] if retry else super()._pop(now_ns)
        if delivery:
            self._used = self._next_slot(now_ns)
        return delivery

    def _next_slot(self, now_ns: int) -> int:
        """The first own slot that was not used, and can be, now or later."""
        return self._own.first_from(max(self._slot_at(now_ns), self._used + 1))

    def _slot_at(self, now_ns: int) -> int:
        """The first slot that can still be used."""
        return max(floor((now_ns - self._start_ns - self._keep_ns) / 1e9 * self._per_s) + 1, 0)

    def _begins_ns(self, slot: int) -> int:
        return self._start_ns + round(slot / self._per_s * 1e9)
