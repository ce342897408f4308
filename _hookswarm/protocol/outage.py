"""Outages: what a supervisor is asked to do to its whole data plane, told over its control API ahead of time."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from pydantic import ConfigDict, TypeAdapter, ValidationError

from _hookswarm.common.errors import ConfigError
from _hookswarm.common.plain import faults_of

OUTAGES = ("refused", "frozen")
LONGEST_NS = 3_600 * 10**9


@dataclass(frozen=True)
class Outage:
    """What `POST /outage` takes. The end is when what ended begins to start again, which takes a second."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    kind: Literal["refused", "frozen"]
    """Its processes end, and nobody listens; or they stop, and connections stay open."""
    begin_ns: int
    end_ns: int
    """Unix nanoseconds."""

    def problems(self) -> Iterator[str]:
        """A phrase for each thing that is wrong with it."""
        if not 0 < self.end_ns - self.begin_ns <= LONGEST_NS:
            yield f"end_ns must lie after begin_ns, by at most {LONGEST_NS} ns"


@dataclass(frozen=True)
class OutageSeen:
    """How the last one was; None: not yet."""

    begun_ns: int | None = None
    ended_ns: int | None = None
    """When all processes served again."""


_OUTAGE, _SEEN = TypeAdapter(Outage), TypeAdapter(OutageSeen)


def parse_outage(text: bytes | str) -> Outage:
    """The outage in a JSON document. Raises ConfigError that names every fault of it."""
    try:
        outage = _OUTAGE.validate_json(text)
    except ValidationError as error:
        raise ConfigError(faults_of(error)) from None
    if problems := list(outage.problems()):
        raise ConfigError(problems)
    return outage


def dump_outage(outage: Outage) -> str:
    """An outage as JSON, for `parse_outage`."""
    return _OUTAGE.dump_json(outage).decode()


def parse_seen(text: bytes | str) -> OutageSeen:
    """What `GET /outage` answers. Raises ValidationError."""
    return _SEEN.validate_json(text)
