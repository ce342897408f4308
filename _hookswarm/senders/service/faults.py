"""All faults of a table at once: what its model finds, what the model's own checks find, and the line of each."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel, ValidationError

from _hookswarm.common.errors import ConfigError
from _hookswarm.common.plain import KEY, place_told, what_to_write
from _hookswarm.common.toml_lines import Place, line_of


class Fault(NamedTuple):
    """What is wrong at a place, and what to do."""

    place: Place
    text: str


M = TypeVar("M", bound=BaseModel)
NAMING = ("keep", "addresses", "values")
"""Tables whose keys are names for others to use: they stay known where their values are wrong."""


def read_all(
    model: type[M],
    content: Mapping[str, Any],
    check: Callable[[M], Iterator[Fault]],
    lines: dict[Place, int],
    forms: Mapping[str, str],
) -> M:
    """The model of a content; all its own keys have defaults. `forms`: by a pattern, what to write.

    Raises ConfigError that names every fault, by its line.
    """
    faults: dict[Place, Fault] = {}
    sound = deepcopy(dict(content))
    while True:
        try:
            made = model.model_validate(sound)
            break
        except ValidationError as error:
            # What is sound is looked at, too: without what is not.
            before = deepcopy(sound)
            for item in error.errors():
                of_key = item["loc"][-1] == KEY
                place = item["loc"][:-1] if of_key else item["loc"]
                faults.setdefault(place, Fault(place, what_to_write(item, model, forms)))
                if of_key:
                    _take_out_key(sound, place)
                else:
                    _take_out(sound, place[: -1 if item["type"] == "missing" else None], item["type"])
            if sound == before:  # nothing more comes of going on
                raise ConfigError(_phrases(faults.values(), lines)) from None
    found = [fault for fault in check(made) if not any(_meet(fault.place, place) for place in faults)]
    if faults or found:
        raise ConfigError(_phrases([*faults.values(), *found], lines))
    return made


def _meet(one: Place, other: Place) -> bool:
    """Whether one of two places is within the other: what follows from a fault is none of its own."""
    shorter = min(len(one), len(other))
    return one[:shorter] == other[:shorter]


def _phrases(faults: Iterable[Fault], lines: dict[Place, int]) -> list[str]:
    """In the order of the file."""
    return [_phrase(fault, lines) for fault in sorted(faults, key=lambda one: line_of(one.place, lines) or 0)]


def _phrase(fault: Fault, lines: dict[Place, int]) -> str:
    line = line_of(fault.place, lines)
    return f"{f'line {line}: ' if line else ''}{place_told(fault.place)}: {fault.text}"


def _take_out_key(holder: Any, place: Place) -> None:
    """Remove a name that is none, with its value, whatever that is."""
    *within, name = place
    for part in within:
        holder = holder.get(part) if isinstance(holder, dict) else holder[part] if holder else None
    if isinstance(holder, dict):
        holder.pop(name, None)


def _take_out(holder: dict[str, Any], loc: Sequence[str | int], kind: str) -> None:
    """Remove what is wrong, with the list that it stands in; a name that others may use keeps its place."""
    first, rest = str(loc[0]), loc[1:]
    inner = holder.get(first)
    if isinstance(inner, dict) and rest:
        if first in NAMING and len(rest) == 1:
            inner[str(rest[0])] = "_"
        else:
            _take_out(inner, rest, kind)
    elif isinstance(inner, list) and rest and kind == "model_type" and len(rest) == 1:
        inner[int(rest[0])] = {}
    elif isinstance(inner, list) and len(rest) > 1 and isinstance(inner[int(rest[0])], dict):
        _take_out(inner[int(rest[0])], rest[1:], kind)
    else:
        holder.pop(first, None)
