"""All faults of a table at once: what its model finds, what the model's own checks find, and the line of each."""

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from typing import Any, NamedTuple, TypeVar, get_args

from pydantic import BaseModel, ValidationError

from _hookswarm.common.errors import ConfigError
from _hookswarm.common.toml_lines import Place, line_of


class Fault(NamedTuple):
    """What is wrong at a place, and what to do."""

    place: Place
    text: str


M = TypeVar("M", bound=BaseModel)
NAMING = ("keep", "addresses", "values")
"""Tables whose keys are names for others to use: they stay known where their values are wrong."""
_KEY = "[key]"
"""What pydantic puts after a key that is wrong itself."""
_TYPES = {
    "string_type": 'a text: "…"',
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a number",
    "date_type": "a date: 2026-11-29",
    "date_parsing": "a date: 2026-11-29",
    "date_from_datetime_parsing": "a date: 2026-11-29",
    "tuple_type": "a list: […]",
    "dict_type": "a table: { name = … }",
    "mapping_type": "a table: { name = … }",
    "model_type": "a table: { key = … }",
    "missing": "it",
}


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
                of_key = item["loc"][-1] == _KEY
                place = item["loc"][:-1] if of_key else item["loc"]
                faults.setdefault(place, Fault(place, _told(model, place, item, forms)))
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
    place = "".join(f" {part + 1}:." if isinstance(part, int) else f"{part}." for part in fault.place)
    place = place.replace(". ", " ").replace(":.", ": ").rstrip(".: ")
    return f"{f'line {line}: ' if line else ''}{place}: {fault.text}"


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


def _told(model: type[BaseModel], place: Place, item: Any, forms: Mapping[str, str]) -> str:
    """What pydantic found, in plain words."""
    kind, given = item["type"], item.get("ctx", {})
    if kind == "extra_forbidden":
        known = list(_at(model, place[:-1]).model_fields)
        near = difflib.get_close_matches(str(place[-1]), known, 1)
        return f"unknown key: {f'write {near[0]}, or leave it out' if near else 'write one of ' + ', '.join(known)}"
    if kind == "literal_error":
        return f"write {given['expected']}"
    if kind == "string_pattern_mismatch":
        return forms.get(given["pattern"], f"write a text of the form {given['pattern']}")
    if kind in _TYPES:
        return f"write {_TYPES[kind]}"
    return f"write a value that is {item['msg'].removeprefix('Input should be ')}"


def _at(model: type[BaseModel], place: Place) -> type[BaseModel]:
    """The model of a table within a model's."""
    for part in place:
        if isinstance(part, str) and (field := model.model_fields.get(part)):
            model = next((one for one in _within(field.annotation) if _is_model(one)), model)
    return model


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _within(annotation: Any) -> Iterator[Any]:
    yield annotation
    for inner in get_args(annotation):
        yield from _within(inner)
