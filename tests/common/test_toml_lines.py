"""The lines of a TOML text's keys."""

import tomllib
from typing import Any

import pytest

from _hookswarm.common.toml_lines import Place, line_of, toml_lines

TEXT = '''# a comment with [brackets] = 1
name = "x"  # ]
"quoted key" = 'a # b'
dotted.one = 1
dotted."two" = [
  "]",  # a comment ]
  """ three
  lines """,
]
body = """
[not.a.table]
key = "neither\\""""
raw = \'\'\'
[[nor]] \'it\'s\'\'\'\'

[table]
inner = { a = 1, b = "}" }

[[steps]]
each = "run"
[steps.keep]
id = "data.id"

[[ steps ]]
each = "group"
  [[steps.more]]
  a = 1
  [[steps.more]]
  a = 2
[table.under]
last = 1
'''
LINES: dict[Place, int] = {
    ("name",): 2,
    ("quoted key",): 3,
    ("dotted", "one"): 4,
    ("dotted", "two"): 5,
    ("body",): 10,
    ("raw",): 13,
    ("table",): 16,
    ("table", "inner"): 17,
    ("steps", 0): 19,
    ("steps", 0, "each"): 20,
    ("steps", 0, "keep"): 21,
    ("steps", 0, "keep", "id"): 22,
    ("steps", 1): 24,
    ("steps", 1, "each"): 25,
    ("steps", 1, "more", 1, "a"): 29,
    ("table", "under", "last"): 31,
}


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_each_key_has_its_line(end: str) -> None:
    """Whatever stands in texts and comments, and however lines end."""
    found = toml_lines(TEXT.replace("\n", end))
    assert {place: found.get(place) for place in LINES} == LINES


def test_every_key_that_is_read_has_a_line() -> None:
    """But those within values."""
    found = toml_lines(TEXT)
    missing = [place for place in places(tomllib.loads(TEXT)) if place not in found]
    assert missing == [("dotted", "two", 0), ("dotted", "two", 1), ("table", "inner", "a"), ("table", "inner", "b")]


def test_what_has_no_line_is_where_its_holder_is() -> None:
    """And what nobody wrote is nowhere."""
    found = toml_lines(TEXT)
    assert line_of(("table", "inner", "a"), found) == 17
    assert line_of(("steps", 0, "keep", "id", "more"), found) == 22
    assert line_of(("nothing",), found) is None


def places(value: Any, within: Place = ()) -> list[Place]:
    """Of every key, and every number of an array."""
    if isinstance(value, dict):
        inner = [((*within, key), one) for key, one in value.items()]
    elif isinstance(value, list):
        inner = [((*within, number), one) for number, one in enumerate(value)]
    else:
        inner = []
    return [place for key, one in inner for place in (key, *places(one, key))]
