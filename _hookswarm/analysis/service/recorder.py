"""What a delivery service is seen to do, over all stages of a run: gathered here from its parts."""

from _hookswarm.analysis.deliveries.recorder import Recorder
from _hookswarm.analysis.deliveries.stages import PlayedStage
from _hookswarm.analysis.reading.frames import RunFrames
from _hookswarm.analysis.schema.sections import Sections
from _hookswarm.analysis.schema.service import ServiceReport
from _hookswarm.analysis.service.manners import Manners


class ServiceRecorder(Recorder):
    """Of runs through a service. Shown disturbed stages, too: rules hold in these as well."""

    def __init__(self, frames: RunFrames) -> None:
        super().__init__(frames)
        self._manners = Manners(frames)

    def add(self, stage: PlayedStage) -> None:
        if self._frames.manifest.service:
            self._manners.add(stage)

    def fill(self, sections: Sections) -> None:
        service = self._frames.manifest.service
        if not service:
            return
        sections.performance.service = ServiceReport(
            name=service.name,
            tried=service.run,
            endpoints=service.endpoints,
            fan_out=service.fan_out,
            conformance=self._manners.rules(service),
        )
