"""`memory_usage_results.json`, as models. All sizes are bytes; what could not be measured is null."""

from typing import Literal

from pydantic import Field

from _hookswarm.analysis.schema.base import VERSION, Model, Version
from _hookswarm.analysis.schema.report import Run

Measure = Literal["uss", "rss"]


class Memory(Model):
    """Of one stage: before it, at its largest, and after the pause that follows it."""

    measure: Measure = Field(description="uss: what the process has for itself; rss: where that could not be read")
    start_bytes: int
    peak_bytes: int
    settled_bytes: int | None


class ProcessMemory(Memory):
    """Of one process. The role is sender, master or receiver, a receiver's with its region."""

    process: str
    role: str


class MemoryStage(Model):
    """One stage of the scenario "memory", which came to its end."""

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


class MemoryTrend(Model):
    """One process over the window of a stage that sustains a load; see docs/resource.md."""

    stage: str
    process: str
    role: str
    measure: Measure
    samples: int
    level_bytes: int = Field(description="median")
    peak_bytes: int
    bytes_per_s: Slope | None = Field(description="robust slope with its 99 % interval; null: too short to tell")
    bytes_per_event: float | None = Field(description="slope / events that fell due a second")
    verdict: Literal["flat", "growing", "leak", "unknown"]
    limit_bytes: int | None = Field(
        description="--memory-limit; else the machine's memory, or what the process's control group may have of it"
    )
    limit_from: str | None = Field(
        default=None, description="which of them it is: --memory-limit, control group, machine; and what is not known"
    )
    s_to_limit: int | None = Field(
        description="until the process has come to it, if it goes on so; null: it does not grow"
    )


class MemoryEffect(Model):
    """A process in a stage that differs in one factor from the first that sustains a load: how much more it needs."""

    factor: str = Field(description="payload, webhooks or users")
    from_value: int | str
    to_value: int | str
    process: str
    role: str
    level_bytes: int = Field(description="difference of the levels")
    peak_bytes: int = Field(description="difference of the peaks")


class MemorySection(Model):
    """One test's part of the report."""

    run: Run
    skipped: str | None = Field(description="why nothing was measured")
    stages: list[MemoryStage]
    fits: dict[str, MemoryFit] = Field(description="by role: sender, receiver")
    trends: list[MemoryTrend] = Field(default=[], description="of the stages that sustain a load")
    effects: list[MemoryEffect] = Field(default=[], description="of payloads, webhooks and concurrency")


class MemoryReport(Model):
    """`memory_usage_results.json`: a section for each test that was run, each with its own run."""

    schema_version: Version = VERSION
    sections: dict[str, MemorySection] = Field(default={})
