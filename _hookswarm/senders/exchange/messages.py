"""What master and workers tell each other beside Locust's own messages, and the user."""

from typing import Any

from pydantic import BaseModel, ConfigDict

from _hookswarm.records.manifest import HostRecord

READY = "hookswarm.ready"
"""Worker to master: a Ready; said again and again until that is heard."""
HEARD = "hookswarm.heard"
"""Master to worker: a Heard."""
STAGE = "hookswarm.stage"
"""Master to worker: an Announcement."""
HALT = "hookswarm.halt"
"""Master to worker: end the stage now and report."""
REPORT = "hookswarm.report"
"""Worker to master: a records.worker_report.WorkerReport, at the end of a stage."""
TICK = "hookswarm.tick"
"""Worker to master: a WorkerTick, several times a second."""
ALIVE = "hookswarm.alive"
"""Worker to master: several times a second while no stage is on, which has ticks."""
FAILED = "hookswarm.failed"
"""Worker to master: it cannot go on, and why."""
PARTING = "hookswarm.parting"
"""Worker to master: somebody else ends it before the run is over, and what it says of that."""
FETCH = "hookswarm.fetch"
"""Master to worker: a senders.exchange.gather.Fetch."""
CHUNK = "hookswarm.chunk"
"""Worker to master: a senders.exchange.gather.Chunk."""
WANTED = "hookswarm.endpoints.wanted"
"""Worker to master: a senders.exchange.supply.Wanted."""
GIVEN = "hookswarm.endpoints.given"
"""Master to worker: a senders.exchange.supply.Given."""
SIGNS = "hookswarm.signs"
"""Worker to master: a Signs, when a run begins."""
PUBLISH = "hookswarm.publish"
"""Master to worker: a Published, before the first stage of a run through a service."""
RENEWED = "hookswarm.renewed"
"""Master to worker: a Renewed, while a run through a service is on."""
RUN_VARIABLE = "HOOKSWARM_RUN"
"""Environment variable: the run's id, where whoever started Locust chose it."""

SAYS = "hookswarm: "
"""How a line for the user begins, on a standard output that is Locust's too."""


class Ready(BaseModel):
    """A process listens, and reads the master's clock; when it has read enough of it, it can be sent stages."""

    protocol: int | None = None
    process: str = ""
    sent_ns: int = 0
    """By the process's own clock, uncorrected."""
    synced: bool = False
    offset_ns: int = 0
    """The master's clock is so far ahead."""
    uncertainty_ns: int = 0
    host: str = ""

    def record(self) -> HostRecord:
        """For the run's manifest."""
        return HostRecord(
            role="sender",
            name=self.process,
            host=self.host,
            offset_ns=self.offset_ns,
            uncertainty_ns=self.uncertainty_ns,
        )


class Heard(BaseModel):
    """The master's answer to a Ready: what its clock says."""

    sent_ns: int
    """Of the Ready that is answered."""
    now_ns: int
    """By the master's clock."""
    anchor_ns: int
    boot: str
    """Where it is the process's own, both share a clock, and differ by their anchors alone."""
    accepted: bool
    """It may be sent stages now."""


class Signs(BaseModel):
    """How a process signs: what the master does otherwise, a receiver would refuse of one of them."""

    process: str
    how: str
    keys: str
    """As `Settings.signs_as` has both."""


class Published(BaseModel):
    """A service that was set up: its table, and what its requests are filled with."""

    service: dict[str, Any]
    account: dict[str, Any]


class Renewed(BaseModel):
    """Values of the run that took the place of others, such as a token that would have ended."""

    values: dict[str, str]


class Part(BaseModel):
    """Events `first` to `last - 1` of every `of` fall due at an origin in this worker."""

    model_config = ConfigDict(extra="forbid")

    origin: int
    first: int
    last: int


class Announcement(BaseModel):
    """A stage, told ahead of its start so that every process switches by the clock."""

    model_config = ConfigDict(extra="forbid")

    run: str
    seed: int
    number: int
    stage: dict[str, Any]
    draw: int
    """What the seed is mixed with: the same for stages that are to meet the same arrivals."""
    start_ns: int
    parts: list[Part]
    of: int


class OriginTick(BaseModel):
    """How a stage stands at one origin, in one process."""

    origin: int
    due: int
    """Events so far."""
    settled: int
    failed: int
    """Of those settled."""
    queued: int
    """Fresh events that are due and wait for a worker."""
    retrying: int
    """That wait for a retry."""
    in_flight: int
    avoided: list[int] = []
    """Targets that it believes ill."""
    late: int = 0
    """Attempts for which an idle worker woke so late that the schedule was another one."""
    outcomes: list[int] = []
    """Attempts by outcome's code."""


class WorkerTick(BaseModel):
    """How a stage stands in one process."""

    stage: int
    origins: list[OriginTick]
    wall_s: float = 0.0
    """How long it plays the stage."""
    starved_s: float | None = None
    """How much of that it was ready to run and had no CPU; None where the kernel does not tell."""
