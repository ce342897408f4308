"""What befalls single regions in a stage: told to their receivers ahead, written down as it was."""

from dataclasses import replace

from _hookswarm.protocol.faults import FaultOrder
from _hookswarm.protocol.outage import OUTAGES, Outage
from _hookswarm.records.timeline import IncidentPlayed, Timeline
from _hookswarm.senders.master.control import Controls
from _hookswarm.senders.plan.stages import CUTS, Incident, Stage


class Incidents:
    """Of one stage. Every call may raise ControlError, or OSError."""

    def __init__(self, number: int, stage: Stage, start_ns: int, seed: int, origins: list[int]) -> None:
        """`seed` is that of faults; `origins` are the codes of all."""
        self._number = number
        self._stage = stage
        self._start_ns = start_ns
        self._seed = seed
        self._origins = origins

    def tell(self, controls: Controls) -> None:
        """Have the receivers know what will befall them. Cuts are the senders' business."""
        for incident in self._stage.incidents:
            begin_ns, end_ns = self._planned(incident)
            for region in incident.regions:
                if incident.fault == "refused" or incident.fault == "frozen":
                    controls.set_outage(region, Outage(incident.fault, begin_ns, end_ns))
                elif incident.faults:
                    faults = replace(incident.faults, seed=self._seed)
                    period_s = incident.period_s if incident.fault == "flapping" else None
                    controls.befall(region, FaultOrder(faults, begin_ns, end_ns, period_s))

    def write(self, controls: Controls, timeline: Timeline) -> None:
        """After the stage: write down what was; waits until regions that were out are back."""
        for incident in self._stage.incidents:
            begin_ns, end_ns = self._planned(incident)
            if incident.fault in OUTAGES:
                seen = [controls.await_outage(region) for region in incident.regions]
                begin_ns, end_ns = min(begun for begun, _ in seen), max(ended for _, ended in seen)
            cut = incident.fault in CUTS
            timeline.add(
                IncidentPlayed(
                    at_ns=begin_ns,
                    until_ns=end_ns,
                    stage=self._number,
                    fault=incident.fault,
                    regions=list(incident.regions),
                    origins=list(incident.origins) if cut and incident.origins else self._origins,
                    period_s=incident.period_s if incident.fault == "flapping" else None,
                )
            )

    def _planned(self, incident: Incident) -> tuple[int, int]:
        begin_ns = self._start_ns + round(incident.from_s * 1e9)
        return begin_ns, begin_ns + round(incident.for_s * 1e9)
