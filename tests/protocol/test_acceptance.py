"""What counts as accepted: rules, understood and applied."""

import pytest

from _hookswarm.common.errors import ConfigError
from _hookswarm.protocol.acceptance import ANY_2XX, parse_acceptance


@pytest.mark.parametrize(
    ("rules", "status", "body", "lacks"),
    [
        ((), 299, b"", ""),
        ((), 302, b"", "status 302"),
        (("status in 200,202",), 202, b"", ""),
        (("status in 200,202",), 201, b"", "status 201, not accepted"),
        (("status in 200, 204-206",), 205, b"", ""),
        (("status in 200-299, 302",), 302, b"", ""),
        (("status in 302",), 503, b"", "status 503"),
        (('body ~ "ok":true',), 200, b'{"ok":true}', ""),
        (('body ~ "ok":true',), 201, b'{"ok": false}', 'status 201, not accepted: body lacks "ok":true'),
        (('body ~ "ok":true',), 200, b'{\n  "ok" : true\n}', ""),
        (('body ~ "ids": ["',), 200, b'{"ids":["a"]}', ""),
        (('body ~ "ids": ["',), 200, b'{"ids": []}', 'status 200, not accepted: body lacks "ids": ["'),
        (("body ~ ok",), 500, b"ok", "status 500"),
        (("body ~ a b", "body~c"), 200, b"nothing", "status 200, not accepted: body lacks a b and c"),
        (("status in 200-202", "status in 201,202"), 200, b"", "status 200, not accepted"),
        (("status in 404", "body ~ gone"), 404, b"gone", ""),
    ],
)
def test_all_rules_must_hold(rules: tuple[str, ...], status: int, body: bytes, lacks: str) -> None:
    """And a 2xx, where none is about the status. What an answer lacks is told, and is what Locust counts by."""
    assert parse_acceptance(rules).lacks(status, body) == lacks


def test_without_rules_it_is_any_2xx() -> None:
    """Which nobody has to ask for: the senders know it by heart."""
    assert parse_acceptance(()) == ANY_2XX
    assert ANY_2XX.is_plain
    assert not parse_acceptance(["body ~ x"]).is_plain


def test_every_rule_that_is_none_is_named() -> None:
    """All of them at once, and how to write one."""
    wrong = ["status in", "status in 2xx", "status in 299-200", "status = 200", "body ~ ", "status in 600", ""]
    with pytest.raises(ConfigError) as caught:
        parse_acceptance([*wrong, "status in 200"])
    assert [fault.partition(" is not a rule: write 'status in 200,202'")[0] for fault in caught.value.faults] == [
        repr(rule) for rule in wrong
    ]


def test_rules_that_exclude_each_other_are_refused() -> None:
    """No answer could keep them."""
    with pytest.raises(ConfigError, match="no status keeps all rules"):
        parse_acceptance(["status in 200", "status in 202"])


@pytest.mark.parametrize(
    ("rules", "example"),
    [
        ((), (204, b"")),
        (("status in 200,204",), (204, b"")),
        (("status in 200",), (200, b"")),
        (("body ~ a", "body ~ b"), (200, b"a\nb")),
        (("status in 204-206", "body ~ a"), (205, b"a")),
    ],
)
def test_an_example_is_accepted(rules: tuple[str, ...], example: tuple[int, bytes]) -> None:
    """Our own receivers answer so."""
    acceptance = parse_acceptance(rules)
    assert acceptance.example() == example
    assert acceptance.lacks(*example) == ""


def test_the_rules_are_told_as_they_are_written() -> None:
    """So that they can be given again."""
    rules = ["status in 200,202-204", "body ~ ok"]
    assert parse_acceptance(rules).told() == rules
