"""What each process used of the CPU over each stage's window, from the resource logs."""

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from _hookswarm.analysis.deliveries import figures
from _hookswarm.analysis.deliveries.figures import Window
from _hookswarm.analysis.deliveries.stages import PlayedStage
from _hookswarm.analysis.reading.frames import RunFrames
from _hookswarm.analysis.resources import curves, machine
from _hookswarm.analysis.schema.cpu import Cpu, CpuSection, CpuStage, ProcessCpu, RoleCpu, Saturation
from _hookswarm.analysis.schema.report import Run
from _hookswarm.records.timeline import StageStarted

TESTS = ("scalability", "resource")
"""The tests that have a section in the report."""

COVERED = 0.5
"""A process whose samples cover less of a window than this share is left out."""

SATURATED = 0.95
"""Of the most throughput of a scenario: more concurrency than brings this is not worth it."""

COUNTERS = ("cpu_user_s", "cpu_system_s", "switches_voluntary", "switches_involuntary")


class CpuUse:
    """Keeps what the processes used in each stage, as they are shown to it."""

    def __init__(self, frames: RunFrames) -> None:
        self._frames = frames
        self._logs = split_logs(frames.resources)
        self._stages: list[CpuStage] = []

    def add(self, stage: PlayedStage) -> CpuStage:
        """What was used in the stage's window. `processes` is empty where none was sampled over half of it."""
        plan, acknowledged = self._frames.manifest.stages[stage.number], stage.delivered.acknowledged_ns
        begin, end = stage.window
        deliveries = int(np.count_nonzero((acknowledged >= begin) & (acknowledged < end)))
        processes = cpu_used(self._logs, stage.window, deliveries)
        found = CpuStage(
            name=stage.plan.name,
            scenario=stage.plan.scenario,
            factor=plan.get("factor", 1),
            repeat=plan.get("repeat", 1),
            users=plan.get("users"),
            throughput_per_s=figures.throughput(stage.delivered, stage.window),
            core_shares=list(machine.machine_used(self._frames.machine, stage.window).core_shares),
            processes=processes,
            roles=_cpu_by_role(processes),
        )
        self._stages.append(found)
        return found

    def section(self) -> CpuSection | None:
        """None where the run's test tells nothing of the CPU."""
        manifest, missing = self._frames.manifest, None
        if manifest.test not in TESTS:
            return None
        if not len(self._frames.resources):
            missing = str(manifest.environment.get("psutil") or "no resource log in the run's folder")
        run = Run.model_validate(manifest, from_attributes=True)
        stages = [stage for stage in self._stages if stage.processes]
        started = [entry.at_ns for entry in self._frames.entries(StageStarted)]
        return CpuSection(
            run=run,
            skipped=missing,
            stages=stages,
            saturation=saturation(stages),
            curves=curves.curves_of(self._logs, started[0]) if started else [],
        )


def saturation(stages: Sequence[CpuStage]) -> list[Saturation]:
    """For each scenario of stages that differ in their users, each number of them once."""
    found = []
    for scenario in dict.fromkeys(stage.scenario for stage in stages):
        own = [stage for stage in stages if stage.scenario == scenario and stage.users and stage.throughput_per_s]
        by_users = {stage.users: stage for stage in own}
        if len(by_users) > 2 and len(by_users) == len(own):
            found.append(_saturation(scenario, [by_users[users] for users in sorted(by_users, key=lambda u: u or 0)]))
    return found


def _saturation(scenario: str, stages: Sequence[CpuStage]) -> Saturation:
    most = max(stage.throughput_per_s or 0.0 for stage in stages)
    enough = next(stage for stage in stages if (stage.throughput_per_s or 0.0) >= SATURATED * most)
    busiest = max(enough.processes, key=lambda process: process.cpu_share)
    return Saturation(
        scenario=scenario,
        users=None if enough is stages[-1] else enough.users,
        throughput_per_s=enough.throughput_per_s or 0.0,
        busiest=busiest.role,
        busiest_share=busiest.cpu_share,
    )


def split_logs(resources: pd.DataFrame) -> list[pd.DataFrame]:
    """The samples of each process, in the order of time."""
    return [own for _, own in resources.dropna(subset=list(COUNTERS[:2])).groupby(["role", "process"])]


def cpu_used(logs: Iterable[pd.DataFrame], window: Window, deliveries: int) -> list[ProcessCpu]:
    """What each process that was sampled over the window used in it, also for each of `deliveries`."""
    begin, end = window
    found = []
    for log in logs:
        at = log["at_ns"].to_numpy()
        if end <= begin or min(at[-1], end) - max(at[0], begin) < COVERED * (end - begin):
            continue
        # Samples come every half second or so: between two of them, counters are taken to grow steadily.
        user, system, *switches = (float(np.diff(np.interp(window, at, log[name]))[0]) for name in COUNTERS)
        length_s = (end - begin) / 1e9
        found.append(
            ProcessCpu(
                process=str(log["process"].iloc[0]),
                role=str(log["role"].iloc[0]),
                cpu_share=round((user + system) / length_s, 4),
                user_share=round(user / length_s, 4),
                system_share=round(system / length_s, 4),
                us_per_delivery=round((user + system) * 1e6 / deliveries, 2) if deliveries else None,
                switches_per_delivery=_each(sum(switches), deliveries),
            )
        )
    return found


def _each(switches: float, deliveries: int) -> float | None:
    """Also null where the platform does not count them."""
    return round(switches / deliveries, 4) if deliveries and not np.isnan(switches) else None


def kind_of(role: str) -> str:
    """sender, receiver, master, watched: a receiver's own role also names its region, a watched process's its name."""
    return role.partition("-")[0]


def cpu_of(processes: Sequence[ProcessCpu], *kinds: str) -> RoleCpu | None:
    """All processes of these roles together; None where there are none."""
    own = [process for process in processes if kind_of(process.role) in kinds]
    return _together(own) if own else None


def _cpu_by_role(processes: Sequence[ProcessCpu]) -> dict[str, RoleCpu]:
    """All processes of a role together."""
    by_role: dict[str, list[ProcessCpu]] = {}
    for process in processes:
        by_role.setdefault(kind_of(process.role), []).append(process)
    return {role: _together(own) for role, own in by_role.items()}


def _together(processes: Sequence[ProcessCpu]) -> RoleCpu:
    sums: dict[str, float | None] = {}
    for name in Cpu.model_fields:
        values = [getattr(process, name) for process in processes]
        sums[name] = None if None in values else round(sum(values), 4)
    busiest = max(process.cpu_share for process in processes)
    return RoleCpu.model_validate(sums | {"processes": len(processes), "busiest_share": busiest})
