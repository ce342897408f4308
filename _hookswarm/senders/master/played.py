"""How a stage went, by its workers' reports. In a file of its own, since importing Locust patches the process."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from _hookswarm.common.wording import first_of
from _hookswarm.records.worker_report import WorkerReport
from _hookswarm.senders.plan.stages import Stage


@dataclass(frozen=True)
class Played:
    """How a stage went."""

    settled: int
    abandoned: int
    overloaded: bool
    disturbed: bool
    """A sender woke late or had no CPU: what was measured is the generator."""

    @property
    def clogged(self) -> bool:
        """Its queue grew, or was not empty at the end."""
        return self.overloaded or self.abandoned > 0


def played(reports: Sequence[WorkerReport], overloaded: bool, closed: bool) -> Played:
    """Of all workers that reported; whether it was overloaded, and a closed loop, the master knows."""
    return Played(
        settled=sum(report.settled for report in reports),
        abandoned=sum(report.abandoned for report in reports),
        overloaded=overloaded,
        disturbed=any(report.disturbed(closed) for report in reports),
    )


def never_reported(stage: Stage, workers: Collection[str]) -> str:
    """Why a run ends in a stage that some workers did not report in time."""
    named = first_of(sorted(workers), 3)
    return f"stage {stage.name!r}: {len(workers)} workers never reported, {named}: see what they printed last"
