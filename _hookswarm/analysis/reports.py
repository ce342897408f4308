"""The analysis of a run: its stages, shown to the recorders of its test, and the verdict."""

from collections.abc import Callable, Sequence

from _hookswarm.analysis.deliveries import stages
from _hookswarm.analysis.deliveries.duplicates import DuplicatesRecorder
from _hookswarm.analysis.deliveries.failures import FailuresRecorder
from _hookswarm.analysis.deliveries.recorder import Recorder
from _hookswarm.analysis.deliveries.rotations import RotationsRecorder
from _hookswarm.analysis.deliveries.series import SeriesRecorder
from _hookswarm.analysis.deliveries.stages import PlayedStage
from _hookswarm.analysis.reading.frames import RunFrames
from _hookswarm.analysis.regions.failovers import FailoversRecorder
from _hookswarm.analysis.regions.receiver_outages import OutagesRecorder
from _hookswarm.analysis.regions.regions import RegionsRecorder
from _hookswarm.analysis.regions.strategies import StrategiesRecorder
from _hookswarm.analysis.resources.limit import LimitRecorder
from _hookswarm.analysis.resources.memory import MemoryRecorder
from _hookswarm.analysis.resources.watched import watched_of
from _hookswarm.analysis.scaling.capacity import CapacityRecorder
from _hookswarm.analysis.scaling.scaling import ScalingRecorder
from _hookswarm.analysis.schema.report import Run, Section, Stage
from _hookswarm.analysis.schema.sections import Sections
from _hookswarm.analysis.service.recorder import ServiceRecorder
from _hookswarm.analysis.verdicts import asked, default_checks, verdict
from _hookswarm.analysis.verdicts.checks import Check
from _hookswarm.analysis.verdicts.findings import findings_of
from _hookswarm.analysis.verdicts.trust import StageJudge

ALWAYS: tuple[Callable[[RunFrames], Recorder], ...] = (LimitRecorder, SeriesRecorder, MemoryRecorder)
BY_TEST: dict[str, tuple[Callable[[RunFrames], Recorder], ...]] = {
    "scalability": (ScalingRecorder, CapacityRecorder),
    "distribution": (RegionsRecorder, StrategiesRecorder, FailoversRecorder),
}
"""What a test's section tells beyond what all do."""
OF_SENDERS: tuple[Callable[[RunFrames], Recorder], ...] = (StrategiesRecorder, FailoversRecorder)
"""What is about senders that choose regions: of a run through a service there is nothing to tell."""


def analyse(frames: RunFrames, keep_disturbed: bool = False, checks: Sequence[Check] = ()) -> Sections:
    """What a run has to say, in its section of each report; of disturbed stages no figures, unless they are kept.

    `checks`: those that somebody asked for.
    """
    outages, duplicates, rotations = OutagesRecorder(frames), DuplicatesRecorder(frames), RotationsRecorder(frames)
    failures, service = FailuresRecorder(frames), ServiceRecorder(frames)
    trusted = StageJudge(frames, keep_disturbed)
    wanted = [
        one
        for one in (*ALWAYS, *BY_TEST.get(frames.manifest.test, ()))
        if not (frames.manifest.service and one in OF_SENDERS)
    ]
    recorders = [recorder(frames) for recorder in wanted]

    def judge(played: PlayedStage, stage: Stage) -> bool:
        for recorder in (outages, duplicates, rotations, failures, service):  # of disturbed stages, too
            recorder.add(played)
        return trusted(played, stage)

    computed = stages.stage_figures(frames, *(recorder.add for recorder in recorders), judge=judge)
    for recorder in (outages, *recorders):
        recorder.annotate(computed)
    judged = default_checks.judge_defaults(frames, computed, service.conformance)
    sections = Sections(
        Section(
            run=Run.model_validate(frames.manifest, from_attributes=True),
            verdict=verdict.verdict_of(
                frames, computed, judged or (), duplicates.found, rotations.found, service.restarted
            ),
            clock_uncertainty_ms=round(frames.clock_uncertainty_ns / 1e6, 3),
            stages=computed,
            series=None,
            scaling=None,
            usl=None,
            capacity=None,
            default_checks=judged,
            watched=watched_of(frames),
        )
    )
    for recorder in (duplicates, rotations, failures, service, *recorders):
        recorder.fill(sections)
    asked.judge_asked(sections, checks)
    sections.performance.findings = findings_of(sections)
    return sections
