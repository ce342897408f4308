"""A run through a delivery service, as the master conducts it: set-up, what is told to whom, restarts, teardown."""

import atexit
import time
from collections.abc import Callable
from typing import Any

import gevent
from locust.runners import LocalRunner, MasterRunner

from _hookswarm.common.wording import with_remedy
from _hookswarm.protocol.faults import FaultOrder
from _hookswarm.protocol.served import Served
from _hookswarm.records.clock import Clock
from _hookswarm.records.manifest import ServiceRecord
from _hookswarm.records.timeline import ServiceDrained
from _hookswarm.senders.exchange.messages import PUBLISH, Published
from _hookswarm.senders.master.control import Controls
from _hookswarm.senders.master.drains import Drains
from _hookswarm.senders.master.ending import Ending, UntestedError
from _hookswarm.senders.master.inbox import Inbox
from _hookswarm.senders.master.restarts import Restarter
from _hookswarm.senders.master.run_folder import RunFolder
from _hookswarm.senders.master.settling import settle_by_probe
from _hookswarm.senders.master.trial import patience_s, told, try_once, why_not_arrived
from _hookswarm.senders.plan.marked import Marked
from _hookswarm.senders.plan.payloads import Generated
from _hookswarm.senders.plan.plan import Plan
from _hookswarm.senders.plan.restarts import restart_at_s
from _hookswarm.senders.plan.settings import Settings
from _hookswarm.senders.plan.stages import Stage
from _hookswarm.senders.service.account import ACCOUNT, Account, Keeper, Kept, left_behind, open_account, settle
from _hookswarm.senders.service.endpoints import endpoint_urls, served_by, shared_by
from _hookswarm.senders.service.handing import Hand
from _hookswarm.senders.service.steps import StepError, Steps
from _hookswarm.senders.service.table import Service

SHOWN = 3


class ServiceRun:
    """One run's."""

    def __init__(
        self,
        settings: Settings,
        folder: RunFolder,
        controls: Controls,
        runner: LocalRunner | MasterRunner,
        inbox: Inbox,
        ending: Ending,
        clock: Clock,
        say: Callable[[str], None],
    ) -> None:
        assert settings.service
        self._service: Service = settings.service
        self._settings = settings
        self._folder = folder
        self._controls = controls
        self._runner = runner
        self._inbox = inbox
        self._ending = ending
        self._clock = clock
        self._say = say
        self._steps = Steps(self._service, tls=settings.tls)
        self._keeper: Keeper | None = None
        self._values: dict[str, str] = {}
        """Of the account, for the whole run."""
        self._published: dict[str, Any] = {}
        self._introduced: set[str] = set()
        """Sending processes that were told."""
        self._restarting: gevent.Greenlet | None = None
        self._restarters: dict[str, Restarter] = {}
        self._drains = Drains(settings, folder.timeline, controls, inbox, ending, clock, say)
        self.drained: ServiceDrained | None = None
        """How the last drain went."""

    def begin(self, plan: Plan) -> None:
        """Set the service up, see that it delivers, and tell receivers and senders.

        It comes back early where the run is asked to end. Raises UntestedError, ControlError, OSError.
        """
        service = self._service
        webhooks = max(stage.webhooks for stage in plan.stages)
        if service.group and service.publish.fan_out == "group":  # in whole groups an event has as many deliveries
            webhooks = -(-webhooks // service.group.size) * service.group.size
        urls = endpoint_urls(self._settings.regions, webhooks, self._settings.advertise)
        account = open_account(service, urls, self._folder.manifest.id)
        self._values = account.run
        self._folder.manifest.service = _record(service, account)
        self._folder.manifest.save(self._folder.path)
        self._keeper = Keeper(
            service,
            account,
            self._steps,
            self._say,
            lambda now: Kept(service=service, account=now).save(self._folder.path),
            self._ending.asked.is_set,
        )
        atexit.register(self._say_left)
        began = time.monotonic()
        try:
            self._keeper.set_up()
            if self._ending.asked.is_set():
                return
            slowed = f", which it slowed down {self._steps.slowed} times (429)" if self._steps.slowed else ""
            took = f"{time.monotonic() - began:.1f} s{slowed}"
            self._say(f"{service.name}: {webhooks:,} endpoint{'s' * (webhooks > 1)} set up in {took}")
            served = served_by(service, account)
            self._try(account, urls, plan.stages[0], served)
        except StepError as error:
            if self._ending.asked.is_set():
                return
            raise UntestedError(str(error)) from None
        self._controls.serve(served)
        self._published = Published(service=service.model_dump(mode="json"), account=account.model_dump()).model_dump()
        if isinstance(self._runner, MasterRunner):
            self._introduced = {*self._runner.clients}
        self._runner.send_message(PUBLISH, self._published)

    def introduce(self, process: str) -> None:
        """A sending process is about to be sent a stage: one that joined since then knows nothing of the service."""
        if isinstance(self._runner, MasterRunner) and process not in self._introduced:
            self._introduced.add(process)
            self._runner.send_message(PUBLISH, self._published, process)

    def _try(self, account: Account, urls: list[str], stage: Stage, served: Served) -> None:
        """Wait until the service knows its endpoints; unless nobody wants that, see one event arrive."""
        service, stopped = self._service, self._ending.asked.is_set
        if not service.settle_by_probe:
            settle(service.settle_s, stopped)
            if not self._settings.probe:
                return
        self._controls.serve(served.model_copy(update={"catch": True}))
        payloads = Marked(self._settings.captured or Generated(stage.payload, self._settings.seed))
        hand = Hand(service, account, self._steps, payloads.body)
        if service.settle_by_probe:
            settle_by_probe(hand, self._controls, service, urls, stopped, self._now_s, self._say)
        if self._settings.probe and not stopped():
            tried = try_once(hand, self._controls, 0, patience_s(service), stopped, self._now_s, self._say)
            if tried.arrived:
                self._say(f"probe: {told(service, tried, served)}")
            elif not stopped():
                why = why_not_arrived(service, tried, urls[0])
                waited = f"it did not arrive within {tried.waited_s:.0f} s"
                raise UntestedError(f"{service.name} accepted the probe, and {waited}: {why}; --no-probe begins anyway")

    def _now_s(self) -> float:
        return self._clock.now() / 1e9

    def meanwhile(self, number: int, stage: Stage, start_ns: int) -> None:
        """Have happen what the stage plans for the service itself, while it is played."""
        if stage.restart:
            at_ns = start_ns + round(restart_at_s(stage, (self._settings.seed, number)) * 1e9)
            self._restarting = gevent.spawn(self._restart_at, number, stage.restart, at_ns)

    def _restart_at(self, number: int, name: str, at_ns: int) -> None:
        if self._ending.asked.wait(max((at_ns - self._clock.now()) / 1e9, 0.0)):
            return
        pause = self._ending.asked.wait
        self._say(f"restart {name}: ends it")
        restarter = Restarter(name, self._service.restart[name], self._values, self._folder.path, self._clock, pause)
        entry = restarter.run(number)
        self._folder.timeline.add(entry)
        self._restarters[name] = restarter
        back = f"back {((entry.ready_ns or entry.at_ns) - entry.at_ns) / 1e9:.1f} s after {entry.how}"
        self._say(f"restart {name}: {entry.fault or back}")

    def _restarted(self) -> None:
        """Wait for a restart that is on. Raises OSError."""
        if self._restarting:
            restarting, self._restarting = self._restarting, None
            restarting.get()

    def drain(self, number: int, stage: Stage) -> None:
        """Wait until all that was accepted has arrived, or nothing has moved for longer than it may. Raises OSError."""
        self._restarted()
        if stage.trouble_ends:
            self._controls.set_faults(FaultOrder())
        self.drained = self._drains.wait(number, stage, self.fan_out())

    def end(self) -> None:
        """Take down what was set up; what cannot be is told, and hides no result."""
        try:
            self._restarted()
        except OSError as error:
            self._say(f"not written down, that the service was restarted: {with_remedy(error)}")
        if self._keeper:
            try:
                failed = self._keeper.tear_down()
            finally:
                self._steps.close()
            for text in failed[:SHOWN]:
                self._say(f"not taken down: {text}")
            if len(failed) > SHOWN:
                self._say(f"not taken down: {len(failed) - SHOWN} more")
            if failed:
                self._say_left()
            else:
                (self._folder.path / ACCOUNT).unlink(missing_ok=True)  # it holds secrets, and nobody needs it any more
            atexit.unregister(self._say_left)
        for name, restarter in self._restarters.items():
            if restarter.failed:
                self._say(f"restart {name}: {restarter.failed}")
            if pid := restarter.serves:
                self._say(f"restart {name}: what was started serves on, as process {pid}: `kill {pid}` ends it")

    def _say_left(self) -> None:
        """What to do where something is left of it; also where the process is made to end before that is known."""
        self._say(left_behind(self._service.name, self._folder.path))

    def fan_out(self) -> int:
        """How many endpoints get an event."""
        record = self._folder.manifest.service
        return shared_by(self._service, record.endpoints if record else 1)


def _record(service: Service, account: Account) -> ServiceRecord:
    return ServiceRecord(
        name=service.name,
        run=service.run,
        endpoints=len(account.endpoints),
        group_size=account.group_size,
        fan_out=service.publish.fan_out,
        signed=service.provider.signature is not None,
        drain_s=service.drain_s,
        retry=service.retry.model_dump(mode="json") if service.retry else None,
        retry_window_s=service.retry.window_s if service.retry else None,
        promises=service.promises.model_dump(mode="json", exclude_none=True),
    )
