"""The names of all numbers that a report can have, read from its models: what a check can be held against before a run.

They are as `measures` tells them.
"""

from collections.abc import Iterator
from difflib import get_close_matches
from fnmatch import fnmatchcase
from functools import cache
from types import UnionType
from typing import Any, NamedTuple, get_args, get_origin

from pydantic import BaseModel

from _hookswarm.analysis.schema.cpu import RoleCpu
from _hookswarm.analysis.schema.distribution import RegionOrigin, RegionPair, RegionTarget, Strategy
from _hookswarm.analysis.schema.drains import Drain
from _hookswarm.analysis.schema.duplicates import Duplicates
from _hookswarm.analysis.schema.failover import Failover
from _hookswarm.analysis.schema.io import IoStage
from _hookswarm.analysis.schema.isolation import Isolation
from _hookswarm.analysis.schema.memory import MemoryTrend
from _hookswarm.analysis.schema.report import Class, Stage
from _hookswarm.analysis.schema.restarts import Restarted
from _hookswarm.analysis.schema.scalability import Capacity
from _hookswarm.analysis.verdicts.measures import ALIASES

THROUGH, ISOLATION, DRAIN, RESTART = "through.", "isolation.", "drain.", "restart."
"""How the numbers begin that only runs through a delivery service have."""


class Known(NamedTuple):
    """A number that there can be."""

    kind: frozenset[str]
    """What it is of, beside its stage: empty, `region`, `strategy` …"""
    name: str
    """A `*` in it stands for what only a run can tell."""
    test: str | None
    """The one test that has it; None: any."""

    @property
    def of_service(self) -> bool:
        """Whether only runs through a delivery service have it."""
        return self.name.startswith((THROUGH, ISOLATION, DRAIN, RESTART))


@cache
def known_numbers() -> tuple[Known, ...]:
    """All of them."""
    parts: tuple[tuple[tuple[str, ...], type[BaseModel], str, str | None], ...] = (
        ((), Stage, "", None),
        (("class",), Class, "", None),
        (("region",), RegionTarget, "", "distribution"),
        (("origin",), RegionOrigin, "", "distribution"),
        (("origin", "region"), RegionPair, "", "distribution"),
        (("strategy",), Strategy, "", "distribution"),
        ((), Failover, "failover.", "distribution"),
        (("region",), Failover, "failover.", "distribution"),
        ((), Duplicates, "duplicates.", None),
        ((), Isolation, ISOLATION, None),
        ((), Drain, DRAIN, None),
        ((), Restarted, RESTART, None),
        ((), Capacity, "capacity.", "scalability"),
        (("role",), MemoryTrend, "memory.", None),
        (("role",), RoleCpu, "cpu.", None),
        ((), IoStage, "io.", None),
    )
    found = [
        Known(frozenset(kind), name, test) for kind, model, prefix, test in parts for name in _names(model, prefix)
    ]
    for name in ("failover.detected_s", "failover.longest_gap_s"):  # of all origins together
        found += [Known(kind, name, "distribution") for kind in (frozenset[str](), frozenset({"region"}))]
    return tuple(found)


def named(name: str) -> list[Known]:
    """What there is of that name, or that it is short for."""
    wanted = ALIASES.get(name, (name,))
    return [one for one in known_numbers() if any(fnmatchcase(full, one.name) for full in wanted)]


def unknown_number(name: str) -> str:
    """That no report has such a number, and what was meant; empty where one does."""
    if named(name):
        return ""
    near = get_close_matches(name, all_names(), 1)
    return f"there is no number `{name}`: " + (f"write `{near[0]}`" if near else "choose one of docs/ci.md")


def all_names() -> list[str]:
    """What a user can write, the short ones first."""
    return list(dict.fromkeys([*ALIASES, *(one.name for one in known_numbers())]))


_LEFT_OUT = ("limits",)
"""Of a capacity search: what it was given, not what it found."""


def _names(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    for key, field in model.model_fields.items():
        if key in _LEFT_OUT:
            continue
        for kind in _kinds(field.annotation):
            if kind in (int, float):
                yield f"{prefix}{key}"
            elif get_origin(kind) is dict and get_args(kind)[1] in (int, float):
                yield f"{prefix}{key}.*"
            elif isinstance(kind, type) and issubclass(kind, BaseModel):
                yield from _names(kind, f"{prefix}{key}.")


def _kinds(annotation: Any) -> tuple[Any, ...]:
    """What a field may be: `float | None` is a number."""
    return get_args(annotation) if isinstance(annotation, UnionType) else (annotation,)
