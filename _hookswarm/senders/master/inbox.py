"""What the workers told the master of a run. In a file of its own, since importing Locust patches the process."""

from collections import Counter
from dataclasses import dataclass, field

from _hookswarm.records.rows import Outcome
from _hookswarm.records.worker_report import WorkerReport
from _hookswarm.senders.exchange.messages import OriginTick, WorkerTick
from _hookswarm.senders.plan.stages import Stage


@dataclass
class Inbox:
    """Of the stage that is on, by worker; and of what ends the run."""

    reports: dict[str, WorkerReport] = field(default_factory=dict)
    ticks: dict[tuple[int, str], WorkerTick] = field(default_factory=dict)
    """The last one of each stage and worker."""
    failure: str = ""
    partings: dict[str, str] = field(default_factory=dict)
    """Workers that end before the run does, and what they say of it."""
    gone: int = 0
    """Sending processes that ended, or fell silent, in the run."""
    begun: set[int] = field(default_factory=set)
    """Numbers of the stages that began."""
    strategies: dict[int, str] = field(default_factory=dict)
    """Theirs, by number."""
    settled: Counter[str] = field(default_factory=Counter)
    """Deliveries that the stages' reports told of, so far, by the stage's name."""
    stage: Stage | None = None
    """The one that is on, from `start_ns` on."""
    last: Stage | None = None
    """The one that is on, or was."""
    number: int = 0
    """Its place in the plan."""
    start_ns: int = 0

    def begin(self, stage: Stage, number: int, start_ns: int) -> None:
        """A stage is on, from `start_ns` on; what was told of those before it stays."""
        self.stage = self.last = stage
        self.number, self.start_ns = number, start_ns
        self.begun.add(number)
        self.strategies[number] = stage.strategy

    def origins(self) -> list[OriginTick]:
        """How the stage that is on, or was last, stands at each origin in each process."""
        return [one for (stage, _), tick in self.ticks.items() if stage == self.number for one in tick.origins]

    def outcomes(self) -> dict[Outcome, int]:
        """How many attempts of the run had each."""
        told = [one.outcomes for tick in self.ticks.values() for one in tick.origins if one.outcomes]
        counts = {outcome: sum(own[outcome] for own in told) for outcome in Outcome}
        return {outcome: count for outcome, count in counts.items() if count}
