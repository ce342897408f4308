"""A run through a delivery service, as the master conducts it: set-up, what is told to whom, restarts, teardown."""

from collections.abc import Callable
from typing import Any

import gevent
from locust.runners import LocalRunner, MasterRunner

from _hookswarm.common.errors import ConfigError
from _hookswarm.common.wording import with_remedy
from _hookswarm.protocol.faults import FaultOrder
from _hookswarm.protocol.served import Served
from _hookswarm.records.clock import Clock
from _hookswarm.records.manifest import ServiceRecord
from _hookswarm.records.timeline import ServiceDrained
from _hookswarm.senders.exchange.messages import PUBLISH, RENEWED, Published, Renewed
from _hookswarm.senders.master.control import Controls
from _hookswarm.senders.master.drains import Drains
from _hookswarm.senders.master.ending import Ending, UntestedError
from _hookswarm.senders.master.inbox import Inbox
from _hookswarm.senders.master.restarts import Restarter
from _hookswarm.senders.master.run_folder import RunFolder
from _hookswarm.senders.master.service_endpoints import ServiceEndpoints
from _hookswarm.senders.master.settling import settle_by_probe
from _hookswarm.senders.master.trial import patience_s, told, try_once, why_not_arrived
from _hookswarm.senders.plan.marked import Marked
from _hookswarm.senders.plan.payloads import Generated
from _hookswarm.senders.plan.plan import Plan
from _hookswarm.senders.plan.restarts import restart_at_s
from _hookswarm.senders.plan.settings import Settings
from _hookswarm.senders.plan.stages import Stage
from _hookswarm.senders.service.account import Account, settle
from _hookswarm.senders.service.endpoints import endpoint_urls, served_by, shared_by
from _hookswarm.senders.service.handing import Hand
from _hookswarm.senders.service.kept import is_countable
from _hookswarm.senders.service.steps import StepError, Steps
from _hookswarm.senders.service.table import Service

AGAIN_S = 2.0
"""Between tries to renew what publishing uses."""
LEAST_S = 0.2
NOT_THEIRS = (401, 403, 429)
"""Answers that say nothing of whether an endpoint is there."""


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
        self._steps.say = say
        self._made: ServiceEndpoints | None = None
        self._values: dict[str, str] = {}
        """Of the account, for the whole run."""
        self._published: dict[str, Any] = {}
        self._introduced: set[str] = set()
        """Sending processes that were told."""
        self._restarting: gevent.Greenlet | None = None
        self._renewing: gevent.Greenlet | None = None
        self._restarters: dict[str, Restarter] = {}
        self._drains = Drains(settings, folder.timeline, folder.path, controls, inbox, ending, clock, say)
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
        try:
            endpoints = self._made = ServiceEndpoints(
                service, self._settings, self._folder.path, self._steps, self._ending.asked.is_set, self._say
            )
            self._folder.manifest.service = _record(service, webhooks, endpoints.kept)
            self._folder.manifest.save(self._folder.path)
            account = endpoints.set_up(urls)
            endpoints.renew()
            if endpoints.used_again and self._settings.probe and (why := self._gone(account, urls, plan.stages[0])):
                account = endpoints.set_up_anew(urls, why)
            self._values = account.run
            if self._ending.asked.is_set():
                return
            served = served_by(service, account, self._folder.manifest.id)
            self._try(account, urls, plan.stages[0], served)
        except (StepError, ConfigError) as error:
            if self._ending.asked.is_set():
                return
            raise UntestedError(str(error)) from None
        self._controls.serve(served)
        self._published = Published(service=service.model_dump(mode="json"), account=account.model_dump()).model_dump()
        if isinstance(self._runner, MasterRunner):
            self._introduced = {*self._runner.clients}
        self._runner.send_message(PUBLISH, self._published)
        if endpoints.lasts_s() is not None:
            self._renewing = gevent.spawn(self._renew)

    def _renew(self) -> None:
        """Tell senders a new token before the old one ends, for as long as the run is on."""
        failed = False
        while not self._ending.asked.wait(AGAIN_S if failed else max(self._endpoints.lasts_s() or 0.0, LEAST_S)):
            try:
                values = self._endpoints.renew()
            except (StepError, OSError) as error:
                told = with_remedy(error) if isinstance(error, OSError) else str(error)
                if not failed:
                    self._say(f"not renewed, what publishing uses; it is tried every {AGAIN_S:g} s: {told}")
                failed = True
                continue
            failed = False
            if values:
                self._published["account"]["run"].update(values)
                self._runner.send_message(RENEWED, Renewed(values=values).model_dump())

    def introduce(self, process: str) -> None:
        """A sending process is about to be sent a stage: one that joined since then knows nothing of the service."""
        if isinstance(self._runner, MasterRunner) and process not in self._introduced:
            self._introduced.add(process)
            self._runner.send_message(PUBLISH, self._published, process)

    @property
    def _endpoints(self) -> ServiceEndpoints:
        assert self._made
        return self._made

    def _gone(self, account: Account, urls: list[str], stage: Stage) -> str:
        """Why endpoints that an earlier run set up are not there any more; empty: they are.

        The first and the last of them are looked at. Raises StepError where the service takes nothing at all,
        UntestedError where it delivers nothing, ControlError, OSError.
        """
        service, stopped, again = self._service, self._ending.asked.is_set, self._endpoints.used_again
        self._controls.serve(served_by(service, account).model_copy(update={"catch": True}))
        hand = self._hand(account, stage, "again")
        for webhook in sorted({0, again - 1}):
            try:
                tried = try_once(hand, self._controls, webhook, patience_s(service), stopped, self._now_s, self._say)
            except StepError as error:
                if error.status is None or error.status in NOT_THEIRS or error.status >= 500:
                    raise
                return f"an event for endpoint {webhook} was answered {error.status}"
            if not tried.arrived and not stopped():
                return self._lost(urls, stage, tried.handed.webhook, f"{tried.waited_s:.0f} s")
        return ""

    def _lost(self, urls: list[str], stage: Stage, webhook: int, waited: str) -> str:
        """Why an event did not arrive at an endpoint that was used again: unless the service delivers to a new one,
        it delivers nothing, and the endpoint may well be there.
        """
        service = self._service
        why = f"an event for endpoint {webhook} did not arrive within {waited}"
        if not is_countable(service):  # its set-up is short, and one endpoint would take the place of all
            return why
        self._say(f"{service.name}: {why}: a new endpoint is tried")
        if self._endpoints.delivers_to_new(urls[:1], lambda account: self._settled(account, urls[:1], stage)):
            return f"{why}, and one for a new endpoint did"
        return ""

    def _settled(self, account: Account, urls: list[str], stage: Stage) -> bool:
        """Whether an event arrives at the first of the endpoints that were set up just now."""
        service, stopped = self._service, self._ending.asked.is_set
        self._controls.serve(served_by(service, account).model_copy(update={"catch": True}))
        hand = self._hand(account, stage, "new")
        try:
            if service.settle_by_probe:
                settle_by_probe(hand, self._controls, service, urls, stopped, self._now_s, self._say)
            else:
                settle(service.settle_s, stopped)
            return bool(try_once(hand, self._controls, 0, patience_s(service), stopped, self._now_s).arrived)
        except UntestedError:
            return False

    def _try(self, account: Account, urls: list[str], stage: Stage, served: Served) -> None:
        """Wait until the service knows its endpoints; unless nobody wants that, see one event arrive."""
        service, stopped = self._service, self._ending.asked.is_set
        settles = service.settle_by_probe and self._endpoints.added
        if not settles:
            settle(service.settle_s if self._endpoints.added else 0.0, stopped)
            if not self._settings.probe:
                return
        self._controls.serve(served.model_copy(update={"catch": True}))
        hand = self._hand(account, stage, "probe")
        if settles:
            settle_by_probe(hand, self._controls, service, urls, stopped, self._now_s, self._say)
        if self._settings.probe and not stopped():
            tried = try_once(hand, self._controls, 0, patience_s(service), stopped, self._now_s, self._say)
            if tried.arrived:
                self._say(f"probe: {told(service, tried, served)}")
            elif not stopped():
                why = why_not_arrived(service, tried, urls[0])
                waited = f"it did not arrive within {tried.waited_s:.0f} s"
                raise UntestedError(f"{service.name} accepted the probe, and {waited}: {why}; --no-probe begins anyway")

    def _hand(self, account: Account, stage: Stage, what: str) -> Hand:
        """Hands over events, each of whose ids is new to the service, also where another run made its endpoints."""
        payloads = Marked(self._settings.captured or Generated(stage.payload, self._settings.seed))
        return Hand(self._service, account, self._steps, payloads.body, f"{self._folder.manifest.id} {what}")

    def _now_s(self) -> float:
        return self._clock.now() / 1e9

    def meanwhile(self, number: int, stage: Stage, start_ns: int) -> None:
        """Have happen what the stage plans for the service itself, while it is played."""
        self._endpoints.note(stage)
        if stage.restart:
            at_ns = start_ns + round(restart_at_s(stage, (self._settings.seed, number)) * 1e9)
            self._restarting = gevent.spawn(self._restart_at, number, stage.restart, at_ns)

    def _restart_at(self, number: int, name: str, at_ns: int) -> None:
        if self._ending.asked.wait(max((at_ns - self._clock.now()) / 1e9, 0.0)):
            return
        pause = self._ending.asked.wait
        self._tell_late()
        self._say(f"restart {name}: ends it")
        restarter = Restarter(name, self._service.restart[name], self._values, self._folder.path, self._clock, pause)
        entry = restarter.run(number)
        self._folder.timeline.add(entry)
        # What an earlier one started may have been ended by this one: no fault of it.
        self._restarters = {other: one for other, one in self._restarters.items() if one.serves} | {name: restarter}
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
        if self._renewing:
            self._renewing.kill()
        try:
            self._restarted()
        except OSError as error:
            self._say(f"not written down, that the service was restarted: {with_remedy(error)}")
        try:
            if self._made:
                self._made.end()
        except OSError as error:
            self._say(f"cannot write {with_remedy(error)}")
        finally:
            self._steps.close()
        self._tell_late()
        for name, restarter in self._restarters.items():
            if pid := restarter.serves:
                self._say(f"restart {name}: what was started serves on, as process {pid}: `kill {pid}` ends it")

    def _tell_late(self) -> None:
        """Say and write down what was started, seemed to serve, and has failed since."""
        for name, restarter in self._restarters.items():
            if late := restarter.amended():
                self._say(f"restart {name}: {late.fault}")
                try:
                    self._folder.timeline.add(late)
                except OSError as error:
                    self._say(f"not written down, that it failed: {with_remedy(error)}")

    def fan_out(self) -> int:
        """How many endpoints get an event."""
        record = self._folder.manifest.service
        return shared_by(self._service, record.endpoints if record else 1)


def _record(service: Service, endpoints: int, kept: str | None) -> ServiceRecord:
    return ServiceRecord(
        name=service.name,
        run=service.run,
        endpoints=endpoints,
        group_size=service.group.size if service.group else None,
        fan_out=service.publish.fan_out,
        signed=service.provider.signature is not None,
        drain_s=service.drain_s,
        retry=service.retry.model_dump(mode="json") if service.retry else None,
        retry_window_s=service.retry.window_s if service.retry else None,
        promises=service.promises.model_dump(mode="json", exclude_none=True),
        kept=kept,
    )
