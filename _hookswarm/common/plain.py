"""What pydantic finds wrong with what a user wrote, in plain words: where it is, and what to write there."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from _hookswarm.common.wording import LIKE

KEY = "[key]"
"""What pydantic puts after a key that is wrong itself."""
NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$"
"""Names of regions, providers and profiles."""
_FORMS = {
    NAME: "write a name of letters, digits, dots, dashes and underscores, 64 at most",
    r"^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,64}$": "write a header's name: letters, digits and dashes, 64 at most",
}
_KINDS = {
    "string": 'text in quotes ("…")',
    "path": 'text in quotes ("…")',
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "finite": "a number",
    "date": "a date: 2026-11-29",
    "tuple": "a list: […]",
    "list": "a list: […]",
    "dict": "names with values: { … }",
    "mapping": "names with values: { … }",
    "model": "names with values: { … }",
    "dataclass": "names with values: { … }",
}
"""By how the name of what pydantic finds begins: what to write."""
_BOUNDS = {
    "greater_than": "write more than {gt:g}",
    "greater_than_equal": "write {ge:g} or more",
    "less_than": "write less than {lt:g}",
    "less_than_equal": "write {le:g} or less",
    "too_short": "write at least {min_length}",
    "too_long": "write at most {max_length}",
    "string_too_short": "write at least {min_length} character",
    "string_too_long": "write at most {max_length} characters",
}


def faults_of(error: ValidationError, model: Any = None) -> list[str]:
    """A phrase for each thing that pydantic found, with its place: `region 1: url: write it`.

    Of `model` come the names that an unknown key is near to.
    """
    items = error.errors()
    places = [item["loc"] for item in items]
    return [
        f"{place}: {told}" if (place := place_told(item["loc"])) else told
        for item in items
        if not any(item["loc"] == other[: len(item["loc"])] != other for other in places)  # it only follows from that
        for told in [what_to_write(item, model)]
    ]


def place_told(place: Sequence[str | int]) -> str:
    """For people, who count from 1: `region 1: url`."""
    told = "".join(f" {part + 1}:." if isinstance(part, int) else f"{part}." for part in place if part != KEY)
    return told.replace(". ", " ").replace(":.", ": ").rstrip(".: ")


def what_to_write(item: Any, model: Any = None, forms: Mapping[str, str] | None = None) -> str:
    """What pydantic found, as what to do. `forms`: by a pattern, what is of it."""
    kind, given = item["type"], item.get("ctx", {})
    if kind in ("extra_forbidden", "unexpected_keyword_argument"):
        known = keys_of(_at(model, item["loc"][:-1]))
        near = get_close_matches(str(item["loc"][-1]), known, 1, LIKE)
        if near or not known:
            return f"unknown key: {f'write {near[0]}, or ' if near else ''}leave it out"
        return f"unknown key: write one of {', '.join(known)}"
    if kind == "value_error":
        return str(given["error"])
    if kind == "missing":
        return "missing: add it"
    if kind == "json_invalid":
        return "it is not JSON"
    if kind in ("literal_error", "enum"):
        return f"write {given['expected']}"
    if kind == "string_pattern_mismatch":
        pattern = given["pattern"]
        return {**_FORMS, **(forms or {})}.get(pattern, f"write a text of the form {pattern}")
    if kind in _BOUNDS:
        return _BOUNDS[kind].format(**given)
    return f"write {_KINDS.get(kind.partition('_')[0], 'another value')}"


def keys_of(model: Any) -> list[str]:
    """What may stand in a table."""
    if dataclasses.is_dataclass(model):
        return [field.name for field in dataclasses.fields(model)]
    return [field.alias or name for name, field in model.model_fields.items()] if _is_model(model) else []


def _at(model: Any, place: Sequence[str | int]) -> Any:
    """The model of a table within a model's."""
    for part in place:
        if isinstance(part, str) and part in (kinds := _kinds_of(model)):
            model = next((one for one in _within(kinds[part]) if keys_of(one)), model)
    return model


def _kinds_of(model: Any) -> dict[str, Any]:
    if dataclasses.is_dataclass(model):
        return {field.name: field.type for field in dataclasses.fields(model)}
    return {name: field.annotation for name, field in model.model_fields.items()} if _is_model(model) else {}


def _is_model(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, BaseModel)


def _within(annotation: Any) -> Iterator[Any]:
    yield annotation
    for inner in get_args(annotation):
        yield from _within(inner)
