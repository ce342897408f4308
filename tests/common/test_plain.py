"""What pydantic finds, in plain words."""

from dataclasses import dataclass, field
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from _hookswarm.common.plain import NAME, faults_of


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(pattern=NAME)]
    share: float = Field(default=1, gt=0, le=2, allow_inf_nan=False)
    kind: Literal["one", "two"] = "one"
    counts: tuple[int, ...] = ()


class _Whole(BaseModel):
    model_config = ConfigDict(extra="forbid")

    part: tuple[_Part, ...] = Field(min_length=1)


@dataclass
class _Law:
    __pydantic_config__ = ConfigDict(extra="forbid")

    retries: int = 0
    whole: list[int] = field(default_factory=list)


@pytest.mark.parametrize(
    ("part", "told"),
    [
        ({}, "part 1: name: missing: add it"),
        ({"name": 1}, 'part 1: name: write text in quotes ("…")'),
        ({"name": "a b"}, "part 1: name: write a name of letters, digits, dots, dashes and underscores, 64 at most"),
        ({"name": "a", "share": 0}, "part 1: share: write more than 0"),
        ({"name": "a", "share": 3}, "part 1: share: write 2 or less"),
        ({"name": "a", "share": "x"}, "part 1: share: write a number"),
        ({"name": "a", "share": float("inf")}, "part 1: share: write a number"),
        ({"name": "a", "kind": "three"}, "part 1: kind: write 'one' or 'two'"),
        ({"name": "a", "counts": [1, 2.5]}, "part 1: counts 2: write a whole number"),
        ({"name": "a", "counts": 3}, "part 1: counts: write a list: […]"),
        ({"name": "a", "shore": 3}, "part 1: shore: unknown key: write share, or leave it out"),
        ({"name": "a", "xyz": 3}, "part 1: xyz: unknown key: write one of name, share, kind, counts"),
        ("a", "part 1: write names with values: { … }"),
    ],
)
def test_a_fault_says_where_it_is_and_what_to_write(part: object, told: str) -> None:
    """Once: that the whole is too short without what is wrong is not told beside it."""
    with pytest.raises(ValidationError) as caught:
        _Whole.model_validate({"part": [part]})
    assert faults_of(caught.value, _Whole) == [told]


def test_the_whole_may_be_at_fault() -> None:
    """Too few of them, or no JSON at all."""
    with pytest.raises(ValidationError) as caught:
        _Whole.model_validate({"part": []})
    assert faults_of(caught.value) == ["part: write at least 1"]
    with pytest.raises(ValidationError) as caught:
        _Whole.model_validate_json("{")
    assert faults_of(caught.value) == ["it is not JSON"]


def test_keys_of_a_dataclass_are_known() -> None:
    """As those of a model are; without either nothing is guessed."""
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(_Law).validate_python({"retires": 3})
    assert faults_of(caught.value, _Law) == ["retires: unknown key: write retries, or leave it out"]
    assert faults_of(caught.value) == ["retires: unknown key: leave it out"]
