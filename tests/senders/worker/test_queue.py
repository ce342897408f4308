"""The delivery queue: what is handed out, when, and what of its waiting counts. Time is a fake, passed in."""

import heapq
import itertools
import tracemalloc
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import gevent
import numpy as np
import pytest
from gevent.event import Event
from hypothesis import given
from hypothesis import strategies as st

from _hookswarm.senders.plan.arrivals import Backlog, Constant, Open, Poisson, Stripe, schedule
from _hookswarm.senders.plan.stages import Stage
from _hookswarm.senders.worker.queue import Delivery, DeliveryQueue

START = 1_700_000_000_000_000_000
MS = 1_000_000
SEED = (1, 0)
WHOLE = Stripe()


class FakeTime:
    """A clock that moves when somebody waits, as far as asked and `jitter` more."""

    def __init__(self, now: int = START, jitter: int = 0) -> None:
        self.now = now
        self.jitter = jitter
        self.waits = 0

    def __call__(self) -> int:
        return self.now

    def wait(self, seconds: float) -> None:
        self.waits += 1
        self.now += round(seconds * 1e9) + self.jitter

    def wake(self) -> None:
        pass


def queue_of(stage: Stage, time: FakeTime, stripe: Stripe = WHOLE, start: int = START) -> DeliveryQueue:
    return DeliveryQueue(stage, stripe, SEED, start, time, time)


def numbers(deliveries: list[Delivery], webhooks: int) -> list[int]:
    return [delivery.sequence * webhooks + delivery.webhook for delivery in deliveries]


def drain(queue: DeliveryQueue) -> list[Delivery]:
    """All that is left, by one worker that needs no time."""
    taken = []
    while delivery := queue.take():
        taken.append(delivery)
        queue.settle(failed=False)
    return taken


def give_up(queue: DeliveryQueue) -> list[Delivery]:
    queue.stop()
    return queue.left()


def expected(arrivals: Open, count: int, stripe: Stripe = WHOLE) -> list[tuple[int, int]]:
    """(n, due) of the first events of a schedule."""
    events = itertools.islice(schedule(arrivals, SEED, stripe), count)
    return [(n, START + round(offset * 1e9)) for n, offset in events]


# Closed arrivals.


def test_closed_hands_out_each_event_once_in_turn() -> None:
    """A closed stage goes round its webhooks, and each event is due the moment it is taken."""
    time = FakeTime()
    queue = queue_of(Stage("x", webhooks=3, events=7), time)
    taken = []
    while delivery := queue.take():
        taken.append(delivery)
        assert (delivery.due_ns, delivery.late_ns, delivery.attempt) == (time.now, 0, 1)
        time.now += 5 * MS
        queue.settle(failed=False)
    assert [(d.webhook, d.sequence) for d in taken] == [(0, 0), (1, 0), (2, 0), (0, 1), (1, 1), (2, 1), (0, 2)]
    assert queue.exhausted()


def test_closed_ends_with_its_duration() -> None:
    """A closed stage hands out nothing from the end of its warm-up and window on."""
    time = FakeTime()
    queue = queue_of(Stage("x", warmup_s=1, duration_s=2), time)
    time.now = START + 3_000 * MS - 1
    assert queue.take()
    queue.settle(failed=False)
    time.now += 1
    assert queue.exhausted()
    assert queue.take() is None


def test_closed_ends_with_what_comes_first() -> None:
    """With events and a duration, whichever is used up first ends the stage."""
    time = FakeTime()
    assert len(drain(queue_of(Stage("x", events=4, duration_s=1), time))) == 4
    time.now = START + 1_000 * MS
    assert drain(queue_of(Stage("x", events=4, duration_s=1), time)) == []


@given(
    users=st.lists(st.integers(1, 5), min_size=1, max_size=4),
    webhooks=st.integers(1, 5),
    events=st.integers(1, 60),
)
def test_stripes_of_processes_share_a_stage(users: list[int], webhooks: int, events: int) -> None:
    """Processes with any numbers of users hand out each event of a stage once between them, closed or open."""
    edges = [0, *itertools.accumulate(users)]
    stripes = [Stripe(low, high, edges[-1]) for low, high in itertools.pairwise(edges)]
    for stage in (
        Stage("x", webhooks=webhooks, events=events),
        Stage("x", webhooks=webhooks, events=events, arrivals=Poisson(1000)),
    ):
        taken = [delivery for stripe in stripes for delivery in drain(queue_of(stage, FakeTime(), stripe))]
        assert sorted(numbers(taken, webhooks)) == list(range(events))


# Open arrivals.


@pytest.mark.parametrize("arrivals", [Constant(100), Poisson(100)])
def test_open_hands_out_the_schedule(arrivals: Open) -> None:
    """A worker that is always free takes each event the moment it is due, late by nothing."""
    time = FakeTime(START - 500 * MS)
    queue = queue_of(Stage("x", webhooks=4, events=50, arrivals=arrivals), time)
    for n, due in expected(arrivals, 50):
        delivery = queue.take()
        assert delivery
        assert (delivery.sequence * 4 + delivery.webhook, delivery.due_ns, delivery.late_ns) == (n, due, 0)
        assert time.now == due
        queue.settle(failed=False)
    assert queue.take() is None


def test_open_ends_with_its_duration() -> None:
    """Events fall due inside warm-up and window only: the end itself is outside."""
    queue = queue_of(Stage("x", warmup_s=0.5, duration_s=0.5, arrivals=Constant(10)), FakeTime())
    assert numbers(drain(queue), 1) == list(range(10))


def test_nothing_is_handed_out_before_the_start() -> None:
    """A worker that comes early waits for the stage's first instant, closed or open."""
    for stage in (Stage("x", events=1), Stage("x", events=1, arrivals=Constant(10))):
        time = FakeTime(START - 2_000 * MS)
        delivery = queue_of(stage, time).take()
        assert delivery
        assert (delivery.due_ns, time.now) == (START, START)


def test_an_idle_worker_that_wakes_late_is_late() -> None:
    """What a timer adds is kept apart from the time that the event was due."""
    time = FakeTime(jitter=3 * MS)
    queue = queue_of(Stage("x", events=3, arrivals=Constant(10)), time)
    deliveries = drain(queue)
    assert [delivery.due_ns for delivery in deliveries] == [START, START + 100 * MS, START + 200 * MS]
    assert [delivery.late_ns for delivery in deliveries] == [0, 3 * MS, 3 * MS]


def test_a_worker_that_asks_at_the_very_instant_is_not_late() -> None:
    """An event due right now is taken without waiting."""
    time = FakeTime()
    delivery = queue_of(Stage("x", events=1, arrivals=Constant(10)), time).take()
    assert delivery
    assert (delivery.late_ns, time.waits) == (0, 0)


def test_waiting_for_a_busy_worker_counts() -> None:
    """Events that fell due while the worker was busy keep their due time and have no lateness to hide it."""
    time = FakeTime()
    queue = queue_of(Stage("x", events=5, arrivals=Constant(10)), time)
    assert queue.take()
    time.now += 1_000 * MS
    queue.settle(failed=False)
    behind = drain(queue)
    assert [delivery.due_ns for delivery in behind] == [START + n * 100 * MS for n in (1, 2, 3, 4)]
    assert [delivery.late_ns for delivery in behind] == [0, 0, 0, 0]
    assert time.waits == 0


@pytest.mark.parametrize(("woke_late", "counted"), [(20 * MS, 0), (20 * MS + 1, 2)])
def test_wakings_too_late_for_the_schedule_are_counted(woke_late: int, counted: int) -> None:
    """Up to 20 ms after an event fell due its schedule was kept; past that an idle worker's attempt counts as late."""
    queue = queue_of(Stage("x", events=3, arrivals=Constant(10)), FakeTime(jitter=woke_late))
    assert [delivery.late_ns for delivery in drain(queue)] == [0, woke_late, woke_late]
    assert queue.late == counted


def test_a_late_retry_counts_as_late() -> None:
    """An idle worker that wakes too late for a retry is as late as for a fresh event."""
    time = FakeTime(jitter=21 * MS)
    queue = queue_of(Stage("x", events=1, arrivals=Constant(10)), time)
    delivery = queue.take()
    assert delivery
    queue.retry(again(delivery, START + 700 * MS))
    assert queue.late == 0
    assert queue.take()
    assert queue.late == 1


def test_a_busy_worker_is_not_late() -> None:
    """What waited for it for a second is a queue, which the schedule is not to blame for."""
    time = FakeTime()
    queue = queue_of(Stage("x", events=5, arrivals=Constant(10)), time)
    assert queue.take()
    time.now += 1_000 * MS
    queue.settle(failed=False)
    drain(queue)
    assert queue.late == 0


def test_the_lateness_fits_its_column() -> None:
    """A worker that slept for minutes has the largest lateness that a journal can hold."""
    time = FakeTime(jitter=60_000 * MS)
    queue = queue_of(Stage("x", events=2, arrivals=Constant(10)), time)
    assert [delivery.late_ns for delivery in drain(queue)] == [0, (1 << 32) - 1]


def test_queued_counts_what_is_due_and_waits() -> None:
    """The backlog grows with the clock and shrinks as workers take from it."""
    time = FakeTime()
    queue = queue_of(Stage("x", events=100, arrivals=Constant(10)), time)
    time.now += 450 * MS
    assert queue.queued() == 5
    assert queue.take()
    assert queue.queued() == 4


def test_exhausted_as_soon_as_the_last_event_is_due() -> None:
    """The drain begins when nothing more will fall due, though all workers are busy and nobody takes."""
    time = FakeTime()
    queue = queue_of(Stage("x", events=3, arrivals=Constant(10)), time)
    time.now = START + 200 * MS - 1
    assert not queue.exhausted()
    time.now += 1
    assert queue.exhausted()
    assert not queue.finished()


# The end of a stage.


def test_stop_returns_what_was_due_and_never_taken() -> None:
    """Stopping gives up the events that were due, and no others; nothing is handed out afterwards."""
    time = FakeTime()
    queue = queue_of(Stage("x", webhooks=2, events=100, arrivals=Constant(10)), time)
    taken = [queue.take(), queue.take()]
    time.now = START + 520 * MS
    left = give_up(queue)
    assert numbers([d for d in taken if d] + left, 2) == [0, 1, 2, 3, 4, 5]
    assert [delivery.due_ns for delivery in left] == [START + n * 100 * MS for n in (2, 3, 4, 5)]
    time.now += 1_000 * MS
    assert queue.take() is None
    assert give_up(queue) == []
    assert queue.exhausted()


def test_stop_ends_a_closed_stage() -> None:
    """A closed stage has nothing due that was not taken."""
    queue = queue_of(Stage("x", events=10), FakeTime())
    assert queue.take()
    assert give_up(queue) == []
    assert queue.take() is None


def test_finished_when_all_is_settled() -> None:
    """A stage is over when its last delivery has its outcome, not when it is handed out."""
    queue = queue_of(Stage("x", events=2), FakeTime())
    assert queue.take()
    assert queue.take()
    assert queue.exhausted()
    assert (queue.finished(), queue.in_flight) == (False, 2)
    queue.settle(failed=False)
    queue.settle(failed=True)
    assert queue.finished()
    assert (queue.in_flight, queue.settled, queue.failed) == (0, 2, 1)


STEPS = st.lists(
    st.one_of(
        st.just("take"),
        st.sampled_from(["queued", "exhausted", "finished"]),
        st.integers(0, 40).map(lambda tenths: tenths * MS // 10),
    ),
    max_size=60,
)


@given(
    arrivals=st.sampled_from([Constant(1000.0), Poisson(1000.0)]),
    webhooks=st.integers(1, 3),
    steps=STEPS,
    events=st.integers(1, 40),
    stop=st.booleans(),
)
def test_any_interleaving_hands_out_the_schedule(
    arrivals: Open, webhooks: int, steps: list[str | int], events: int, stop: bool
) -> None:
    """However takes, questions and time are mixed: every event once, in due order, never early; due = taken + left."""
    time = FakeTime()
    queue = queue_of(Stage("x", webhooks=webhooks, events=events, arrivals=arrivals), time)
    taken: list[Delivery] = []
    for step in steps:
        if isinstance(step, int):
            time.now += step
        elif step != "take":
            getattr(queue, step)()
        elif delivery := queue.take():
            assert delivery.due_ns <= time.now
            taken.append(delivery)
            queue.settle(failed=False)
    if stop:
        out = taken + give_up(queue)
        plan = [(n, due) for n, due in expected(arrivals, events) if due <= time.now]
    else:
        out = taken + drain(queue)
        plan = expected(arrivals, events)
        assert queue.taken == events
    assert [(d.sequence * webhooks + d.webhook, d.due_ns) for d in out] == plan


# Retries.


def again(delivery: Delivery, due: int) -> Delivery:
    return Delivery(delivery.webhook, delivery.sequence, due, attempt=delivery.attempt + 1, since_ns=delivery.began_ns)


def test_a_retry_is_handed_out_when_it_is_due() -> None:
    """A worker that has nothing else waits for the retry, and its lateness is kept apart like any other."""
    time = FakeTime(jitter=2 * MS)
    queue = queue_of(Stage("x", events=1, arrivals=Constant(10)), time)
    delivery = queue.take()
    assert delivery
    queue.retry(again(delivery, START + 700 * MS))
    assert (queue.waiting(), queue.in_flight, queue.finished()) == (1, 0, False)
    retry = queue.take()
    assert retry
    assert (retry.attempt, retry.sequence, retry.due_ns) == (2, 0, START + 700 * MS)
    assert (time.now, retry.late_ns, retry.began_ns) == (START + 702 * MS, 2 * MS, START)
    queue.settle(failed=False)
    assert queue.take() is None
    assert (queue.taken, queue.settled) == (1, 1)


def test_a_waiting_retry_occupies_no_worker() -> None:
    """One worker sends all other events while one event waits for its retry."""
    time = FakeTime()
    queue = queue_of(Stage("x", events=5, arrivals=Constant(10)), time)
    first = queue.take()
    assert first
    queue.retry(again(first, START + 250 * MS))
    assert [(d.sequence, d.attempt) for d in drain(queue)] == [(1, 1), (2, 1), (0, 2), (3, 1), (4, 1)]


def test_a_due_retry_goes_before_closed_events() -> None:
    """A closed stage always has a next event; a retry that is due does not wait for the last of them."""
    time = FakeTime()
    queue = queue_of(Stage("x", events=4), time)
    first = queue.take()
    assert first
    queue.retry(again(first, START + 10 * MS))
    second = queue.take()
    time.now += 10 * MS
    assert second
    queue.settle(failed=False)
    assert [(d.sequence, d.attempt) for d in drain(queue)] == [(0, 2), (2, 1), (3, 1)]


def test_the_one_that_waits_longest_goes_first() -> None:
    """Behind an outage retries and fresh events go by their due times."""
    time = FakeTime()
    queue = queue_of(Stage("x", events=4, arrivals=Constant(10)), time)
    first = queue.take()
    assert first
    queue.retry(again(first, START + 150 * MS))
    time.now += 1_000 * MS
    assert [(d.sequence, d.attempt) for d in drain(queue)] == [(1, 1), (0, 2), (2, 1), (3, 1)]


def test_idle_workers_stay_for_what_may_come_back() -> None:
    """While an attempt is under way the others wait: ten retries of one burst are sent side by side."""
    time = VirtualTime()
    queue = DeliveryQueue(Stage("x", events=10), WHOLE, SEED, START, time, time)
    began: list[tuple[int, int]] = []

    def work() -> None:
        while delivery := queue.take():
            began.append((delivery.attempt, time.now - START))
            time.serve(50 * MS)
            if delivery.attempt == 1:
                queue.retry(again(delivery, time.now + 20 * MS))
            else:
                queue.settle(failed=False)

    time.run([gevent.spawn(work) for _ in range(10)])
    assert began == [(1, 0)] * 10 + [(2, 70 * MS)] * 10


def test_a_sooner_retry_wakes_the_one_that_waits() -> None:
    """A worker that waits for an event an hour away takes a retry that another one brings in meanwhile."""
    time = VirtualTime()
    queue = DeliveryQueue(Stage("x", events=2, arrivals=Constant(1 / 3600)), WHOLE, SEED, START, time, time)
    began: list[tuple[int, int, int]] = []

    def work() -> None:
        while delivery := queue.take():
            began.append((delivery.sequence, delivery.attempt, (time.now - START) // MS))
            time.serve(50 * MS)
            if delivery.attempt == 1 and delivery.sequence == 0:
                queue.retry(again(delivery, time.now + 20 * MS))
            else:
                queue.settle(failed=False)

    time.run([gevent.spawn(work) for _ in range(2)])
    assert began == [(0, 1, 0), (0, 2, 70), (1, 1, 3_600_000)]


def test_a_killed_worker_leaves_the_stage_finished() -> None:
    """An attempt that dies with its worker holds nobody up."""
    queue = queue_of(Stage("x", events=2), FakeTime())
    assert queue.take()
    assert queue.take()
    queue.forget()
    queue.settle(failed=False)
    assert queue.finished()
    assert queue.take() is None


@given(data=st.data(), closed=st.booleans(), events=st.integers(1, 12))
def test_every_attempt_is_handed_out_once_and_never_early(data: st.DataObject, closed: bool, events: int) -> None:
    """However attempts fail and whenever the stage is stopped: taken = settled + what is left, each event once."""
    time = FakeTime()
    stage = Stage("x", events=events) if closed else Stage("x", events=events, arrivals=Constant(100))
    queue = queue_of(stage, time)
    seen: set[tuple[int, int]] = set()
    for _ in range(data.draw(st.integers(0, 40), "takes")):
        delivery = queue.take()
        if delivery is None:
            break
        assert delivery.due_ns <= time.now
        assert (delivery.sequence, delivery.attempt) not in seen
        seen.add((delivery.sequence, delivery.attempt))
        time.now += data.draw(st.integers(0, 30), "service") * MS
        if data.draw(st.booleans(), "fails"):
            queue.retry(again(delivery, time.now + data.draw(st.integers(0, 50), "delay") * MS))
        else:
            queue.settle(failed=False)
    left = give_up(queue)
    assert len({d.sequence for d in left}) == len(left)
    assert queue.taken == queue.settled + len(left)
    assert all((d.sequence, d.attempt) not in seen for d in left)


# Several workers.


@dataclass
class VirtualTime:
    """Time for greenlets: it jumps to the next wake-up once all of them wait."""

    now: int = START
    waits: int = 0
    _alarms: list[tuple[int, int, Event]] = field(default_factory=list)
    _wakeable: list[Event] = field(default_factory=list)
    _count: Callable[[], int] = field(default_factory=lambda: itertools.count().__next__)

    def __call__(self) -> int:
        return self.now

    def wait(self, seconds: float) -> None:
        """The queue's waiting, which `wake` ends."""
        self.waits += 1
        alarm = self._alarm(seconds)
        self._wakeable.append(alarm)
        alarm.wait()
        self._wakeable.remove(alarm)

    def serve(self, nanoseconds: int) -> None:
        """A worker's time with an attempt, which nothing ends sooner."""
        self._alarm(nanoseconds / 1e9).wait()

    def _alarm(self, seconds: float) -> Event:
        alarm = Event()
        heapq.heappush(self._alarms, (self.now + round(seconds * 1e9), self._count(), alarm))
        return alarm

    def wake(self) -> None:
        for alarm in self._wakeable:
            alarm.set()

    def run(self, workers: list[gevent.Greenlet]) -> None:
        while True:
            for _ in range(6):
                gevent.sleep(0)
            if all(worker.ready() for worker in workers):
                return
            at, _, alarm = heapq.heappop(self._alarms)
            if not alarm.is_set():
                self.now = at
                alarm.set()


def by_arithmetic(due: list[int], service: list[int], workers: int) -> list[int]:
    """When each event's service begins with `workers` servers and one queue."""
    free, begins = [0] * workers, []
    for at, length in zip(due, service, strict=True):
        begin = max(at, heapq.heappop(free))
        heapq.heappush(free, begin + length)
        begins.append(begin)
    return begins


@given(
    service=st.lists(st.integers(0, 30).map(lambda n: n * MS), min_size=1, max_size=40),
    workers=st.integers(1, 5),
    rate=st.sampled_from([50.0, 200.0, 1000.0]),
)
def test_workers_are_the_servers_of_one_queue(service: list[int], workers: int, rate: float) -> None:
    """With any service times, each event is taken exactly when the arithmetic of a queue with N servers says."""
    time = VirtualTime()
    stage = Stage("x", events=len(service), arrivals=Poisson(rate))
    queue = DeliveryQueue(stage, WHOLE, SEED, START, time, time)
    begins: dict[int, int] = {}

    def work() -> None:
        while delivery := queue.take():
            begins[delivery.sequence] = time.now
            assert delivery.late_ns == 0
            time.serve(service[delivery.sequence])
            queue.settle(failed=False)

    time.run([gevent.spawn(work) for _ in range(workers)])
    due = [at for _, at in expected(Poisson(rate), len(service))]
    assert [begins[n] for n in range(len(service))] == by_arithmetic(due, service, workers)


STALL_FROM, STALL_TO = START + 8_000 * MS, START + 10_000 * MS


def with_a_stall(stage: Stage, service: int) -> list[float]:
    """Milliseconds from due to answered of all a stage's events, by a server that answers nothing for two seconds."""
    time, found = VirtualTime(), list[float]()
    queue = DeliveryQueue(stage, WHOLE, SEED, START, time, time)

    def work() -> None:
        while delivery := queue.take():
            time.serve(STALL_TO - time.now if STALL_FROM <= time.now < STALL_TO else service)
            found.append((time.now - delivery.began_ns) / MS)
            queue.settle(failed=False)

    time.run([gevent.spawn(work) for _ in range(stage.users)])
    return found


def test_a_stall_shows_in_the_tail_of_an_open_stage() -> None:
    """What fell due during the stall waited for its end: a tenth of 20 s, so p99 is 1.8 s and the maximum 2 s."""
    found = with_a_stall(Stage("x", users=8, arrivals=Constant(200), duration_s=20), service=0)
    assert len(found) == 4_000
    assert np.quantile(found, 0.99) == pytest.approx(1_800, rel=0.01)
    assert max(found) == 2_000
    assert sum(wait > 100 for wait in found) == pytest.approx(200 * 1.9, abs=2)


def test_a_closed_loop_hides_the_same_stall() -> None:
    """It sends nothing meanwhile: only the eight attempts that it is made of see the stall, and p99 nothing of it."""
    found = with_a_stall(Stage("x", users=8, duration_s=20), service=20 * MS)
    assert len(found) == pytest.approx(8 * 50 * 18, rel=0.01)
    assert np.quantile(found, 0.99) == 20
    assert max(found) == 2_000
    assert sum(wait > 20 for wait in found) == 8


def test_one_idle_worker_waits_for_all() -> None:
    """Fifty idle workers cost one wake-up an event, not fifty."""
    time = VirtualTime()
    queue = DeliveryQueue(Stage("x", events=20, arrivals=Constant(100)), WHOLE, SEED, START, time, time)
    taken: list[Delivery] = []
    time.run([gevent.spawn(lambda: taken.extend(drain(queue))) for _ in range(50)])
    assert sorted(numbers(taken, 1)) == list(range(20))
    assert time.waits == 19


def test_gevent_workers_share_a_real_second() -> None:
    """Eight real workers take 150 events at 500/s once each, in order, on time; killed ones leave the rest going."""
    import time

    stage = Stage("x", events=150, arrivals=Poisson(500))
    start = time.time_ns() + 20 * MS
    queue = DeliveryQueue(stage, WHOLE, SEED, start, time.time_ns)
    taken: list[Delivery] = []

    def work() -> None:
        while delivery := queue.take():
            assert time.time_ns() >= delivery.due_ns
            taken.append(delivery)
            try:
                gevent.sleep(0.002)
            except BaseException:
                queue.forget()
                raise
            queue.settle(failed=False)

    workers = [gevent.spawn(work) for _ in range(8)]
    gevent.sleep(0.1)
    for worker in workers[:3]:  # whoever leads the waiting may be among them
        worker.kill()
    assert len(gevent.joinall(workers, timeout=5, raise_error=True)) == 8
    assert [delivery.sequence for delivery in taken] == list(range(150))
    assert sorted(delivery.late_ns for delivery in taken)[75] < 20 * MS


def test_stop_wakes_those_who_wait() -> None:
    """Workers that wait for an event hours away, or for a start, leave at once when the stage is stopped."""
    import time

    for stage in (Stage("x", events=2, arrivals=Constant(0.001)), Stage("x", events=2)):
        queue = DeliveryQueue(stage, WHOLE, SEED, time.time_ns() + 3_600_000 * MS, time.time_ns)
        workers = [gevent.spawn(queue.take) for _ in range(3)]
        gevent.sleep(0.01)
        assert give_up(queue) == []
        assert len(gevent.joinall(workers, timeout=2, raise_error=True)) == 3
        assert [worker.value for worker in workers] == [None, None, None]


# Memory.


def test_what_waits_is_all_that_is_kept() -> None:
    """An event that waits for a worker takes 165 bytes, a retry 340, and a settled one none. `-s` prints them."""
    count = 30_000
    time = FakeTime()
    queue = queue_of(Stage("x", webhooks=100, arrivals=Backlog(1, backlog=count), duration_s=0.1), time)
    tracemalloc.start()
    queue.queued()
    waiting = tracemalloc.get_traced_memory()[0] / count
    for number in range(count):
        taken = queue.take()
        assert taken
        queue.retry(
            replace(taken, due_ns=START + 10 * MS + number, attempt=2, since_ns=START + number, delay_ns=MS + number)
        )
    del taken
    retrying = tracemalloc.get_traced_memory()[0] / count
    assert len(drain(queue)) == count
    settled = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    print(f"bytes of an event: waiting {waiting:.0f}, for a retry {retrying:.0f}; all settled {settled / 1e6:.1f} MB")
    assert waiting < 200
    assert retrying < 400
    assert settled < 2e6  # a block of the schedule, and free places in the lists
