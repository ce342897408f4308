"""Report files: sections of a run replaced, the others left, written atomically."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd
from pydantic import ValidationError

from _hookswarm.analysis.deliveries import series, stages
from _hookswarm.analysis.reading.frames import RunFrames
from _hookswarm.analysis.regions import failovers, regions, strategies
from _hookswarm.analysis.resources import disturbance, io, limit, memory, memory_trends
from _hookswarm.analysis.scaling import capacity, scaling
from _hookswarm.analysis.schema.cpu import CpuReport, CpuSection
from _hookswarm.analysis.schema.io import IoReport, IoSection
from _hookswarm.analysis.schema.memory import MemoryReport, MemorySection
from _hookswarm.analysis.schema.report import PerformanceReport, Run, Section
from _hookswarm.analysis.verdicts import verdict
from _hookswarm.records.run import RunError, write_atomically

PERFORMANCE = "webhook_performance_results.json"
MEMORY = "memory_usage_results.json"
CPU = "cpu_utilization_results.json"
IO = "io_bottleneck_results.json"

Report = PerformanceReport | MemoryReport | CpuReport | IoReport
MODELS: dict[str, type[Report]] = {
    PERFORMANCE: PerformanceReport,
    MEMORY: MemoryReport,
    CPU: CpuReport,
    IO: IoReport,
}


WITH_SERIES = ("load", "distribution")
"""The tests whose section tells the series, too."""

WITH_REGIONS = ("distribution",)
"""The tests whose section tells regions, strategies and failovers."""

WITH_SCALING = ("scalability",)
"""The tests whose section tells how it scales."""


@dataclass(frozen=True)
class Findings:
    """What a run has to say: its section of each report file; None where its plan tests no such thing."""

    performance: Section
    memory: MemorySection | None = None
    cpu: CpuSection | None = None
    io: IoSection | None = None
    series: pd.DataFrame = field(default_factory=pd.DataFrame)
    """What happened in every second of every stage, for `series.csv`."""


def findings(frames: RunFrames) -> Findings:
    recorder, limits = series.Recorder(frames.manifest.outcomes), limit.Recorder(frames)
    tries, resources, trends = capacity.Recorder(frames), io.Recorder(frames), memory_trends.Recorder(frames)
    by_region, compared, failed = regions.Recorder(frames), strategies.Recorder(frames), failovers.Recorder(frames)
    spread, disturbed = frames.manifest.test in WITH_REGIONS, disturbance.Recorder(frames)
    watchers = [recorder.add, limits.add, tries.add, resources.add, trends.add, disturbed.add]
    if spread:
        watchers += [by_region.add, compared.add, failed.add]
    computed = stages.compute(frames, *watchers)
    limits.tell(computed)
    disturbed.tell(computed)
    scales = frames.manifest.test in WITH_SCALING
    section = Section(
        run=Run.model_validate(frames.manifest, from_attributes=True),
        verdict=verdict.compute(frames, computed),
        clock_uncertainty_ms=round(frames.clock_uncertainty_ns / 1e6, 3),
        stages=computed,
        series=recorder.points if frames.manifest.test in WITH_SERIES else None,
        scaling=scaling.compute(computed) if scales else None,
        usl=scaling.laws(computed) if scales else None,
        capacity=tries.compute(computed) if scales else None,
        regions=by_region.found if spread else None,
        strategies=compared.compute() if spread else None,
        failovers=failed.failovers if spread else None,
    )
    return Findings(
        section,
        memory=memory.compute(frames, trends.found) if memory.planned(frames) else None,
        io=resources.section(computed),
        cpu=limits.cpu.section(),
        series=recorder.table(),
    )


def section(frames: RunFrames) -> Section:
    """What a run has to say for `webhook_performance_results.json`."""
    return findings(frames).performance


def read(folder: Path) -> dict[str, Report]:
    """The reports in `folder` by file, empty where there is none; raises RunError if a file is none of ours."""
    return {name: _read(folder / name, model) for name, model in MODELS.items()}


def _read(path: Path, model: type[Report]) -> Report:
    try:
        return model.model_validate_json(path.read_bytes())
    except FileNotFoundError:
        return model()
    except ValidationError as error:
        fault = error.errors()[0]
        place = ".".join(map(str, fault["loc"])) or "file"
        raise RunError(f"{path} is not a report of this version ({place}: {fault['msg']}); move it away") from None


def write(folder: Path, found: Findings) -> list[Path]:
    """Replace a run's sections of the reports in `folder`; returns what was written. Raises RunError, OSError."""
    reports = read(folder)  # all of them, before the first is written
    written = []
    for name, own in ((PERFORMANCE, found.performance), (MEMORY, found.memory), (CPU, found.cpu), (IO, found.io)):
        if own:
            sections = reports[name].sections | {own.run.test: own}
            report = reports[name].model_copy(update={"sections": sections})
            write_atomically(folder / name, report.model_dump_json(indent=2) + "\n")
            written.append(folder / name)
    return written


def schemas() -> dict[str, str]:
    """The JSON Schema of each report file, as text."""
    texts = {
        name: json.dumps(model.model_json_schema(mode="serialization"), indent=2) for name, model in MODELS.items()
    }
    return {name.replace(".json", ".schema.json"): text + "\n" for name, text in texts.items()}
