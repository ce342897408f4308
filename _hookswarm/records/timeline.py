"""A run's timeline, `timeline.jsonl`: what happened, in the order of time."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter, ValidationError

from _hookswarm.common.plain import place_told
from _hookswarm.records.manifest import Record, RunError
from _hookswarm.records.worker_report import WorkerReport
from _hookswarm.records.writing import append_whole

TIMELINE = "timeline.jsonl"


class StageStarted(Record):
    """Written ahead of the stage: `at_ns` is its first instant."""

    kind: Literal["stage_started"] = "stage_started"
    at_ns: int
    stage: int
    name: str


class Progress(Record):
    """About once a second while a stage runs."""

    kind: Literal["progress"] = "progress"
    at_ns: int
    stage: int
    settled: int
    failed: int
    queued: int
    in_flight: int
    retrying: int = 0
    p50_ms: float | None = None
    """Of the stage so far, due to settled, as Locust counted; None: nothing yet."""
    p99_ms: float | None = None


class FaultsSet(Record):
    """The receivers were told to do something wrong, from `at_ns` to `until_ns` (None: to the stage's end)."""

    kind: Literal["faults_set"] = "faults_set"
    at_ns: int
    until_ns: int | None
    stage: int
    faults: dict[str, Any]


class IncidentPlayed(Record):
    """What befell regions in a stage, from `at_ns` to `until_ns`, as it was: a process takes time to end and to start.

    | fault     | is                                                                    |
    |-----------|-----------------------------------------------------------------------|
    | refused   | the receivers' processes ended: nobody listens                        |
    | frozen    | the receivers' processes stopped: connections open, nothing answers   |
    | slow      | answers are delayed                                                   |
    | errors    | answers are 5xx, and the health check says so                         |
    | flapping  | the same in a square wave: `period_s` long, the first half of it bad  |
    | grey      | answers are 5xx, and the health check is fine                         |
    | cut       | nothing passes between `origins` and the regions                      |
    | cut_back  | requests pass from `origins` to the regions, answers don't            |
    | unplanned | nobody played it: the analysis found it in the attempts, or in logs    |
    """

    kind: Literal["incident"] = "incident"
    at_ns: int
    until_ns: int
    stage: int
    fault: Literal["refused", "frozen", "slow", "errors", "flapping", "grey", "cut", "cut_back", "unplanned"]
    regions: list[int]
    """Codes of the targets that it befell."""
    origins: list[int]
    """Codes of the origins that noticed: all, but for cuts."""
    period_s: float | None = None


class StageOverloaded(Record):
    """The stage was ended early: its queue had grown for `growing_s` seconds, to `queued` events."""

    kind: Literal["stage_overloaded"] = "stage_overloaded"
    at_ns: int
    stage: int
    queued: int
    growing_s: float


class BystanderRecord(Record):
    """A process that takes no part in the run, and the share of one core that it had."""

    pid: int
    name: str
    core_share: float


class BystandersSeen(Record):
    """Who else was busy on the master's machine while a stage was played."""

    kind: Literal["bystanders_seen"] = "bystanders_seen"
    at_ns: int
    stage: int
    cores: float
    """How many cores' worth of time they all had together."""
    busiest: list[BystanderRecord]
    """Three at most."""


class EffectsObserved(Record):
    """What the user's observer said, before or after a stage that delivers events twice: how many effects there are."""

    kind: Literal["effects_observed"] = "effects_observed"
    at_ns: int
    stage: int
    when: Literal["before", "after"]
    effects: float | None
    """None: it did not say; `fault` says why."""
    fault: str = ""


class ServiceDrained(Record):
    """After a stage that was published to a service, what was still on its way was waited for."""

    kind: Literal["service_drained"] = "service_drained"
    at_ns: int
    stage: int
    accepted: int
    """Events of the run, so far."""
    expected: int
    """Arrivals that they make, with those of endpoints that share an event."""
    taken: int
    """Arrivals of the run that our receivers acknowledged, so far."""
    waited_s: float
    patience_s: float
    """How long nothing may have moved before what is missing is given up."""
    settled: bool = True
    """Whether all had come, or nothing had moved for so long; False: what is missing may still be on its way."""
    allowed_s: float = 0.0
    """How long nothing may move by the service's word: longer than `patience_s` where that is more than a run waits."""


class ServiceRestarted(Record):
    """A delivery service, or a store of it, was ended and started again while a stage was played. `at_ns` is when it
    was told to end. What failed only later has it written once more, with the fault: a stage's last entry counts.
    """

    kind: Literal["service_restarted"] = "service_restarted"
    at_ns: int
    stage: int
    name: str
    """In the service's table: [restart.NAME]."""
    how: str
    """By which signal to which process, or by which command."""
    gone_ns: int | None
    """When it had ended; None: it did not."""
    started_ns: int | None
    """When it was started again; None: it was not, or something else did that."""
    ready_ns: int | None
    """When it was back; None: it was not, or nothing tells that."""
    fault: str = ""
    """What went wrong with it, for people."""


class StageEnded(Record):
    """Written once the workers have reported; those that were lost are not among the `reports`."""

    kind: Literal["stage_ended"] = "stage_ended"
    at_ns: int
    stage: int
    reports: list[WorkerReport]

    @property
    def lasted_s(self) -> float:
        """How long it was for the sending process that took part the longest; 0 where none reported."""
        return max((report.wall_s for report in self.reports), default=0.0)


class ClockRead(Record):
    """A receiver's clock, beside the master's, by which all of the timeline is; read before and after the stages."""

    kind: Literal["clock_read"] = "clock_read"
    at_ns: int
    region: str
    host: str
    boot: str
    anchor_ns: int
    """Of the supervisor that was asked; its data plane's journals have anchors of their own."""
    offset_ns: int
    """So far ahead it was."""
    uncertainty_ns: int
    """At most so wrong; 0: both share a boot, and so a clock."""


class WorkerLost(Record):
    """A sending process is gone, which ends the run unless `--allow-worker-loss` is given."""

    kind: Literal["worker_lost"] = "worker_lost"
    at_ns: int
    worker: str


class RunEnded(Record):
    """The last line. `error` says why a run ended before its plan did; empty otherwise."""

    kind: Literal["run_ended"] = "run_ended"
    at_ns: int
    interrupted: bool
    error: str = ""
    untested: str = ""
    """Why it ended before its plan did, in order: every delivery of a stage had failed. Else empty."""
    left_out: list[int] | None = None
    """Stages of the plan that were not to be played after all, by their numbers; None: older versions don't tell."""


Entry = Annotated[
    StageStarted
    | FaultsSet
    | IncidentPlayed
    | Progress
    | StageOverloaded
    | BystandersSeen
    | EffectsObserved
    | ServiceDrained
    | ServiceRestarted
    | StageEnded
    | WorkerLost
    | ClockRead
    | RunEnded,
    Field(discriminator="kind"),
]
_ENTRY: TypeAdapter[Entry] = TypeAdapter(Entry)


class Timeline:
    """Appends entries to a run's timeline, each line whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / TIMELINE

    def add(self, entry: Entry) -> None:
        """Raises OSError (a full disk), and then nothing of the entry is kept."""
        line = entry.model_dump_json().encode() + b"\n"
        with self._path.open("ab", buffering=0) as file:
            append_whole(file, line)


def read_timeline(folder: Path) -> Iterator[Entry]:
    """The entries in order; a torn last line is left out. Raises RunError for a damaged one."""
    try:
        content = (folder / TIMELINE).read_bytes()
    except FileNotFoundError:
        return
    # Bytes: text would be split at the line separators that a JSON string may hold, too.
    for number, line in enumerate(content.splitlines(keepends=True), 1):
        if not line.endswith(b"\n"):
            return
        try:
            yield parse_entry(line)
        except ValidationError as error:
            place = place_told(error.errors()[0]["loc"])
            told = f"line {number} is damaged{f' (at {place})' * bool(place)}"
            raise RunError(f"{folder / TIMELINE}: {told}: name another run") from None


def parse_entry(line: bytes | str) -> Entry:
    """One line of a timeline. Raises ValidationError (a ValueError)."""
    return _ENTRY.validate_json(line)
