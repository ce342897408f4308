"""What a sending process says of a stage that it has played: to the master, which writes it into the timeline."""

from typing import Literal

from pydantic import Field

from _hookswarm.common.limits import LATE_SHARE, STARVED_CLOSED_SHARE, STARVED_SHARE
from _hookswarm.records.failures import FailureKind
from _hookswarm.records.manifest import Record


class Flip(Record):
    """An origin's senders, in one process, began or ceased to send to a target by their own judgement of it."""

    at_ns: int
    origin: int
    target: int
    healthy: bool
    by: Literal["failures", "probes", "trial"]
    """What told: attempts that failed, the health check, or a first attempt after an ejection that succeeded."""


class WorkerReport(Record):
    """What one sending process says of a stage, counted apart from its journal."""

    worker: str
    stage: int
    users: int
    due: int
    """Events that fell due."""
    settled: int
    """Deliveries told to Locust: acknowledged, failed or in doubt."""
    abandoned: int
    """Due, and still queued at the end."""
    wall_s: float
    cpu_s: float
    starved_s: float | None
    """Seconds it was ready to run and had no CPU (Linux schedstat); None where the kernel does not tell."""
    late: int = 0
    """Events for which an idle worker woke more than 20 ms late."""
    lag_p99_ms: float
    """How late its event loop ran a timer, 99th percentile."""
    connecting_s: float | None = None
    """Seconds that its workers, all together, spent on connecting; None: httpx does not tell, nor do older runs."""
    flips: list[Flip] = Field(default=[])
    """The first 1,000."""
    failures: list[FailureKind] = Field(default=[])
    """Of its attempts; none in older runs."""

    def disturbed(self, closed: bool) -> bool:
        """Whether it woke late, or had no CPU, for so much of the stage that this says nothing of the target.

        `closed`: it sent as fast as it was answered.
        """
        most = STARVED_CLOSED_SHARE if closed else STARVED_SHARE
        return self.late > LATE_SHARE * self.due or (self.starved_s or 0) > most * self.wall_s
