"""The master, as Locust and its web UI know it: has a run conducted whenever Locust starts a test.

Locust's shape is asked once a second for the number of users; stages are switched by the clock, which the
master announces ahead. Where Locust runs without workers, its only process is this and a worker.
"""

from pathlib import Path
from typing import Any

import gevent
from locust import User
from locust.env import Environment
from locust.runners import LocalRunner, MasterRunner

from _hookswarm.records.clock import Clock
from _hookswarm.senders.exchange.counted import CountedDeliveries
from _hookswarm.senders.master import live
from _hookswarm.senders.master.conductor import Conductor
from _hookswarm.senders.master.ending import LAST_LEFT, UNKNOWN, Ending
from _hookswarm.senders.master.live import Live
from _hookswarm.senders.master.reception import Reception
from _hookswarm.senders.master.say import say
from _hookswarm.senders.master.snapshot import RunSnapshot
from _hookswarm.senders.master.workers import Workers
from _hookswarm.senders.plan.plan import Plan
from _hookswarm.senders.plan.settings import Settings


class Master:
    """Has a test's plan walked once for every run that is started."""

    def __init__(self, environment: Environment, settings: Settings, test: str, plan: Plan) -> None:
        runner = environment.runner
        assert isinstance(runner, LocalRunner | MasterRunner)
        self._environment = environment
        self._runner = runner
        self._settings = settings
        self._test = test
        self._plan = plan
        self._clock = Clock()
        self._walk: gevent.Greenlet | None = None
        self._conductor: Conductor | None = None
        """Of the last run that was started."""
        self._last: Path | None = None
        self._ending = Ending()
        self._reception = Reception(runner, self._clock, settings)
        self._workers = self._make_workers()
        self.finished = False
        """A run is over, and Locust has yet to be told."""
        if isinstance(runner, MasterRunner):
            self._keep_users(runner)

    @property
    def wanted_users(self) -> int:
        """How many users Locust is to have now."""
        return self._workers.wanted

    @property
    def processes(self) -> int:
        """How many sending processes there are to hold them."""
        return len(self._workers.alive()) or 1

    @property
    def wanted_classes(self) -> list[type[User]]:
        """Of which classes."""
        return self._workers.wanted_classes

    def _make_workers(self) -> Workers:
        reception = self._reception
        ready = reception.supplier.supplied if self._settings.endpoints else reception.ready
        return Workers(self._runner, self._plan.stages[0], ready, reception.silence)

    def _keep_users(self, runner: MasterRunner) -> None:
        """Where a worker joins, Locust deals all users out anew at once; those of a stage that is on must stay."""
        start = runner.start

        def start_unless_playing(*args: Any, **kwargs: Any) -> None:
            if self._reception.inbox.stage is None or runner.clients.missing:
                start(*args, **kwargs)
            else:
                say("a sending process joined: it has users when Locust next changes their number")

        runner.start = start_unless_playing  # type: ignore[method-assign]  # Locust has no event for it

    def start(self, settings: Settings, plan: Plan, fault: str) -> None:
        """Begin a run; called when Locust starts a test. One with a `fault` ends at once and says it."""
        self._settings, self._plan = settings, plan
        self.finished = False
        self._reception.begin(settings, fault)
        self._workers = self._make_workers()
        self._ending = Ending()
        workers, ending = self._workers, self._ending
        self._conductor = Conductor(
            self._environment, self._test, settings, plan, self._reception, workers, ending, self._clock
        )
        self._walk = gevent.spawn(self._have_conducted, self._conductor)

    def _have_conducted(self, conductor: Conductor) -> None:
        try:
            conductor.conduct()
        finally:
            self._last = conductor.folder.path if conductor.folder else self._last
            self.finished = True

    def stop(self, **_: Any) -> None:
        """End the run, if one is on, and leave its folder whole; called before Locust stops its users."""
        if self._walk and self._conductor and self.playing and self._walk is not gevent.getcurrent():
            partings = list(self._reception.inbox.partings.values())
            self._ending.ask(UNKNOWN if self._workers.alive() else partings[-1] if partings else LAST_LEFT)
            self._walk.join(30)
            # A service's very many endpoints take longer; a second Ctrl-C ends that, too.
            while self._conductor.tearing_down and not self._walk.ready():
                self._walk.join(1)

    def note(self, cause: str) -> None:
        """Why Locust is about to end the run that is on."""
        self._ending.note(cause)

    def snapshot(self) -> RunSnapshot:
        """How the run stands, for whoever watches it."""
        return self._reception.snapshot(self.processes)

    def counted(self) -> list[CountedDeliveries]:
        """What Locust counted so far, by stage, origin and strategy."""
        return self._reception.counted()

    def live(self) -> Live:
        """The same, for the web UI's tab."""
        folder = self._conductor.folder if self._conductor else None
        return live.live_view(
            self._reception.inbox,
            self._reception.counted(),
            self._conductor.arrived() if self._conductor else {},
            len(self._plan.stages),
            [region.name for region in self._settings.regions],
            folder.manifest.id if folder else "",
            self._clock.now(),
        )

    @property
    def playing(self) -> bool:
        """Whether a run is on: from its start until its folder is whole."""
        return self._walk is not None and not self._walk.ready()

    @property
    def begun(self) -> bool:
        """Whether there is a run, or was."""
        return self._walk is not None

    @property
    def ending(self) -> bool:
        """Whether the last run is over, or about to be."""
        return self._walk is not None and (self._walk.ready() or self._ending.asked.is_set())

    def last_run(self) -> Path | None:
        """The folder of the last run that began, once that is over: a refused one has none."""
        return None if self.playing else self._last
