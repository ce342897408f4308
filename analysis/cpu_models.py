"""`cpu_utilization_results.json`, as models. Shares are of one core; what could not be measured is null."""

from typing import Literal

from pydantic import Field

from analysis.base import Model
from analysis.models import Run


class Cpu(Model):
    """What was used over a stage's window."""

    cpu_share: float = Field(description="of one core: user + system; of a role, all its processes together")
    user_share: float
    system_share: float
    us_per_delivery: float | None = Field(description="CPU time / deliveries acknowledged in the window, of the stage")
    switches_per_delivery: float | None = Field(description="context switches, voluntary or not")


class ProcessCpu(Cpu):
    process: str
    role: str


class RoleCpu(Cpu):
    processes: int
    busiest_share: float = Field(description="the busiest process, of one core")


class CpuStage(Model):
    name: str
    scenario: str
    factor: int = Field(description="how many times the smallest stage of its scenario")
    repeat: int
    processes: list[ProcessCpu]
    roles: dict[str, RoleCpu] = Field(description="sender, receiver, master")


class CpuSection(Model):
    """One test's part of the report."""

    run: Run
    skipped: str | None = Field(description="why nothing was measured")
    stages: list[CpuStage]


class CpuReport(Model):
    """`cpu_utilization_results.json`: a section for each test that was run, each with its own run."""

    schema_version: Literal[1] = 1
    sections: dict[str, CpuSection] = Field(default={})
