"""Which stages say nothing of the target: the machine was disturbed, or the generator kept another schedule."""

from collections.abc import Iterator

from _hookswarm.analysis.deliveries.stages import PlayedStage
from _hookswarm.analysis.reading.frames import RunFrames
from _hookswarm.analysis.resources import cpu, disturbance
from _hookswarm.analysis.schema.report import Stage
from _hookswarm.analysis.schema.verdict import Reason
from _hookswarm.analysis.verdicts.codes import Code
from _hookswarm.common.limits import LATE_MS, SHORTEST_S, STARVED_CLOSED_SHARE, STARVED_SHARE
from _hookswarm.records.timeline import BystandersSeen

RESOURCE = "resource"
"""The test that asks what gives out first: a closed loop that lacks CPU is an answer there."""


class StageJudge:
    """Measures what disturbed each stage, and writes it there."""

    def __init__(self, frames: RunFrames, keep: bool = False) -> None:
        """`keep`: disturbed stages keep their figures, which nobody should trust."""
        self._frames = frames
        self._keep = keep
        self._logs = cpu.split_logs(frames.resources)
        manifest = frames.manifest
        self._all_known = all(region.receiver for region in manifest.regions) and not manifest.service
        """All processes that take part keep a log; else others may be the target's."""
        self._scaled = {plain["scenario"] for plain in frames.manifest.stages if plain.get("factor", 1) > 1}
        self._seen = frames.entries(BystandersSeen)

    def __call__(self, played: PlayedStage, stage: Stage) -> bool:
        """Whether the figures of a stage are told."""
        stage.machine = disturbance.disturbance_of(self._frames.machine, self._logs, played.window, self._all_known)
        stage.disturbed = list(self._reasons(played, stage))
        return self._keep or not stage.disturbed

    def _reasons(self, played: PlayedStage, stage: Stage) -> Iterator[Reason]:
        if played.number in self._frames.replayed:
            yield Reason(code=Code.STAGE_REPLAYED, message=f"{stage.name}: it was disturbed, and played once more")
        if stage.machine and stage.window_s >= SHORTEST_S:
            seen = [one for one in self._seen if one.stage == played.number]
            for fault in disturbance.disturbances_of(stage.machine, seen):
                yield Reason(code=Code.MACHINE_DISTURBED, message=f"{stage.name}: {fault}")
        if not (played.plan.limits or stage.scenario in self._scaled):
            yield from self._generator(played, stage)  # else it is told apart what limited the stage

    def _generator(self, played: PlayedStage, stage: Stage) -> Iterator[Reason]:
        found, closed = stage.generator, played.plan.arrivals.kind == "closed"
        if found.late_p99_ms is not None and found.late_p99_ms > LATE_MS:
            message = f"{stage.name}: idle workers woke {found.late_p99_ms:.0f} ms late (p99), off schedule"
            yield Reason(code=Code.GENERATOR_LATE, message=message)
        if closed and self._frames.manifest.test == RESOURCE:
            return
        starved, most = found.starved_share or 0.0, STARVED_CLOSED_SHARE if closed else STARVED_SHARE
        if starved > most and played.ended and played.ended.lasted_s >= SHORTEST_S:
            message = f"{stage.name}: a sender was ready to run and had no CPU for {starved:.0%} of the stage"
            yield Reason(code=Code.GENERATOR_STARVED, message=message)
