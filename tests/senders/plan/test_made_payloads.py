"""Bodies that a function of the user's own makes."""

import argparse
import json
import uuid
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest

from _hookswarm.common.errors import ConfigError
from _hookswarm.protocol.identity import EventId, format_event_id
from _hookswarm.protocol.marks import Marked, Payload, read_mark
from _hookswarm.senders.plan.checked_options import check_options
from _hookswarm.senders.plan.made_payloads import Event, Function, PayloadError, named_functions
from _hookswarm.senders.plan.options import add_options
from _hookswarm.senders.plan.plan import make_plan
from _hookswarm.senders.plan.settings import Settings
from _hookswarm.senders.plan.stages import Stage
from _hookswarm.senders.service.table import parse_service

STAGE = Stage("orders", payload="order", webhooks=10, events=100)
ID = format_event_id(EventId(1, 2, 3, 4))


def order(event: Event, draw: Random) -> dict[str, Any]:
    return {"event": event, "drawn": draw.random()}


def settings(folder: Path, *functions: Function, options: Sequence[str] = ()) -> Settings:
    parser = argparse.ArgumentParser()
    add_options(parser)
    found = check_options(parser.parse_args([*options, "--results", str(folder)]))
    return replace(found, functions=named_functions(functions))


def called_order(function: Callable[[Event, Random], Any]) -> Function:
    function.__name__ = "order"
    return function


def test_a_function_makes_the_bodies_of_the_stages_that_name_it(tmp_path: Path) -> None:
    """A dict becomes compact JSON, bytes go out as they are; other stages have what they had."""
    made = settings(tmp_path, order).payloads(STAGE)
    body = json.loads(made.body(ID, 47))
    assert body["event"] == [47, 7, 4]
    assert b" " not in made.body(ID, 47)
    plain = settings(tmp_path, called_order(lambda _event, _draw: b"\xff plain"))
    assert plain.payloads(STAGE).body(ID, 3) == b"\xff plain"
    assert b'"load.event"' in plain.payloads(replace(STAGE, payload="thin")).body(ID, 3)


def test_each_process_and_each_attempt_has_the_same_body(tmp_path: Path) -> None:
    """The source of randomness begins anew for each event, by the run's seed."""
    one, other = (settings(tmp_path, order).payloads(STAGE) for _ in range(2))
    bodies = [one.body(ID, n) for n in range(50)]
    assert [other.body(ID, n) for n in reversed(range(50))] == bodies[::-1]
    assert len({json.loads(body)["drawn"] for body in bodies}) == 50
    assert settings(tmp_path, order, options=["--seed", "2"]).payloads(STAGE).body(ID, 0) != bodies[0]


def test_captured_bodies_take_the_place_of_made_ones(tmp_path: Path) -> None:
    """As `--payloads` does with all that a table asks for."""
    (tmp_path / "one.json").write_text('{"mine":1}')
    found = settings(tmp_path / "results", order, options=["--payloads", str(tmp_path / "one.json")])
    assert found.payloads(STAGE).body(ID, 9) == b'{"mine":1}'


def test_a_service_is_published_them_with_a_mark(tmp_path: Path) -> None:
    """By which a receiver sees whether the body was kept. What cannot carry one is a fault."""
    table = {"addresses": {"api": "http://127.0.0.1:2"}, "publish": {"request": "POST {api}/", "body": "{payload}"}}
    service = parse_service("mine", table)
    body = replace(settings(tmp_path, order), service=service).payloads(STAGE).body(ID, 9)
    assert read_mark(body) == Marked(EventId(1, 2, 3, 4), Payload.KEPT)
    bare = replace(settings(tmp_path, called_order(lambda _event, _draw: b"[]")), service=service)
    with pytest.raises(PayloadError, match=r"'order'.*event 9: ValueError: not a JSON object"):
        bare.payloads(STAGE).body(ID, 9)


def fails(_event: Event, _draw: Random) -> Any:
    raise KeyError("country")


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (fails, "payload 'order': the function fails at event 0: KeyError: 'country': mend it"),
        (lambda _event, _draw: [1], "TypeError: it returned list, and must return bytes or a dict"),
        (lambda _event, _draw: None, "TypeError: it returned NoneType, and must return bytes or a dict"),
        (lambda _event, _draw: {"x": float("nan")}, "ValueError: Out of range float values are not JSON compliant"),
        (lambda _event, _draw: {"x": b""}, "TypeError: Object of type bytes is not JSON serializable"),
        (lambda _event: {}, "TypeError: .* takes 1 positional argument but 2 were given"),
        (lambda _event, _draw: {"id": str(uuid.uuid4())}, "makes another body when it is asked for the same event"),
    ],
)
def test_a_function_that_makes_no_body_is_a_fault_of_the_plan(
    tmp_path: Path, function: Callable[..., Any], said: str
) -> None:
    """In a line, before anything is sent, and once for all stages that name it."""
    wanted = settings(tmp_path, called_order(function))
    with pytest.raises(ConfigError, match=said) as caught:
        make_plan((STAGE, replace(STAGE, scenario="more")), wanted)
    assert len(caught.value.faults) == 1


def test_a_fault_of_a_later_event_names_function_event_and_fault(tmp_path: Path) -> None:
    """Whatever was raised, on one line."""

    def order(event: Event, _draw: Random) -> dict[str, Any]:
        if event.number == 7:
            raise RuntimeError("two\nlines")
        return {}

    wanted = settings(tmp_path, order)
    make_plan((STAGE,), wanted)
    with pytest.raises(PayloadError) as caught:
        wanted.payloads(STAGE).body(ID, 7)
    assert str(caught.value) == "payload 'order': the function fails at event 7: RuntimeError: two lines: mend it"


def test_what_cannot_be_named_is_a_fault() -> None:
    """A lambda, what is no function, a name that is taken."""

    def stripe(_event: Event, _draw: Random) -> bytes:
        return b""

    strange: list[Any] = [lambda _event, _draw: b"", partial(stripe), "order", stripe, order, order]
    with pytest.raises(ConfigError) as caught:
        named_functions(strange)
    assert ["no function with a name" in one for one in caught.value.faults] == [True, True, True, False, False]
    assert [one.split(":")[1].strip() for one in caught.value.faults[3:]] == [
        f"{name!r} is the name of something else, too" for name in ("stripe", "order")
    ]


def test_an_unknown_name_is_told_with_those_that_there_are(tmp_path: Path) -> None:
    """Distributions and functions."""
    with pytest.raises(ConfigError, match=r"there is no payload 'ordre': write one of thin, .*, mixed, order"):
        make_plan((replace(STAGE, payload="ordre"),), settings(tmp_path, order))


def test_a_process_without_the_function_says_so(tmp_path: Path) -> None:
    """One that has another locustfile than the master, which announces the stage."""
    with pytest.raises(ConfigError, match="there is no payload 'order': write one of thin, "):
        settings(tmp_path).payloads(STAGE)
