"""What master and workers tell each other beside Locust's own messages, and the user."""

from typing import Any

from pydantic import BaseModel, ConfigDict

READY = "hookswarm.ready"
"""Worker to master: it listens; said again and again until that is heard."""
HEARD = "hookswarm.heard"
"""Master to worker: it is known to listen."""
STAGE = "hookswarm.stage"
"""Master to worker: an Announcement."""
HALT = "hookswarm.halt"
"""Master to worker: end the stage now and report."""
REPORT = "hookswarm.report"
"""Worker to master: a records.run.WorkerReport, at the end of a stage."""
TICK = "hookswarm.tick"
"""Worker to master: a WorkerTick, several times a second."""
FAILED = "hookswarm.failed"
"""Worker to master: it cannot go on, and why."""
RUN_VARIABLE = "HOOKSWARM_RUN"
"""Environment variable: the run's id, where whoever started Locust chose it."""

SAYS = "hookswarm: "
"""How a line for the user begins, on a standard output that is Locust's too."""


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


class WorkerTick(BaseModel):
    """How a stage stands in one process."""

    stage: int
    settled: int
    failed: int
    queued: int
    in_flight: int
