"""A run's manifest, `run.json`: what the run was."""

import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from _hookswarm.common.errors import HookswarmError
from _hookswarm.common.plain import place_told
from _hookswarm.records.writing import write_atomically

MANIFEST = "run.json"


class RunError(HookswarmError, ValueError):
    """A run's folder that cannot be read, and why."""


class Record(BaseModel):
    """A part of a run's manifest or timeline: no key is unknown."""

    model_config = ConfigDict(extra="forbid")


class RegionRecord(Record):
    """A region by its code (its place in the list). `receiver` says whether it keeps a journal for us."""

    name: str
    url: str
    receiver: bool
    control: str | None = None
    """Address of its control API."""
    weight: float = 1.0
    """What it can take, beside the others."""


class LinksRecord(Record):
    """Round trips between the regions, by code of origin and target, and whether the senders made them."""

    rtt_ms: list[list[float]]
    modelled: bool
    source: str


CALIBRATION = "calibration"
"""The scenario of stages that find a service's rates."""


class CalibrationRecord(Record):
    """What a service did when it was published to as fast as it accepted, before the first stage."""

    accepts_per_s: float
    """Events."""
    delivers_per_s: float
    """Arrivals."""
    at_most_per_s: float
    """The rate at which stages with a rate run at most."""


class ServiceRecord(Record):
    """The delivery service that a run was published to, as its table described it."""

    name: str
    run: str
    """The version that the table was tried with."""
    endpoints: int
    """Endpoint n is at the region of code n modulo the number of regions."""
    group_size: int | None
    fan_out: Literal["endpoint", "group", "run"]
    """Who gets an event."""
    signed: bool
    """Whether our receivers could verify what arrived."""
    drain_s: float
    retry: dict[str, Any] | None
    """The law that it promises; None: it promises none."""
    retry_window_s: float | None = None
    """All its waits together; None: no end is told."""
    promises: dict[str, Any]
    calibration: CalibrationRecord | None = None
    """None: rates were given."""
    kept: str | None = None
    """The file beside the run's folder that keeps its endpoints for later runs; None: they were the run's own."""


class HostRecord(Record):
    """A process that takes part, where it ran, and its clock beside the master's."""

    role: Literal["sender", "receiver"]
    name: str
    """The sending process's, or the region's."""
    host: str
    offset_ns: int
    """Senders': so much was added to its clock. Receivers': so far ahead it was."""
    uncertainty_ns: int


class Manifest(Record):
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
    left_out: dict[str, str] = {}
    """Stages of the test that were not in the plan, by name: what they need that was not there."""
    regions: list[RegionRecord]
    links: LinksRecord | None = None
    """None: nobody said how far apart the regions are."""
    strategies: list[str]
    outcomes: dict[int, str]
    environment: dict[str, Any]
    hosts: list[HostRecord] = []
    service: ServiceRecord | None = None
    """None: events were delivered to the regions, or a target, by our senders."""

    def save(self, folder: Path) -> None:
        """Replace the manifest of a run's folder. Raises OSError."""
        write_atomically(folder / MANIFEST, self.model_dump_json(indent=2) + "\n")

    @classmethod
    def load(cls, folder: Path) -> "Manifest":
        """The manifest of a run's folder. Raises RunError where there is none, or a damaged one."""
        try:
            return cls.model_validate_json((folder / MANIFEST).read_text())
        except OSError as error:
            raise RunError(
                f"{folder} is not a run's folder: {MANIFEST}: {error.strerror}: name one, such as results/20261122-…"
            ) from None
        except UnicodeDecodeError:
            raise RunError(f"{folder / MANIFEST} is damaged: not text: name another run") from None
        except ValidationError as error:
            fault = error.errors()[0]
            if fault["loc"] == ("version",):
                told = f"is of version {fault['input']!r}, and this reads version 1: read it with the one that wrote it"
                raise RunError(f"{folder / MANIFEST} {told}") from None
            raise RunError(
                f"{folder / MANIFEST} is damaged (at {place_told(fault['loc']) or 'its beginning'}): name another run"
            ) from None


def new_run_id(test: str, now: datetime) -> str:
    """`20261122-161500-performance-1a2b`: sorts by time, safe in any file name."""
    return f"{now.astimezone(UTC):%Y%m%d-%H%M%S}-{test}-{secrets.token_hex(2)}"
