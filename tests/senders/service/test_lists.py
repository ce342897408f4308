"""Steps that are about all of their endpoints: one text for each, in one or several lists of a body."""

from pathlib import Path
from typing import Any

import pytest

from _hookswarm.common.errors import ConfigError
from _hookswarm.senders.service.account import open_account
from _hookswarm.senders.service.keeper import Keeper
from _hookswarm.senders.service.steps import Steps
from _hookswarm.senders.service.table import Service, parse_service

BODY = """\
route: {receiver: nobody, routes: [{routes}]}
receivers: [{name: nobody}, {receivers}]
"""
LISTS = {"routes": '{receiver: "{webhook}"}', "receivers": '{name: "{webhook}", url: "{url}"}'}


def service(**step: Any) -> Service:
    """A service whose only step writes what it lists."""
    content: dict[str, Any] = {
        "addresses": {"api": "http://127.0.0.1:1"},
        "setup": [{"write": "{path}", "body": BODY, "lists": LISTS, "joined": ", ", **step}],
        "publish": {"request": "POST {api}/events", "body": "{payload}"},
        "values": {"path": "elsewhere"},
    }
    return parse_service("own", content)


def written(path: Path, urls: list[str], **more: Any) -> str:
    """What the step writes for endpoints at these URLs."""
    made = service(**more).model_copy(update={"values": {"path": str(path)}})
    steps = Steps(made)
    Keeper(made, open_account(made, urls, "run"), steps, say=print).set_up()
    steps.close()
    return path.read_text()


def test_each_list_has_its_own_text_for_each_endpoint(tmp_path: Path) -> None:
    """Routes and receivers stand apart, each once for each endpoint; braces that are no name stay."""
    assert written(tmp_path / "made.yml", ["http://a/0", 'http://a/"1"']) == (
        'route: {receiver: nobody, routes: [{receiver: "0"}, {receiver: "1"}]}\n'
        'receivers: [{name: nobody}, {name: "0", url: "http://a/0"}, {name: "1", url: "http://a/\\"1\\""}]\n'
    )


def test_a_value_that_looks_like_a_name_is_not_filled_again(tmp_path: Path) -> None:
    """What a value or a list holds stays as it is, whatever stands in it."""
    text = written(tmp_path / "made", ["http://{run}/"], body="{routes} {webhooks}", lists={"routes": "{url} {{run}}"})
    assert text.startswith("http://{run}/ {run-")
    assert text.endswith("} 1")


@pytest.mark.parametrize(
    ("step", "fault"),
    [
        ({"each": "endpoint"}, "setup 1: lists: a step for each endpoint has none"),
        ({"body": "{routes}"}, "setup 1: lists.receivers: put {receivers} into the body"),
        ({"lists": {"routes": ""}}, "setup 1: body: there is no {receivers} here"),
        ({"lists": {**LISTS, "routes": "{nothing}"}}, "setup 1: lists.routes: there is no {nothing} here"),
        ({"write": "{routes}"}, "setup 1: write: there is no {routes} here"),
    ],
)
def test_a_list_without_a_place_is_a_fault_and_so_is_a_place_without_a_list(step: dict[str, Any], fault: str) -> None:
    """Lists stand in the body of a step for all endpoints, and each has its place there."""
    with pytest.raises(ConfigError) as raised:
        service(**step)
    assert fault in str(raised.value)
