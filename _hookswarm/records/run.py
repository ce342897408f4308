"""A run's folder: its manifest (`run.json`) and its timeline (`timeline.jsonl`)."""

import errno
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from io import FileIO
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from _hookswarm.common.errors import HookswarmError

MANIFEST = "run.json"
TIMELINE = "timeline.jsonl"


class RunError(HookswarmError, ValueError):
    """A run's folder that cannot be read, and why."""


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid")


class RegionRecord(_Record):
    """A region by its code (its place in the list). `receiver` says whether it keeps a journal for us."""

    name: str
    url: str
    receiver: bool
    control: str | None = None
    """Address of its control API."""
    weight: float = 1.0
    """What it can take, beside the others."""


class LinksRecord(_Record):
    """Round trips between the regions, by code of origin and target, and whether the senders made them."""

    rtt_ms: list[list[float]]
    modelled: bool
    source: str


class HostRecord(_Record):
    """A process that takes part, where it ran, and its clock beside the master's."""

    role: Literal["sender", "receiver"]
    name: str
    """The sending process's, or the region's."""
    host: str
    offset_ns: int
    """Senders': so much was added to its clock. Receivers': so far ahead it was."""
    uncertainty_ns: int


class Manifest(_Record):
    """What a run was: enough to understand its journals without the code that made them."""

    version: Literal[1] = 1
    id: str
    test: str
    seed: int
    started_at: datetime
    ended_at: datetime | None = None
    interrupted: bool = False
    options: dict[str, Any]
    stages: list[dict[str, Any]]
    """The plan verbatim; a stage's code is its place."""
    regions: list[RegionRecord]
    links: LinksRecord | None = None
    """None: nobody said how far apart the regions are."""
    strategies: list[str]
    outcomes: dict[int, str]
    environment: dict[str, Any]
    hosts: list[HostRecord] = []

    def save(self, folder: Path) -> None:
        """Replace the manifest of a run's folder. Raises OSError."""
        write_atomically(folder / MANIFEST, self.model_dump_json(indent=2) + "\n")

    @classmethod
    def load(cls, folder: Path) -> "Manifest":
        """The manifest of a run's folder. Raises RunError where there is none, or a damaged one."""
        try:
            return cls.model_validate_json((folder / MANIFEST).read_text())
        except OSError as error:
            raise RunError(f"{folder} is not a run's folder: {MANIFEST}: {error.strerror}") from None
        except UnicodeDecodeError:
            raise RunError(f"{folder / MANIFEST} is damaged: not text") from None
        except ValidationError as error:
            raise RunError(f"{folder / MANIFEST} is damaged: {error.errors()[0]['msg']}") from None


class Flip(_Record):
    """An origin's senders, in one process, began or ceased to send to a target by their own judgement of it."""

    at_ns: int
    origin: int
    target: int
    healthy: bool
    by: Literal["failures", "probes", "trial"]
    """What told: attempts that failed, the health check, or a first attempt after an ejection that succeeded."""


class WorkerReport(_Record):
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
    flips: list[Flip] = []
    """The first 1,000."""


class StageStarted(_Record):
    """Written ahead of the stage: `at_ns` is its first instant."""

    kind: Literal["stage_started"] = "stage_started"
    at_ns: int
    stage: int
    name: str


class Progress(_Record):
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


class FaultsSet(_Record):
    """The receivers were told to do something wrong, from `at_ns` to `until_ns` (None: to the stage's end)."""

    kind: Literal["faults_set"] = "faults_set"
    at_ns: int
    until_ns: int | None
    stage: int
    faults: dict[str, Any]


class IncidentPlayed(_Record):
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
    | unplanned | nobody played it: the analysis found it in the attempts                |
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


class StageOverloaded(_Record):
    """The stage was ended early: its queue had grown for `growing_s` seconds, to `queued` events."""

    kind: Literal["stage_overloaded"] = "stage_overloaded"
    at_ns: int
    stage: int
    queued: int
    growing_s: float


class StageEnded(_Record):
    """Written once the workers have reported; those that were lost are not among the `reports`."""

    kind: Literal["stage_ended"] = "stage_ended"
    at_ns: int
    stage: int
    reports: list[WorkerReport]


class ClockRead(_Record):
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


class WorkerLost(_Record):
    """A sending process is gone, which ends the run unless `--allow-worker-loss` is given."""

    kind: Literal["worker_lost"] = "worker_lost"
    at_ns: int
    worker: str


class RunEnded(_Record):
    """The last line. `error` says why a run ended before its plan did; empty otherwise."""

    kind: Literal["run_ended"] = "run_ended"
    at_ns: int
    interrupted: bool
    error: str = ""


Entry = Annotated[
    StageStarted
    | FaultsSet
    | IncidentPlayed
    | Progress
    | StageOverloaded
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
            raise RunError(f"{folder / TIMELINE}:{number}: {error.errors()[0]['msg']}") from None


def parse_entry(line: bytes | str) -> Entry:
    """One line of a timeline. Raises ValidationError (a ValueError)."""
    return _ENTRY.validate_json(line)


def new_run_id(test: str, now: datetime) -> str:
    """`20261122-161500-performance-1a2b`: sorts by time, safe in any file name."""
    return f"{now.astimezone(UTC):%Y%m%d-%H%M%S}-{test}-{secrets.token_hex(2)}"


def append_whole(file: FileIO, line: bytes) -> None:
    """Write a line at the end of a file, whole or not at all. Raises OSError (a full disk)."""
    before = file.tell()
    try:
        if file.write(line) != len(line):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    except OSError as error:
        file.truncate(before)
        file.seek(before)
        raise OSError(error.errno, error.strerror, str(file.name)) from None  # a write names no file


def write_atomically(path: Path, text: str) -> None:
    """Replace `path` so that a reader sees the old text or the new, never a part. Raises OSError."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    with naming(path):
        try:
            with draft.open("w") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)


@contextmanager
def naming(path: Path) -> Iterator[None]:
    """Have an OSError name the file that is meant: not its draft; nor none, as one that is raised by a write."""
    try:
        yield
    except OSError as error:
        raise OSError(error.errno, error.strerror or str(error), str(path)) from None
