"""`memory_usage_results.json`, as models. All sizes are bytes; what could not be measured is null."""

from typing import Literal

from pydantic import Field

from analysis.base import Model
from analysis.models import Run

Measure = Literal["uss", "rss"]


class Memory(Model):
    """Of one stage: before it, at its largest, and after the pause behind it."""

    measure: Measure = Field(description="uss: what the process has for itself; rss: where that could not be read")
    start_bytes: int
    peak_bytes: int
    settled_bytes: int | None


class ProcessMemory(Memory):
    process: str
    role: str


class MemoryStage(Model):
    name: str
    webhooks: int
    events: int = Field(description="that fell due")
    processes: list[ProcessMemory]
    roles: dict[str, Memory] = Field(description="sender, receiver: all processes of a role together")


class Slope(Model):
    """A robust slope and its 95 % confidence interval."""

    value: float
    low: float
    high: float


class Growth(Model):
    """Null where the stages have fewer than three values of a factor, or the factors cannot be told apart."""

    bytes_per_webhook: Slope | None
    bytes_per_event: Slope | None


class MemoryFit(Model):
    """How a role grows over the numbers of webhooks and events; see docs/memory.md."""

    peak: Growth = Field(description="peak - start: what the work needs")
    settled: Growth = Field(description="settled - start: what it leaves behind")


class MemorySection(Model):
    """One test's part of the report."""

    run: Run
    skipped: str | None = Field(description="why nothing was measured")
    stages: list[MemoryStage]
    fits: dict[str, MemoryFit] = Field(description="by role: sender, receiver")


class MemoryReport(Model):
    """`memory_usage_results.json`: a section for each test that was run, each with its own run."""

    schema_version: Literal[1] = 1
    sections: dict[str, MemorySection] = Field(default={})
