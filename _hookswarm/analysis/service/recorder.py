"""What a delivery service is seen to do, over all stages of a run: gathered here from its parts."""

from functools import cached_property

from _hookswarm.analysis.deliveries.recorder import Recorder
from _hookswarm.analysis.deliveries.stages import PlayedStage
from _hookswarm.analysis.reading.frames import RunFrames
from _hookswarm.analysis.schema.sections import Sections
from _hookswarm.analysis.schema.service import Rule, ServiceReport
from _hookswarm.analysis.service.retry_law import RetryLaw


class ServiceRecorder(Recorder):
    """Of runs through a service. Shown disturbed stages, too: rules hold in these as well."""

    def __init__(self, frames: RunFrames) -> None:
        super().__init__(frames)
        self._law = RetryLaw(frames)

    def add(self, stage: PlayedStage) -> None:
        self._law.add(stage)

    @cached_property  # of all stages: read it after the last
    def conformance(self) -> list[Rule] | None:
        """What it does beside what it promises; None where our senders delivered themselves."""
        return self._law.rules() if self._frames.manifest.service else None

    def fill(self, sections: Sections) -> None:
        service = self._frames.manifest.service
        if not service:
            return
        sections.performance.service = ServiceReport(
            name=service.name,
            tried=service.run,
            endpoints=service.endpoints,
            fan_out=service.fan_out,
            conformance=self.conformance or [],
        )
