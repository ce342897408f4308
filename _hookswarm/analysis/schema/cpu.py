"""`cpu_utilization_results.json`, as models. Shares are of one core; what could not be measured is null."""

from pydantic import Field

from _hookswarm.analysis.schema.base import VERSION, Model, Version
from _hookswarm.analysis.schema.curves import Curve
from _hookswarm.analysis.schema.report import Run


class Cpu(Model):
    """What was used over a stage's window."""

    cpu_share: float = Field(description="of one core: user + system; of a role, all its processes together")
    user_share: float
    system_share: float
    us_per_delivery: float | None = Field(description="CPU time / deliveries acknowledged in the window, of the stage")
    switches_per_delivery: float | None = Field(description="context switches, voluntary or not")


class ProcessCpu(Cpu):
    """What one process used. The role is sender, master or receiver, a receiver's with its region."""

    process: str
    role: str


class RoleCpu(Cpu):
    """What all processes of a role used together: shares may be more than 1."""

    processes: int
    busiest_share: float = Field(description="the busiest process, of one core")


class CpuStage(Model):
    """One stage's CPU over its window. Processes that were sampled over less than half of it are not in it."""

    name: str
    scenario: str
    users: int | None = Field(default=None, description="the concurrency")
    throughput_per_s: float | None = Field(default=None, description="acknowledged in the window / its length")
    core_shares: list[float] = Field(default=[], description="how busy each core of the machine was")
    factor: int = Field(description="how many times the smallest stage of its scenario")
    repeat: int
    processes: list[ProcessCpu]
    roles: dict[str, RoleCpu] = Field(description="sender, receiver, master")


class Saturation(Model):
    """Stages of one scenario that differ in concurrency: from where on more of it brings no more throughput."""

    scenario: str
    users: int | None = Field(description="the fewest that bring 95 % of the most; null: it was still growing")
    throughput_per_s: float = Field(description="there; where it was still growing, the most that was seen")
    busiest: str | None = Field(description="role of the process that used the most of a core there")
    busiest_share: float | None


class CpuSection(Model):
    """One test's part of the report."""

    run: Run
    skipped: str | None = Field(description="why nothing was measured")
    stages: list[CpuStage]
    saturation: list[Saturation] = Field(default=[])
    curves: list[Curve] = Field(default=[], description="of every process")


class CpuReport(Model):
    """`cpu_utilization_results.json`: a section for each test that was run, each with its own run."""

    schema_version: Version = VERSION
    sections: dict[str, CpuSection] = Field(default={})
