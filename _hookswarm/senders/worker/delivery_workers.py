"""The users' side of a sending process: what each delivery worker does, from event to event and stage to stage."""

import time
from collections.abc import Callable
from contextlib import ExitStack, closing

import gevent
from gevent.event import Event
from locust.env import Environment

from _hookswarm.records.rows import Outcome
from _hookswarm.senders.exchange.counted import REQUEST_TYPE
from _hookswarm.senders.plan.made_payloads import PayloadError
from _hookswarm.senders.plan.stages import Stage
from _hookswarm.senders.transport.wire import Timeouts
from _hookswarm.senders.worker.network import Connections, Network, Transports
from _hookswarm.senders.worker.playing import Lane, Playing
from _hookswarm.senders.worker.queue import Delivery
from _hookswarm.senders.worker.sender import AttemptResult, Halted
from _hookswarm.senders.worker.twice import Attempt, Twice

POLL_S = 0.02


class DeliveryWorkers:
    """Locust's users of one process, each a delivery worker; they share a stage's queues."""

    def __init__(self, environment: Environment, failed: Callable[[OSError | PayloadError], None]) -> None:
        """`failed` is told of a journal that cannot be written: without it no number can be trusted; and of a payload
        that cannot be made: without it nothing can be sent.
        """
        self._environment = environment
        self._failed = failed
        self._playing: Playing | None = None
        self._announced = Event()
        self._sending: set[gevent.Greenlet] = set()
        self.network: Network

    def begin(self, playing: Playing) -> None:
        """Let them take the events of a stage."""
        self._playing = playing
        announced, self._announced = self._announced, Event()
        announced.set()

    def work(self, origin: int) -> None:
        """Send an origin's deliveries, stage after stage, until the worker is killed."""
        with closing(Transports(self.network, origin)) as transports:
            served: Playing | None = None
            while True:
                while self._playing is served:
                    self._announced.wait()
                served = self._playing
                if served and origin in served.lanes:
                    with ExitStack() as spares:
                        attempt = self._attempts(served.stage, origin, spares)
                        self._work_stage(served, served.lanes[origin], transports, attempt)

    def _attempts(self, stage: Stage, origin: int, spares: ExitStack) -> Attempt:
        """What is done with an event; the connections that it takes beside a worker's own are closed by `spares`."""
        if not stage.duplicate:
            return self._attempt
        beside = [
            spares.enter_context(closing(Transports(self.network, origin))) for _ in range(stage.duplicate.times - 1)
        ]
        pause_s = stage.duplicate.pause_s(stage.arrivals)
        return Twice(stage.duplicate, pause_s, self._attempt, beside, self.network.now)

    def _work_stage(self, playing: Playing, lane: Lane, transports: Transports, attempt: Attempt) -> None:
        origin, sender, stage = lane.origin, lane.sender, playing.stage
        name = f"{stage.name} {self.network.name_of(origin.code)} {stage.strategy}"
        queue, retrier, me = sender.queue, sender.retrier, gevent.getcurrent()
        # Locust would keep twenty copies of a stage's latencies for ever; it only ever reads those of the total.
        self._environment.stats.get(name, REQUEST_TYPE).use_response_times_cache = False
        fire: Callable[..., None] = self._environment.events.request.fire
        if not stage.reuse:
            transports.close()  # what the stage before left open
        lane.opening.take_part(lambda target: transports.to(target, playing.timeouts))
        while delivery := queue.take():
            self._sending.add(me)
            try:
                if delivery.webhook in retrier.disabled:
                    result = self._skip(lane, delivery)
                else:
                    result = attempt(lane, delivery, transports, playing.timeouts)
                    if not stage.reuse:
                        transports.close()
            except OSError as error:  # the journal
                self._failed(error)
                return
            except PayloadError as error:
                self._leave_unsent(lane, delivery)
                self._failed(error)
                return
            except BaseException:  # killed
                queue.forget()
                raise
            finally:
                self._sending.discard(me)
            if result.failure and (again := retrier.again(delivery, result.failure, result.done_ns, queue.taken)):
                queue.retry(again)
                continue
            queue.settle(result.error is not None)
            fire(
                request_type=REQUEST_TYPE,
                name=name,
                response_time=result.latency_ms,
                response_length=0,
                exception=result.error,
                context={},
            )

    def _attempt(self, lane: Lane, delivery: Delivery, transports: Connections, timeouts: Timeouts) -> AttemptResult:
        origin = lane.origin
        choice = origin.balancer.choose(delivery.webhook)
        target = choice.target.code
        try:
            result = lane.sender.attempt(delivery, origin.routes[target], transports.to(target, timeouts))
        except BaseException:
            origin.balancer.forget(choice)
            raise
        origin.balancer.settle(choice, (result.done_ns - result.start_ns) / 1e9, result.failure)
        if result.failure and result.failure.outcome is Outcome.LOCAL_SHORTAGE:
            gevent.sleep(0)  # it waited for nothing: a closed loop of such would let nobody else run
        return result

    def _leave_unsent(self, lane: Lane, delivery: Delivery) -> None:
        """Write down an event that cannot be sent, as one that the run's end found in the queue."""
        lane.sender.never_sent(delivery, lane.origin.routes[lane.origin.code], Outcome.ABANDONED)
        lane.sender.queue.forget()

    def _skip(self, lane: Lane, delivery: Delivery) -> AttemptResult:
        """Settle an event of a disabled webhook; one that was sent before has its rows already."""
        if delivery.attempt == 1:
            lane.sender.never_sent(delivery, lane.origin.routes[lane.origin.code], Outcome.DISABLED)
        gevent.sleep(0)  # nothing else here lets other workers run
        now = self.network.now()
        return AttemptResult(now, now, (now - delivery.began_ns) / 1e6, "disabled: an earlier answer was 410", None)

    def await_answers(self, playing: Playing, halted_by: Callable[[], float]) -> None:
        """Wait for answers under way, as long as they may take; a halted run waits shorter, then gives them up.

        `halted_by` tells until when (time.monotonic()) a run that is being halted waits; 0: it is not.
        """
        deadline = time.monotonic() + playing.timeouts.connect_s + playing.timeouts.response_s + 1
        while self._sending and time.monotonic() < deadline:
            gevent.sleep(POLL_S)
            deadline = min(deadline, halted_by() or deadline)
        gevent.killall(list(self._sending), exception=Halted, block=False)
        given_up = time.monotonic() + 1
        while playing.in_flight() and time.monotonic() < given_up:
            gevent.sleep(POLL_S)
