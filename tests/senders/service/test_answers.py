"""What is kept of an answer."""

import pytest

from _hookswarm.senders.service.answers import found_at, found_in


@pytest.mark.parametrize(
    ("path", "found"),
    [("a.b[1].c", 5), ("[0]", None), ("a.b[9].c", None), ("a.b.c", None), ("a", None), ("t", "x"), ("yes", None)],
)
def test_what_stands_at_a_path(path: str, found: object) -> None:
    """Only texts and numbers are values."""
    assert found_at(path, {"a": {"b": [0, {"c": 5}]}, "t": "x", "yes": True}) == found
    assert found_at("[1].id", [0, {"id": 2}]) == 2


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("id", "7"),
        ("share", "0.5"),
        ("header x-id", "of a header"),
        ("header X-Other", None),
        ('text "id": (\\d)', "7"),
        ("text nothing(.)", None),
        ("nothing", None),
        ("empty", None),
        ("half", None),
    ],
)
def test_what_an_answer_holds(where: str, found: str | None) -> None:
    """In its JSON, its headers, or its text; always as a text that can be sent, and says something."""
    assert (
        found_in(where, b'{"id": 7, "share": 0.5, "empty": "", "half": "a\\ud800"}', {"x-id": "of a header"}) == found
    )


def test_what_is_no_json_holds_no_path() -> None:
    """But a text."""
    assert found_in("a", b"<a>1</a>", {}) is None
    assert found_in("text <a>(.)", b"\xff<a>1</a>", {}) == "1"
