"""`io_bottleneck_results.json`, as models. Shares are of the stage's window; what could not be measured is null."""

from typing import Any

from pydantic import Field

from _hookswarm.analysis.schema.base import VERSION, Model, Quantiles, Version
from _hookswarm.analysis.schema.report import Run


class Suspect(Model):
    """One resource that may have given out first."""

    name: str
    pressure: float = Field(description="how near its limit it was: 1 is at the limit of the rule")
    evidence: str


class IoStage(Model):
    """One stage: what its machine did to disk and network, and which resource gave out first."""

    name: str
    scenario: str
    parameters: dict[str, Any]
    throughput_per_s: float | None
    net_bytes_per_s: float | None = Field(description="sent by this machine, loopback among it")
    disk_write_bytes_per_s: float | None = Field(description="of this machine")
    disk_writes_per_s: float | None
    disk_busy_share: float | None = Field(description="of the busiest disk")
    iowait_share: float | None = Field(description="of all cores' time")
    steal_share: float | None = Field(description="of all cores' time, taken by the host for others")
    io_pressure_share: float | None = Field(description="of the time, how long some process waited for a disk")
    cpu_pressure_share: float | None = Field(description="the same for a CPU")
    fsync_ms: Quantiles = Field(description="how long each fdatasync of the receivers took")
    fsync_share: float | None = Field(description="share of the time that the busiest receiving process was in one")
    connections_share: float | None = Field(description="attempts that opened a connection / attempts")
    connecting_share: float | None = Field(
        default=None,
        description="of the time in which workers awaited answers, that in which they still connected; null: not told",
    )
    inside_receiver_share: float | None = Field(description="of the attempts' time, from received to answered")
    bottleneck: str = Field(description="what gave out first, or none")
    evidence: str
    runner_up: Suspect | None
    try_next: str
    suspects: list[Suspect] = Field(description="all that were looked at, the nearest to its limit first")


class IoSection(Model):
    """One test's part of the report."""

    run: Run
    skipped: str | None = Field(description="why the machine and the processes were not measured")
    stages: list[IoStage]


class IoReport(Model):
    """`io_bottleneck_results.json`: a section for each test that was run, each with its own run."""

    schema_version: Version = VERSION
    sections: dict[str, IoSection] = Field(default={})
