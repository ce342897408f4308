"""What a delivery service is seen to do, over all stages of a run: gathered here from its parts."""

from functools import cached_property

from _hookswarm.analysis.deliveries.classes import BASELINE
from _hookswarm.analysis.deliveries.recorder import Recorder
from _hookswarm.analysis.deliveries.stages import PlayedStage
from _hookswarm.analysis.reading.frames import RunFrames
from _hookswarm.analysis.schema.drains import Drain
from _hookswarm.analysis.schema.isolation import Isolation
from _hookswarm.analysis.schema.outages import Outage
from _hookswarm.analysis.schema.restarts import Restarted
from _hookswarm.analysis.schema.sections import Sections
from _hookswarm.analysis.schema.service import Calibration, Rule, ServiceReport
from _hookswarm.analysis.service.drains import drain_of
from _hookswarm.analysis.service.isolation import Waits, isolation_of, waits_of
from _hookswarm.analysis.service.manners import Manners
from _hookswarm.analysis.service.outages import outage_of
from _hookswarm.analysis.service.restarts import restarted_of
from _hookswarm.analysis.service.retry_law import RetryLaw
from _hookswarm.records.manifest import ServiceRecord
from _hookswarm.records.timeline import IncidentPlayed, ServiceRestarted


class ServiceRecorder(Recorder):
    """Of runs through a service. Shown disturbed stages, too: rules hold in these as well."""

    def __init__(self, frames: RunFrames) -> None:
        super().__init__(frames)
        self._law, self._manners = RetryLaw(frames), Manners(frames)
        self._restarts = {entry.stage: entry for entry in frames.entries(ServiceRestarted)}
        self._usual: dict[str, tuple[str, Waits]] = {}
        """By scenario, what its healthy endpoints waited in its baseline, and the name of that."""
        self._isolation: list[Isolation] = []
        self._drains: list[Drain] = []
        self.restarted: list[Restarted] = []
        """What became of it, and its stores, when they were restarted."""
        self._outages: list[Outage] = []

    def add(self, stage: PlayedStage) -> None:
        self._law.add(stage)
        service = self._frames.manifest.service
        if not service or not stage.published or not stage.arrived:
            return
        self._manners.add(stage)
        self._add_isolation(stage)
        self._add_outage(stage)
        if drain := drain_of(stage, service):
            self._drains.append(drain)
        if entry := self._restarts.get(stage.number):
            earlier = max((number for number in self._restarts if number < stage.number), default=None)
            before = None if earlier is None else self._restarts[earlier]
            self.restarted.append(restarted_of(stage, entry, before))

    def _add_outage(self, stage: PlayedStage) -> None:
        incidents = [entry for entry in self._frames.entries(IncidentPlayed) if entry.stage == stage.number]
        names = [region.name for region in self._frames.manifest.regions]
        if found := outage_of(stage, incidents, names):
            self._outages.append(found)

    def _add_isolation(self, stage: PlayedStage) -> None:
        service, plan = self._frames.manifest.service, stage.plan
        if not service or not plan.classes:
            return
        if plan.scenario.endswith(BASELINE):
            self._usual[plan.scenario.removesuffix(BASELINE)] = plan.name, waits_of(stage)
        elif plan.scenario in self._usual:
            baseline, usual = self._usual[plan.scenario]
            if found := isolation_of(stage, baseline, usual, service):
                self._isolation.append(found)

    @cached_property  # of all stages: read it after the last
    def conformance(self) -> list[Rule] | None:
        """What it does beside what it promises; None where our senders delivered themselves."""
        service = self._frames.manifest.service
        if not service:
            return None
        return [*self._law.rules(), *self._manners.rules(service, self._law.longest_first_s())]

    def fill(self, sections: Sections) -> None:
        service = self._frames.manifest.service
        if not service:
            return
        sections.performance.service = ServiceReport(
            name=service.name,
            tried=service.run,
            endpoints=service.endpoints,
            fan_out=service.fan_out,
            isolation=self._isolation,
            drains=self._drains,
            restarts=self.restarted,
            conformance=self.conformance or [],
            calibration=_calibration(service),
            outages=self._outages,
        )


def _calibration(service: ServiceRecord) -> Calibration | None:
    found = service.calibration
    return Calibration.model_validate(found.model_dump()) if found else None
