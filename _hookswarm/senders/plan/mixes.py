"""Mixes: how often each body is sent. A TOML file names where the bodies are, and weights of their types and files.

They become a table of turns, so that a delivery costs what it does without weights.
"""

import math
import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from _hookswarm.common.errors import ConfigError
from _hookswarm.common.plain import faults_of
from _hookswarm.common.toml import read_toml
from _hookswarm.common.wording import first_of

TURNS = 65_537
"""So many until they begin anew. A prime: whatever the number of webhooks, each comes by all of them."""
SHOWN = 5

Weight = Annotated[float, Field(ge=0, le=1e9, allow_inf_nan=False)]


class Mix(BaseModel):
    """What a mix says; see docs/arrivals.md."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    path: Path = Field(alias="from")
    """As `--payloads` takes it, from the mix's folder on."""
    weights: dict[str, Weight] = {}
    """By type or file, as the folder has it; its bodies share it."""
    others: Weight = 1.0
    """Of each type that is not named; of each body without a type."""


class Named(NamedTuple):
    """What a body may be named by."""

    type: str
    file: str


def read_mix(path: Path) -> Mix:
    """Raises ConfigError that names every fault."""
    try:
        return Mix.model_validate(read_toml(path))
    except ValidationError as error:
        raise ConfigError([f"--payloads {path}: {fault}" for fault in faults_of(error, Mix)]) from None
    except ConfigError as error:
        raise ConfigError([f"--payloads {fault}" for fault in error.faults]) from None


def turns(mix: Mix, bodies: Sequence[Named], seed: int) -> list[int]:
    """The places of the bodies in the order in which they are sent. Raises ConfigError for names that nothing has."""
    weights = shares(mix, bodies)
    counts = [math.floor(share * TURNS) for share in weights]
    rests = sorted(range(len(counts)), key=lambda place: counts[place] - weights[place] * TURNS)
    for place in rests[: TURNS - sum(counts)]:
        counts[place] += 1
    if rare := [bodies[place].file for place, weight in enumerate(weights) if weight and not counts[place]]:
        raise ConfigError([f"weights: less than 1 in {TURNS:,} for {first_of(rare, SHOWN)}: give it more, or 0"])
    order = [place for place, count in enumerate(counts) for _ in range(count)]
    random.Random(seed).shuffle(order)
    return order


def shares(mix: Mix, bodies: Sequence[Named]) -> list[float]:
    """Of each body, adding up to 1. A file that is named is not of its type's share. Raises ConfigError."""
    there = {*(body.type for body in bodies), *(body.file for body in bodies)} - {""}
    if strange := [name for name in mix.weights if name not in there]:
        known = first_of(sorted(there), SHOWN)
        raise ConfigError([f"weights: no type or file is named {first_of(strange, SHOWN)}: write one of {known}"])
    groups = [_group(mix, body, place) for place, body in enumerate(bodies)]
    sizes = Counter(groups)
    weights = [mix.weights.get(group, mix.others) / sizes[group] for group in groups]
    if not (whole := sum(weights)):
        raise ConfigError(["weights: all are 0, and nothing is sent: give one of them more"])
    return [weight / whole for weight in weights]


def _group(mix: Mix, body: Named, place: int) -> str:
    """Those that share a weight; no name has a line break."""
    return body.file if body.file in mix.weights else body.type or f"\n{place}"
