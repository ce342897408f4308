"""What is kept of a service's runs: the figures of which docs/services.md is made, a file for each configuration."""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Literal

from pydantic import Field

from _hookswarm import __version__
from _hookswarm.analysis.resources.cpu import kind_of
from _hookswarm.analysis.schema.base import Model
from _hookswarm.analysis.schema.cpu import CpuReport, RoleCpu
from _hookswarm.analysis.schema.memory import MemoryReport, MemoryTrend
from _hookswarm.analysis.schema.report import PerformanceReport, Stage
from _hookswarm.analysis.schema.scalability import Capacity
from _hookswarm.analysis.schema.service import ServiceReport
from _hookswarm.analysis.schema.verdict import Verdict
from _hookswarm.records.exit_codes import Exit
from _hookswarm.records.writing import write_atomically
from benchmarks.services.refusals import Refusal
from benchmarks.services.runs import CHECKOUT

FOLDER = CHECKOUT / "docs" / "services"
WATCHED = "watched"


class KeptStage(Model):
    """A stage's figures, of those that count."""

    name: str
    scenario: str
    rate_per_s: float | None = Field(description="offered; null: as answers came")
    window_s: float
    due: int
    acknowledged: int
    in_doubt: int
    accepted: int
    lost: int
    missing: int
    doubled: int = Field(description="arrivals after an acknowledged one that the plan did not ask for")
    rewritten: int
    corrupt: int
    unexpected: int
    balanced: bool
    p50_ms: float | None = Field(description="offered to taken")
    p99_ms: float | None
    disturbed: list[str] = Field(description="codes of what disturbed it")
    cpu: RoleCpu | None = Field(description="of the service's processes together; null: not sampled")


class KeptRun(Model):
    """One run."""

    run: str = Field(description="its name in `runs.RUNS`")
    seed: int
    id: str
    started_at: datetime
    hookswarm: str = Field(description="version")
    machine: str
    options: list[str] = Field(description="of the product's command")
    exit_code: int
    took_s: float
    verdict: Verdict
    stages: list[KeptStage]
    capacity: list[Capacity]
    service: ServiceReport
    memory: list[MemoryTrend] = Field(description="of the service's processes")

    @property
    def void(self) -> bool:
        """Whether it cannot be trusted."""
        return self.exit_code == Exit.VOID


class Kept(Model):
    """A service in one configuration: `docs/services/NAME-CONFIGURATION.json`."""

    schema_version: Literal[1] = 1
    service: str
    configuration: str
    runs: list[KeptRun] = Field(default=[])
    refusals: list[Refusal] = Field(default=[])

    def played(self, run: str, seed: int | None = None) -> Iterator[KeptRun]:
        """Runs of that name that can be trusted."""
        return (one for one in self.runs if one.run == run and seed in (None, one.seed) and not one.void)

    def put(self, new: KeptRun) -> None:
        """In place of what was kept of the same run and seed."""
        others = [one for one in self.runs if (one.run, one.seed) != (new.run, new.seed)]
        self.runs = sorted([*others, new], key=lambda one: (one.run, one.seed))

    def save(self, folder: Path = FOLDER) -> None:
        """Raises OSError."""
        folder.mkdir(exist_ok=True)
        write_atomically(file_of(self.service, self.configuration, folder), self.model_dump_json(indent=1) + "\n")


def file_of(service: str, configuration: str, folder: Path = FOLDER) -> Path:
    """Where it is kept."""
    return folder / f"{service}-{configuration}.json"


def load(service: str, configuration: str, folder: Path = FOLDER) -> Kept:
    """What is kept; nothing yet: an empty one. Raises ValueError where the file is damaged, OSError."""
    file = file_of(service, configuration, folder)
    if not file.exists():
        return Kept(service=service, configuration=configuration)
    return Kept.model_validate_json(file.read_text(encoding="utf-8"))


def all_kept(folder: Path = FOLDER) -> list[Kept]:
    """Every file, by name."""
    return [Kept.model_validate_json(file.read_text(encoding="utf-8")) for file in sorted(folder.glob("*-*.json"))]


def kept_of(folder: Path, run: str, test: str, options: list[str], exit_code: int, took_s: float) -> KeptRun:
    """What a run's reports in `folder` come to. Raises KeyError where they have no such test, OSError, ValueError."""

    def text(name: str) -> str:
        file = folder / f"{name}_results.json"
        return file.read_text(encoding="utf-8") if file.exists() else "{}"

    section = PerformanceReport.model_validate_json(text("webhook_performance")).sections[test]
    cpu = CpuReport.model_validate_json(text("cpu_utilization")).sections.get(test)
    memory = MemoryReport.model_validate_json(text("memory_usage")).sections.get(test)
    if section.service is None:
        raise ValueError("the run was not played through a service")
    used = {stage.name: stage.roles.get(WATCHED) for stage in (cpu.stages if cpu else ())}
    about = section.run.environment
    return KeptRun(
        run=run,
        seed=section.run.seed,
        id=section.run.id,
        started_at=section.run.started_at,
        hookswarm=__version__,
        machine=f"{about['cpu_count']} cores ({about['cpu_model']})",
        options=options,
        exit_code=exit_code,
        took_s=round(took_s, 1),
        verdict=section.verdict,
        stages=[_stage(stage, used.get(stage.name)) for stage in section.stages],
        capacity=section.capacity or [],
        service=section.service,
        memory=[one for one in (memory.trends if memory else ()) if kind_of(one.role) == WATCHED],
    )


def _stage(stage: Stage, cpu: RoleCpu | None) -> KeptStage:
    through, ledger, latency = stage.through, stage.ledger, stage.latency_ms.delivery
    assert through
    return KeptStage(
        name=stage.name,
        scenario=stage.scenario,
        rate_per_s=(stage.parameters.get("arrivals") or {}).get("rate"),
        window_s=stage.window_s,
        due=stage.deliveries.due,
        acknowledged=stage.deliveries.acknowledged,
        in_doubt=stage.deliveries.in_doubt,
        accepted=through.accepted,
        lost=ledger.lost or 0,
        missing=through.missing,
        doubled=ledger.duplicated_spurious or 0,
        rewritten=through.rewritten,
        corrupt=ledger.corrupt or 0,
        unexpected=ledger.unexpected or 0,
        balanced=ledger.balanced,
        p50_ms=latency.p50,
        p99_ms=latency.p99,
        disturbed=[reason.code for reason in stage.disturbed],
        cpu=cpu,
    )
