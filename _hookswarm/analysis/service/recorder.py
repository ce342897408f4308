"""What a delivery service is seen to do, over all stages of a run: gathered here from its parts."""

from _hookswarm.analysis.deliveries.recorder import Recorder
from _hookswarm.analysis.deliveries.stages import PlayedStage
from _hookswarm.analysis.reading.frames import RunFrames
from _hookswarm.analysis.schema.outages import Outage
from _hookswarm.analysis.schema.sections import Sections
from _hookswarm.analysis.schema.service import Calibration, ServiceReport
from _hookswarm.analysis.service.outages import outage_of
from _hookswarm.records.manifest import ServiceRecord
from _hookswarm.records.timeline import IncidentPlayed


class ServiceRecorder(Recorder):
    """Of runs through a service. Shown disturbed stages, too: rules hold in these as well."""

    def __init__(self, frames: RunFrames) -> None:
        super().__init__(frames)
        self._outages: list[Outage] = []

    def add(self, stage: PlayedStage) -> None:
        incidents = [entry for entry in self._frames.entries(IncidentPlayed) if entry.stage == stage.number]
        names = [region.name for region in self._frames.manifest.regions]
        if found := outage_of(stage, incidents, names):
            self._outages.append(found)

    def fill(self, sections: Sections) -> None:
        service = self._frames.manifest.service
        if not service:
            return
        sections.performance.service = ServiceReport(
            name=service.name,
            tried=service.run,
            endpoints=service.endpoints,
            fan_out=service.fan_out,
            calibration=_calibration(service),
            outages=self._outages,
        )


def _calibration(service: ServiceRecord) -> Calibration | None:
    found = service.calibration
    return Calibration.model_validate(found.model_dump()) if found else None
