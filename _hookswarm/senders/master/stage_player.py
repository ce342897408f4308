"""One stage, as the master plays it: users, faults, announcement, progress, reports."""

import time
from collections.abc import Callable
from dataclasses import replace
from zlib import crc32

import gevent
from locust.runners import LocalRunner

from _hookswarm.protocol.faults import FaultOrder, Faults
from _hookswarm.records.timeline import FaultsSet, Progress, StageEnded, StageOverloaded, StageStarted, WorkerLost
from _hookswarm.senders.exchange import counted
from _hookswarm.senders.exchange.messages import HALT, STAGE, Announcement, Part
from _hookswarm.senders.master.all_failed import all_failed
from _hookswarm.senders.master.effects import Effects
from _hookswarm.senders.master.ending import RunFailedError
from _hookswarm.senders.master.hints import add_hints
from _hookswarm.senders.master.incidents import Incidents
from _hookswarm.senders.master.played import Played, never_reported, played
from _hookswarm.senders.master.run import Run
from _hookswarm.senders.master.watchdog import Watchdog
from _hookswarm.senders.master.workers import Users, Workers
from _hookswarm.senders.plan.arrivals import Closed
from _hookswarm.senders.plan.opening import opening_s
from _hookswarm.senders.plan.stages import Stage

LEAD_S = {True: 0.05, False: 0.3}
"""How far ahead a stage is announced: in the same process, and to others."""
FAULTS_LEAD_S = 0.5
"""How much further ahead where receivers have to be told of faults first."""
POLL_S = 0.02
PROGRESS_S = 1.0
SETTLE_S = 30.0
"""How long the users of a stage may take to come and go."""
REPORT_PATIENCE_S = 120.0
"""How long after a stage's planned end its reports may come."""
HALT_PATIENCE_S = 8.0
"""How long workers may take to report once they are told to end."""


class StagePlayer:
    """Plays the stages of one run, one after the other."""

    def __init__(
        self,
        run: Run,
        workers: Workers,
        meanwhile: Callable[[int, Stage, int], None] = lambda _number, _stage, _start_ns: None,
        drain: Callable[[int, Stage], None] = lambda _number, _stage: None,
        introduce: Callable[[str], None] = lambda _process: None,
    ) -> None:
        """`meanwhile` has to happen to a service once a stage is announced; `drain` waits, after it, for what a service
        still has; `introduce` tells a sending process of the service.
        """
        self._meanwhile = meanwhile
        self._drain = drain
        self._introduce = introduce
        self._runner, self._local = run.runner, isinstance(run.runner, LocalRunner)
        self._settings, self._folder, self._controls = run.settings, run.folder, run.controls
        self._inbox, self._ending, self._clock = run.inbox, run.ending, run.clock
        self.workers = workers
        self._failure = ""
        tls = any(region.url.startswith("https:") for region in run.settings.regions)
        self._slow = run.settings.transport == "httpx" or tls
        self._parted: set[str] = set()
        """Workers that said that somebody ends them."""

    def processes(self) -> int:
        """How many sending processes there are."""
        return len(self.workers.alive())

    def play(self, number: int, stage: Stage) -> Played | None:
        """Run one stage to its end, and the pause after it; None if the run is to end before it began.

        Raises RunFailedError, ControlError, OSError.
        """
        self._controls.set_up(stage.setup)
        users = self._await_users(stage)
        if self._ending.asked.is_set():
            return None
        effects = self._effects(stage)
        before = effects.before(number) if effects else None
        self._inbox.reports.clear()
        troubled = bool(stage.order().parts() or stage.incidents)
        # Before the stage begins: setting faults takes a while, but they hold by the clock.
        lead_s = LEAD_S[self._local] + FAULTS_LEAD_S * troubled + self._opening_s(number, stage)
        lead_s += 1 / stage.max_rate if stage.max_rate else 0.0  # the last attempt of the stage before has its slot
        start_ns = self._clock.now() + round(lead_s * 1e9)
        self._set_faults(number, stage, start_ns)
        seed, regions = _fault_seed(self._settings.seed, number, stage), len(self._settings.regions)
        incidents = Incidents(number, stage, start_ns, seed, list(range(regions)))
        incidents.tell(self._controls)
        self._inbox.begin(stage, number, start_ns)
        self._announce(number, stage, start_ns, users)
        self._meanwhile(number, stage, start_ns)
        overloaded = self._await_reports(number, stage, set(users))
        self._inbox.stage = None
        self._give_up_if_all_failed(stage)
        self._drain(number, stage)
        self._folder.between_stages()
        incidents.write(self._controls, self._folder.timeline)
        if effects:
            effects.after(number, before, sum(one.settled - one.failed for one in self._inbox.origins()))
        if stage.settle_s:
            self._controls.rest()
            self._ending.asked.wait(stage.settle_s)
        return played(list(self._inbox.reports.values()), overloaded, isinstance(stage.arrivals, Closed))

    def _give_up_if_all_failed(self, stage: Stage) -> None:
        origins, reports = self._inbox.origins(), list(self._inbox.reports.values())
        settled, failed = sum(one.settled for one in origins), sum(one.failed for one in origins)
        published = self._settings.service is not None
        if not self._settings.keep_going and (why := all_failed(stage, settled, failed, reports, published)):
            self._ending.give_up(why)

    def _effects(self, stage: Stage) -> Effects | None:
        """What counts a stage's effects, if they are to be counted."""
        observer = self._settings.observer
        if not stage.duplicate or not observer:
            return None
        return Effects(observer, self._folder.timeline, self._clock, self._ending.asked.wait)

    def _opening_s(self, number: int, stage: Stage) -> float:
        """How much further ahead, so that connections are open in time."""
        settings = self._settings
        links = settings.links if settings.modelled else None
        seed = (settings.seed, _draw_number(number, stage))
        return opening_s(stage, settings.regions, links, seed, slow=self._slow, beyond=settings.beyond_loopback)

    def _set_faults(self, number: int, stage: Stage, start_ns: int) -> None:
        begin = start_ns + round(stage.faults_from_s * 1e9)
        end = None if stage.faults_for_s is None else begin + round(stage.faults_for_s * 1e9)
        self._controls.set_faults(_seeded(stage.order(begin, end), _fault_seed(self._settings.seed, number, stage)))
        if stage.faults:
            plain = self._folder.manifest.stages[number]["faults"]
            self._folder.timeline.add(FaultsSet(at_ns=begin, until_ns=end, stage=number, faults=plain))

    def _announce(self, number: int, stage: Stage, start_ns: int, users: Users) -> None:
        parts: dict[str, list[Part]] = {process: [] for process in users}
        first = 0
        # Origin by origin, so that each has the same events whatever the strategy, and the number of processes.
        for origin in sorted(set().union(*users.values())):
            for process, counts in users.items():
                if counts[origin]:
                    parts[process].append(Part(origin=origin, first=first, last=first + counts[origin]))
                    first += counts[origin]
        for process, own in parts.items():
            announcement = Announcement(
                run=self._folder.manifest.id,
                seed=self._settings.seed,
                number=number,
                stage=self._folder.manifest.stages[number],
                draw=_draw_number(number, stage),
                start_ns=start_ns,
                parts=own,
                of=stage.users,
            )
            self._introduce(process)
            self._runner.send_message(STAGE, announcement.model_dump(), process)
        name = self._folder.manifest.stages[number]["name"]
        self._folder.timeline.add(StageStarted(at_ns=start_ns, stage=number, name=name))

    def _await_users(self, stage: Stage) -> Users:
        """The users of each sending process that take part, once Locust has as many as the stage asks for."""
        deadline = time.monotonic() + SETTLE_S
        while not self._ending.asked.is_set():
            self._note_lost()
            if (users := self.workers.ask(stage)) is not None:
                return users
            if self._failure or self._inbox.failure or time.monotonic() > deadline:
                wanted = f"Locust has not {self.workers.wanted} users after {SETTLE_S:.0f} s"
                raise RunFailedError(self._failure or self._inbox.failure or wanted)
            gevent.sleep(POLL_S)
        return {}

    def _await_reports(self, number: int, stage: Stage, workers: set[str]) -> bool:
        """Wait until every worker reported the stage; writes its progress and its end. True: it was overloaded.

        A worker that is lost, or cannot go on, ends the stage for the others too, and then the run: RunFailedError.
        """
        told = time.monotonic()
        timeouts = self._settings.timeouts
        limit_s = (stage.length_s or float("inf")) + stage.drain_s + timeouts.connect_s + timeouts.response_s
        deadline = told + limit_s + REPORT_PATIENCE_S
        watchdog = Watchdog(stage.overload_s) if stage.overload_s else None
        gone: set[str] = set()
        halted = overloaded = False
        while missing := workers - gone - self._inbox.reports.keys():
            now = time.monotonic()
            gone |= self._note_lost() & missing
            self._failure = self._failure or self._inbox.failure
            if now > deadline:
                self._failure = self._failure or never_reported(stage, missing)
                if halted:
                    break
            if now - told >= PROGRESS_S:
                told = now
                progress = self._progress(number)
                self._folder.timeline.add(progress)
                overloaded = overloaded or self._is_overload(number, watchdog, now, progress.queued)
            if (self._failure or overloaded or self._ending.asked.is_set()) and not halted:
                halted, deadline = True, now + HALT_PATIENCE_S
                self._runner.send_message(HALT)
            gevent.sleep(POLL_S)
        self._note_lost()  # one that was ended reports at once, and has not played the stage
        self._folder.timeline.add(self._progress(number))
        reports = [self._inbox.reports[worker] for worker in sorted(workers & self._inbox.reports.keys())]
        add_hints(reports, stage, self._settings)
        self._inbox.settled[stage.name] += sum(report.settled for report in reports)
        self._folder.timeline.add(StageEnded(at_ns=self._clock.now(), stage=number, reports=reports))
        if self._failure:
            raise RunFailedError(self._failure)
        return overloaded

    def _note_lost(self) -> set[str]:
        """Write down workers that part, or are gone, since the last look. Unless that is allowed, it ends the run.

        Returns those that are gone: one that parts still reports.
        """
        parting = self._inbox.partings.keys() - self._parted
        self._parted |= parting
        gone = set(self.workers.lost())
        lost = gone - self._parted
        self._inbox.gone += len(lost | parting)
        allowed = self._settings.allow_worker_loss and self.workers.alive() - self._parted
        for worker in sorted(lost | parting if allowed else lost):
            self._folder.timeline.add(WorkerLost(at_ns=self._clock.now(), worker=worker))
        if lost and not allowed:
            self._failure = self._failure or f"lost {len(lost)} sending processes: {', '.join(sorted(lost))}"
        if parting and not allowed:
            self._ending.ask(self._inbox.partings[min(parting)])
        return gone

    def _is_overload(self, number: int, watchdog: Watchdog | None, now: float, queued: int) -> bool:
        growing_s = watchdog.growing_s(now, queued) if watchdog else None
        if growing_s is None:
            return False
        entry = StageOverloaded(at_ns=self._clock.now(), stage=number, queued=queued, growing_s=round(growing_s, 3))
        self._folder.timeline.add(entry)
        return True

    def _progress(self, number: int) -> Progress:
        origins = self._inbox.origins()
        name = self._folder.manifest.stages[number]["name"]
        told = counted.counted_deliveries(self._runner.stats.entries, name)
        p50_ms, p99_ms = counted.latency_ms(told, 0.5, 0.99)
        return Progress(
            at_ns=self._clock.now(),
            stage=number,
            settled=sum(one.settled for one in origins),
            failed=sum(one.failed for one in origins),
            queued=sum(one.queued for one in origins),
            in_flight=sum(one.in_flight for one in origins),
            retrying=sum(one.retrying for one in origins),
            p50_ms=p50_ms,
            p99_ms=p99_ms,
        )


def _draw_number(number: int, stage: Stage) -> int:
    """What a stage's draws are told apart by from other stages'; the same for all of a course and repeat."""
    if stage.course:
        return 1 << 32 | crc32(f"{stage.course} {stage.repeat}".encode())
    return number if stage.replay_of is None else stage.replay_of


def _fault_seed(seed: int, number: int, stage: Stage) -> int:
    return seed << 33 | _draw_number(number, stage)


def _seeded(order: FaultOrder, seed: int) -> FaultOrder:
    """Faults without a seed of their own get the stage's."""

    def sown(faults: Faults) -> Faults:
        return replace(faults, seed=faults.seed or seed)

    return replace(
        order,
        faults=order.faults and sown(order.faults),
        otherwise=order.otherwise and sown(order.otherwise),
        webhooks=tuple(replace(own, faults=sown(own.faults)) for own in order.webhooks),
    )
