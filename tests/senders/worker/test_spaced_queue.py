"""The queue of a bounded stage: at most one attempt a slot over all processes. Time is a fake, passed in."""

import itertools
import math
from dataclasses import replace

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from _hookswarm.senders.plan.arrivals import Backlog, Closed, Constant, Open, Poisson, Stripe
from _hookswarm.senders.plan.duplicates import Duplicate
from _hookswarm.senders.plan.stages import Stage
from _hookswarm.senders.worker.queue import Delivery, DeliveryQueue
from _hookswarm.senders.worker.spaced_queue import SpacedQueue, queue_class
from tests.senders.worker.test_queue import MS, SEED, START, WHOLE, FakeTime, drain

S = 1_000 * MS


def queue_of(stage: Stage, time: FakeTime, stripe: Stripe = WHOLE) -> DeliveryQueue:
    return queue_class(stage)(stage, stripe, SEED, START, time, time)


def again(delivery: Delivery, due_ns: int) -> Delivery:
    return Delivery(
        delivery.webhook, delivery.sequence, due_ns, attempt=delivery.attempt + 1, since_ns=delivery.began_ns
    )


def most_in_a_second(times: list[int]) -> int:
    times = sorted(times)
    return max(sum(begin <= one < begin + S for one in times) for begin in times)


def test_without_a_bound_it_is_the_other_queue() -> None:
    """Whose code is as fast as it was."""
    assert type(queue_of(Stage("x", events=1), FakeTime())) is DeliveryQueue
    assert type(queue_of(Stage("x", events=1, max_rate=5), FakeTime())) is SpacedQueue


def test_a_closed_loop_has_one_attempt_a_slot() -> None:
    """Each event is due when it goes out: its loop was held back, and did not fall behind."""
    time = FakeTime()
    taken = drain(queue_of(Stage("x", events=6, max_rate=5), time))
    assert [delivery.due_ns - START for delivery in taken] == [slot * 200 * MS for slot in range(6)]
    assert {delivery.late_ns for delivery in taken} == {0}


@example(users=[1, 1], arrivals=Constant(5), max_rate=12.5, work_ms=71, fails=1)
@given(
    users=st.lists(st.integers(1, 4), min_size=1, max_size=3),
    arrivals=st.sampled_from([Closed(), Constant(5), Poisson(5), Poisson(20), Backlog(2, backlog=40)]),
    max_rate=st.sampled_from([0.5, 2.0, 5.0, 12.5]),
    work_ms=st.integers(0, 900),
    fails=st.integers(1, 5),
)
def test_processes_together_keep_the_bound(
    users: list[int], arrivals: Open | Closed, max_rate: float, work_ms: int, fails: int
) -> None:
    """With retries, however long an attempt takes; every event that fell due is sent, and once.

    An attempt may go out at the end of its slot, and those after it at the beginnings of theirs: a burst of one.
    """
    edges = [0, *itertools.accumulate(users)]
    stage = Stage("x", users=edges[-1], webhooks=3, events=30, arrivals=arrivals, max_rate=max_rate)
    times: list[int] = []
    firsts: list[tuple[int, int]] = []
    for low, high in itertools.pairwise(edges):
        time = FakeTime()
        queue = queue_of(stage, time, Stripe(low, high, edges[-1]))
        for count in itertools.count():
            if not (delivery := queue.take()):
                break
            times.append(time.now)
            time.now += work_ms * MS
            if delivery.attempt == 1:
                firsts.append((delivery.webhook, delivery.sequence))
            if count % fails == 0 and delivery.attempt < 3:
                queue.retry(again(delivery, time.now + 50 * MS))
            else:
                queue.settle(failed=False)
    assert sorted(firsts) == sorted({(n % 3, n // 3) for n in range(30)})
    assert most_in_a_second(times) <= math.ceil(max_rate) + 1


def test_a_slot_that_is_over_is_lost() -> None:
    """Nobody catches up: what was held up goes out no faster afterwards."""
    time = FakeTime()
    queue = queue_of(Stage("x", events=9, max_rate=5), time)
    assert queue.take()
    time.now += 950 * MS
    queue.settle(failed=False)
    begun = [delivery.due_ns - START for delivery in drain(queue)]
    assert begun[:3] == [950 * MS, 1_000 * MS, 1_200 * MS]


def test_short_slots_can_be_used_a_little_later() -> None:
    """By what a timer may be late: or a high bound would never be reached."""
    time = FakeTime()
    queue = queue_of(Stage("x", events=200, max_rate=1_000), time)
    time.now += 100 * MS
    times = []
    for _ in range(60):
        assert queue.take()
        times.append(time.now - START)
        queue.settle(failed=False)
    assert sum(one == 100 * MS for one in times) == 20
    assert times[-1] == 140 * MS


def test_to_wait_for_a_slot_is_no_lateness() -> None:
    """A retry that an idle worker waits for counts from its slot; by how much a timer woke late is told."""
    time = FakeTime(jitter=3 * MS)
    queue = queue_of(Stage("x", events=1, max_rate=5), time)
    first = queue.take()
    assert first
    queue.retry(again(first, time.now + 50 * MS))
    second = queue.take()
    assert second
    assert second.due_ns < START + 100 * MS
    assert time.now == START + 203 * MS
    assert (second.late_ns, queue.late) == (3 * MS, 0)


def test_to_oversleep_a_slot_is() -> None:
    """Though the event then goes out in a slot of its own."""
    time = FakeTime(jitter=450 * MS)
    queue = queue_of(Stage("x", events=3, arrivals=Constant(1), max_rate=5), time)
    assert queue.take()
    queue.settle(failed=False)
    second = queue.take()
    assert second
    assert time.now - START >= 1_450 * MS
    assert second.late_ns >= 450 * MS
    assert queue.late == 1


def test_a_retry_takes_the_slot_of_an_event_that_then_falls_due_later() -> None:
    """An idle worker waited for it: that is the bound's doing, and no latency of the target's."""
    time = FakeTime()
    queue = queue_of(Stage("x", events=3, arrivals=Constant(5), max_rate=5), time)
    first = queue.take()
    assert first
    queue.retry(again(first, time.now + 150 * MS))
    attempts = []
    while delivery := queue.take():
        attempts.append((delivery.sequence, delivery.attempt, delivery.due_ns - START, time.now - START))
        queue.settle(failed=False)
    assert attempts == [
        (0, 2, 150 * MS, 200 * MS),
        (1, 1, 400 * MS, 400 * MS),
        (2, 1, 600 * MS, 600 * MS),
    ]


def test_waiting_for_a_busy_worker_counts() -> None:
    """From the slot that the event would have had."""
    time = FakeTime()
    queue = queue_of(Stage("x", events=2, arrivals=Constant(5), max_rate=5), time)
    assert queue.take()
    time.now += 900 * MS
    assert queue.queued() == 1
    queue.settle(failed=False)
    late = queue.take()
    assert late
    assert (late.due_ns - START, late.late_ns, time.now - START) == (200 * MS, 0, 900 * MS)


def test_a_retry_that_is_due_goes_before_events_that_were_due_before_it() -> None:
    """They lose nothing by it: it is the bound that they wait for."""
    time = FakeTime()
    queue = queue_of(Stage("x", events=3, arrivals=Constant(5), max_rate=5), time)
    first = queue.take()
    assert first
    time.now += 390 * MS
    queue.retry(again(first, time.now + 12 * MS))
    second = queue.take()
    assert second
    assert (second.sequence, second.attempt, time.now - START) == (1, 1, 390 * MS)
    queue.settle(failed=False)
    time.now += 20 * MS
    third = queue.take()
    assert third
    assert (third.sequence, third.attempt) == (0, 2)


def test_events_that_wait_for_slots_are_no_queue() -> None:
    """Of a target that is too slow for its load: as long as a worker is idle."""
    time = FakeTime()
    queue = queue_of(Stage("x", events=9, arrivals=Constant(5), max_rate=5), time)
    time.now += 900 * MS
    assert queue.queued() == 5
    with queue._leader:  # as a worker has it that waits
        assert queue.queued() == 0


@pytest.mark.parametrize("idle", [True, False])
def test_what_found_no_slot_never_fell_due(idle: bool) -> None:
    """When a stage is over; unless no worker was there to send it."""
    time = FakeTime()
    stage = Stage("x", duration_s=0.7, arrivals=Constant(5), max_rate=5)
    queue = queue_of(stage, time)
    first = queue.take()
    assert first
    time.now += 650 * MS
    if idle:
        with queue._leader:  # as a worker has it that waits
            queue.stop()
    else:
        queue.stop()
    left = queue.left()
    assert len(left) == (0 if idle else 3)
    assert queue.taken == 1 + len(left)


def test_second_deliveries_have_room_between_the_first() -> None:
    """Half a slot after one: so both together keep the bound."""
    time = FakeTime()
    stage = Stage("x", events=9, max_rate=10, duplicate=Duplicate("later"))
    queue = queue_of(stage, time)
    assert [delivery.due_ns - START for delivery in drain(queue)[:3]] == [0, 200 * MS, 400 * MS]
    seconds = [queue.second(START + at * MS) - START for at in (5, 6, 290, 950, 1_000)]
    assert seconds == [100 * MS, 300 * MS, 500 * MS, 950 * MS, 1_100 * MS]
    late = queue_of(replace(stage, duplicate=Duplicate("at_once")), time)
    time.now = START + 150 * MS
    assert late.take() is not None
    assert time.now - START == 200 * MS  # the first half of the first slot is over
    plain = queue_of(replace(stage, max_rate=None), time)
    assert plain.second(START + 7) == START + 7
