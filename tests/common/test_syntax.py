"""Where a text is no JSON, or no TOML, in plain words."""

import json
import tomllib

import pytest

from _hookswarm.common.syntax import json_fault, toml_fault


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "a value is missing at column 1"),
        ('{"a": 1\n "b": 2}', "a comma is missing at line 2, column 2"),
        ('{"a"}', "a colon is missing at column 5"),
        ("{a: 1}", "a name in double quotes is missing at column 2"),
        ("{} {}", "something follows the value at column 4"),
        ('"a', "a text has no end at column 1"),
        ('"\\x"', "something is wrong at column 2"),
    ],
)
def test_json(text: str, told: str) -> None:
    """What is missing, and where."""
    with pytest.raises(json.JSONDecodeError) as caught:
        json.loads(text)
    assert json_fault(caught.value) == told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a = eu", 'line 1, column 5: this is not a value: put text in quotes, as in name = "eu"'),
        ("a = [1", "at its end: a quote or bracket is still open: close it"),
        ("a = 1\na = 2\n", "line 2, column 6: this name is there twice: remove one"),
        ("[a]\nb\n", "line 2, column 2: this is neither a key nor a table: write key = value"),
        ("a = 1 b\n", "line 1, column 7: this is not TOML: mend the line"),
    ],
)
def test_toml(text: str, told: str) -> None:
    """Where, and what to write there."""
    with pytest.raises(tomllib.TOMLDecodeError) as caught:
        tomllib.loads(text)
    assert toml_fault(caught.value) == told
