"""Texts with names in them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from _hookswarm.common.errors import ConfigError
from _hookswarm.senders.service.filling import fill, from_environment, in_header, in_json, in_url, names_in


def test_names_are_filled_and_json_is_left_alone() -> None:
    """What stands in braces and is no plain word stays as it is."""
    text = '{"a": {"b": "{one}"}, "c": {}, "d": "{one}{two_2}", "e": {Two}}'
    assert names_in(text) == ["one", "two_2"]
    filled = fill(text, {"one": "{two_2}", "two_2": "2"})
    assert filled == '{"a": {"b": "{two_2}"}, "c": {}, "d": "{two_2}2", "e": {Two}}'


def test_a_name_without_a_value_is_an_error() -> None:
    """By its name."""
    with pytest.raises(KeyError, match="two"):
        fill("{one} {two}", {"one": "1"})


@given(st.text())
def test_a_value_is_one_line_of_a_header(value: str) -> None:
    """It begins no other one."""
    assert not set(in_header(value)) & set("\r\n\0")
    assert in_header(" a\n") == "a"


def test_a_variable_that_is_no_text_is_told() -> None:
    """Bytes that are no UTF-8 come as halves of surrogate pairs."""
    with pytest.raises(ConfigError, match=r"\$A is no UTF-8 text: set it again"):
        from_environment("${A}", {"A": "a\udcff"})


@given(st.text())
def test_a_value_is_one_text_of_json_and_one_part_of_a_url(value: str) -> None:
    """Whatever is in it."""
    assert json.loads(fill('["{a}"]', {"a": value}, in_json)) == [value]
    try:
        value.encode()
    except UnicodeEncodeError:
        return
    assert not set(in_url(value)) & set("/?#&= ")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${A}", "1"),
        ("${A:-2}", "1"),
        ("${B:-2}", "2"),
        ("${B:-}", ""),
        ("${E:-3}", "3"),
        ("http://${A}:${B:-8080}/{path}$", "http://1:8080/{path}$"),
    ],
)
def test_variables_of_the_environment(text: str, value: str) -> None:
    """One that is empty is not set."""
    assert from_environment(text, {"A": "1", "E": ""}) == value


def test_all_variables_that_are_not_set_are_named() -> None:
    """Each once, and what to do."""
    with pytest.raises(ConfigError) as caught:
        from_environment("${B}${A}${C}${B}", {"A": "1"})
    assert caught.value.faults == tuple(f"${name} is not set: set it, and start again" for name in "BC")
