"""Templates: what is filled in, what stays text, and how it is found again."""

import pytest

from _hookswarm.common.errors import ConfigError
from _hookswarm.protocol.templates import PLACES, Template


def values(**given: object) -> list[object]:
    return [given.get(name, b"") for name in PLACES]


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ("v1,{signature}", b"v1,s"),
        ("{id}.{webhook}.{id}", b"a.7.a"),
        ("{webhook}", b"7"),
        ("nothing, 100 %", b"nothing, 100 %"),
        ("50 % of {id}", b"50 % of a"),
        ('{"x":{"y":"{id}"},{ID}}', b'{"x":{"y":"a"},{ID}}'),
    ],
)
def test_names_are_filled_in_and_all_else_is_text(text: str, filled: bytes) -> None:
    """Percent signs and the braces of JSON stay as they are."""
    assert Template(text).fill(values(id=b"a", webhook=7, signature=b"s")) == filled


def test_an_unknown_name_lists_those_there_are() -> None:
    """Only those of its place, each fault by its name."""
    with pytest.raises(ConfigError) as caught:
        Template("{idd} {body}", ("id", "type"))
    assert caught.value.faults == (
        "there is no {idd} here: write one of id, type",
        "there is no {body} here: write one of id, type",
    )


def test_what_was_filled_in_is_found_again() -> None:
    """The pattern gives each name its text; a name that comes twice must be the same twice."""
    pattern = Template("t={timestamp},{id}/{id}").pattern()
    found = pattern.fullmatch("t=12,a/a")
    assert found
    assert found.groupdict() == {"timestamp": "12", "id": "a"}
    assert not pattern.fullmatch("t=12,a/b")
