"""What a delivery service is seen to do, over all stages of a run: gathered here from its parts."""

from _hookswarm.analysis.deliveries.recorder import Recorder
from _hookswarm.analysis.schema.sections import Sections
from _hookswarm.analysis.schema.service import Calibration, ServiceReport
from _hookswarm.records.manifest import ServiceRecord


class ServiceRecorder(Recorder):
    """Of runs through a service. Shown disturbed stages, too: rules hold in these as well."""

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
        )


def _calibration(service: ServiceRecord) -> Calibration | None:
    found = service.calibration
    return Calibration.model_validate(found.model_dump()) if found else None
