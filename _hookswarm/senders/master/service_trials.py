"""A service tried before a run: whether it still has endpoints of an earlier run, knows new ones, and delivers."""

from _hookswarm.protocol.served import Served
from _hookswarm.senders.master.ending import UntestedError
from _hookswarm.senders.master.run import Run
from _hookswarm.senders.master.service_endpoints import ServiceEndpoints
from _hookswarm.senders.master.settling import settle_by_probe
from _hookswarm.senders.master.trial import patience_s, told, try_once, why_not_arrived
from _hookswarm.senders.plan.stages import Stage
from _hookswarm.senders.service.account import Account, settle
from _hookswarm.senders.service.endpoints import served_by
from _hookswarm.senders.service.handing import Hand
from _hookswarm.senders.service.kept import is_countable
from _hookswarm.senders.service.steps import StepError, Steps
from _hookswarm.senders.service.table import Service

NOT_THEIRS = (401, 403, 429)
"""Answers that say nothing of whether an endpoint is there."""


class Trials:
    """Of one run, each by single events; it is over early where the run is asked to end."""

    def __init__(self, run: Run, endpoints: ServiceEndpoints, steps: Steps, first: Stage) -> None:
        """`first` is the plan's first stage: events have payloads as in it."""
        assert run.settings.service
        self._service: Service = run.settings.service
        self._settings, self._folder, self._controls = run.settings, run.folder, run.controls
        self._clock, self._say, self._stopped = run.clock, run.say, run.ending.asked.is_set
        self._endpoints = endpoints
        self._steps = steps
        self._first = first

    def gone(self, account: Account, urls: list[str]) -> str:
        """Why endpoints that an earlier run set up are not there any more; empty: they are.

        The first and the last of them are looked at. Raises StepError where the service takes nothing at all,
        UntestedError where it delivers nothing, ControlError, OSError.
        """
        service, stopped, again = self._service, self._stopped, self._endpoints.used_again
        self._controls.serve(served_by(service, account).model_copy(update={"catch": True}))
        hand = self._hand(account, "again")
        for webhook in sorted({0, again - 1}):
            try:
                tried = try_once(hand, self._controls, webhook, patience_s(service), stopped, self._now_s, self._say)
            except StepError as error:
                if error.status is None or error.status in NOT_THEIRS or error.status >= 500:
                    raise
                return f"an event for endpoint {webhook} was answered {error.status}"
            if not tried.arrived and not stopped():
                return self._lost(urls, tried.handed.webhook, f"{tried.waited_s:.0f} s")
        return ""

    def _lost(self, urls: list[str], webhook: int, waited: str) -> str:
        """Why an event did not arrive at an endpoint that was used again: unless the service delivers to a new one,
        it delivers nothing, and the endpoint may well be there.
        """
        service = self._service
        why = f"an event for endpoint {webhook} did not arrive within {waited}"
        if not is_countable(service):  # its set-up is short, and one endpoint would take the place of all
            return why
        self._say(f"{service.name}: {why}: a new endpoint is tried")
        if self._endpoints.delivers_to_new(urls[:1], lambda account: self._settled(account, urls[:1])):
            return f"{why}, and one for a new endpoint did"
        return ""

    def _settled(self, account: Account, urls: list[str]) -> bool:
        """Whether an event arrives at the first of the endpoints that were set up just now."""
        service, stopped = self._service, self._stopped
        self._controls.serve(served_by(service, account).model_copy(update={"catch": True}))
        hand = self._hand(account, "new")
        try:
            if service.settle_by_probe:
                settle_by_probe(hand, self._controls, service, urls, stopped, self._now_s, self._say)
            else:
                settle(service.settle_s, stopped)
            return bool(try_once(hand, self._controls, 0, patience_s(service), stopped, self._now_s).arrived)
        except UntestedError:
            return False

    def settle_and_see(self, account: Account, urls: list[str], served: Served) -> None:
        """Wait until the service knows its endpoints; unless nobody wants that, see one event arrive.

        Raises UntestedError where none does, StepError where the service does not take it, ControlError.
        """
        service, stopped = self._service, self._stopped
        settles = service.settle_by_probe and self._endpoints.added
        if not settles:
            settle(service.settle_s if self._endpoints.added else 0.0, stopped)
            if not self._settings.probe:
                return
        self._controls.serve(served.model_copy(update={"catch": True}))
        hand = self._hand(account, "probe")
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

    def _hand(self, account: Account, what: str) -> Hand:
        """Hands over events, each of whose ids is new to the service, also where another run made its endpoints."""
        payloads = self._settings.payloads(self._first)
        return Hand(self._service, account, self._steps, payloads.body, f"{self._folder.manifest.id} {what}")

    def _now_s(self) -> float:
        return self._clock.now() / 1e9
