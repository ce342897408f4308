"""A run through a delivery service, as the master conducts it: set-up, what is told to whom, restarts, teardown."""

from typing import Any

import gevent
from locust.runners import MasterRunner

from _hookswarm.common.errors import ConfigError
from _hookswarm.common.wording import with_remedy
from _hookswarm.protocol.faults import FaultOrder
from _hookswarm.records.manifest import ServiceRecord
from _hookswarm.records.timeline import ServiceDrained
from _hookswarm.senders.exchange.messages import PUBLISH, RENEWED, Published, Renewed
from _hookswarm.senders.master.drains import Drains
from _hookswarm.senders.master.ending import UntestedError
from _hookswarm.senders.master.renewing import keep_renewed
from _hookswarm.senders.master.restarts import Restarter
from _hookswarm.senders.master.run import Run
from _hookswarm.senders.master.service_endpoints import ServiceEndpoints
from _hookswarm.senders.master.service_trials import Trials
from _hookswarm.senders.plan.plan import Plan
from _hookswarm.senders.plan.restarts import restart_at_s
from _hookswarm.senders.plan.stages import Stage
from _hookswarm.senders.service.endpoints import endpoint_urls, served_by, shared_by
from _hookswarm.senders.service.steps import StepError, Steps
from _hookswarm.senders.service.table import Service


class ServiceRun:
    """One run's."""

    def __init__(self, run: Run) -> None:
        assert run.settings.service
        self._run = run
        self._service: Service = run.settings.service
        self._settings, self._folder, self._controls = run.settings, run.folder, run.controls
        self._runner, self._ending = run.runner, run.ending
        self._clock, self._say = run.clock, run.say
        self._steps = Steps(self._service, tls=run.settings.tls)
        self._steps.say = run.say
        self._made: ServiceEndpoints | None = None
        self._values: dict[str, str] = {}
        """Of the account, for the whole run."""
        self._published: dict[str, Any] = {}
        self._introduced: set[str] = set()
        """Sending processes that were told."""
        self._restarting: gevent.Greenlet | None = None
        self._renewing: gevent.Greenlet | None = None
        self._restarters: dict[str, Restarter] = {}
        self._drains = Drains(
            run.settings, run.folder.timeline, run.folder.path, run.controls, run.inbox, run.ending, run.clock, run.say
        )
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
            trials = Trials(self._run, endpoints, self._steps, plan.stages[0])
            account = endpoints.set_up(urls)
            endpoints.renew()
            if endpoints.used_again and self._settings.probe and (why := trials.gone(account, urls)):
                account = endpoints.set_up_anew(urls, why)
            self._values = account.run
            if self._ending.asked.is_set():
                return
            served = served_by(service, account, self._folder.manifest.id)
            trials.settle_and_see(account, urls, served)
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
            self._renewing = gevent.spawn(keep_renewed, endpoints, self._tell_renewed, self._ending, self._say)

    def _tell_renewed(self, values: dict[str, str]) -> None:
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
        except Exception as error:  # a fault of ours; what was set up is taken down all the same
            self._say(f"the restart failed: {error!r}: see whether the service runs")
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
