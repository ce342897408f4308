"""The observer: what it is, what it says, and all that can be wrong with both."""

import sys
from pathlib import Path

import pytest

from _hookswarm.common.errors import ConfigError
from _hookswarm.senders.plan.observer import ObserverError, effects_in, make_observer
from tests.support.servers import Peer, ScriptedServer, answer_of, answering, closed_port


@pytest.mark.parametrize(
    ("text", "path", "effects"),
    [
        ("7\n", "", 7),
        ("7.5", "", 7.5),
        ('{"orders": {"count": 3}}', "orders.count", 3),
        ('[{"n": 0}, {"n": 4}]', "1.n", 4),
        ('{"1": 5}', "1", 5),
    ],
)
def test_a_number_or_the_way_to_one(text: str, path: str, effects: float) -> None:
    """Names and places in lists, joined by dots."""
    assert effects_in(text, path) == effects


@pytest.mark.parametrize(
    ("text", "path", "said"),
    [
        (
            "seven",
            "",
            "answered 'seven', which is not a number: let it answer one, or name the path to it in JSON after #",
        ),
        ("", "", "answered '', which is not a number"),
        ("<html>", "a.b", "which is not JSON"),
        ("NaN", "", "answered no finite number, not a number: name the path"),
        ("true", "", "answered true or false, not a number"),
        ('{"a": 1}', "", "answered an object, not a number: name the path to it after #"),
        ('{"a": {"b": "3"}}', "a.b", "'a.b' is a text, not a number"),
        ('{"a": {"b": 3}}', "a.c", "in 'a' there is no 'c': write one of b"),
        ('{"a": [1]}', "a.1", "in 'a' there are 1 entries, and none at 1: count from 0"),
        ('{"a": 1}', "a.b", "in 'a' there is no 'b', for it is a number: let the path end before it"),
        ("x" * 100, "", f"answered {'x' * 59 + '…'!r}"),
    ],
)
def test_what_is_no_number_is_told_with_where_to_look(text: str, path: str, said: str) -> None:
    """In one line."""
    with pytest.raises(ObserverError) as caught:
        effects_in(text, path)
    assert said in str(caught.value)


def test_a_command_is_run_without_a_shell(tmp_path: Path) -> None:
    """Its words are those of a shell, and what a shell would do with them is not done."""
    script = tmp_path / "count.py"
    script.write_text("import json, sys; print(json.dumps({'words': sys.argv[1:], 'n': len(sys.argv) - 1}))")
    observer = make_observer(f"{sys.executable} {script} 'a b' $HOME ; #n")
    assert observer.command[2:] == ("a b", "$HOME", ";")
    assert observer.ask() == 3


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (
            "{python} -c 'raise SystemExit(\"no such table\")'",
            "ended with 1: no such table: run it alone, and see what it says",
        ),
        ("{python} -c 'print(\"many\")'", "answered 'many', which is not a number"),
    ],
)
def test_a_command_that_fails_is_told(command: str, said: str) -> None:
    """By the last thing that it said."""
    with pytest.raises(ObserverError) as caught:
        make_observer(command.format(python=sys.executable)).ask()
    assert str(caught.value).startswith(f"--observe {sys.executable}: ")
    assert said in str(caught.value)


def test_a_url_is_asked() -> None:
    """What stands after # is not sent."""
    seen = []

    def script(peer: Peer) -> None:
        seen.append(peer.request())
        peer.send(answer_of(b'{"orders": {"count": 12}}'))

    with ScriptedServer(script) as server:
        assert make_observer(f"{server.url}#orders.count").ask() == 12
    assert seen[0].startswith(b"GET /hooks HTTP/1.1\r\n")
    with ScriptedServer(answering(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")) as server:
        (fault,) = make_observer(server.url).faults()
        assert fault == f"--observe {server.url}: answered 404: let it answer a GET with 200 and a number"
    url = f"http://127.0.0.1:{closed_port()}/"
    (fault,) = make_observer(url).faults()
    assert fault.startswith(f"--observe {url}: no answer (Connection refused): start it")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("http://user:secret@127.0.0.1/", "leave out what stands before @, or name a command"),
        ("http:///x", "has no usable host and port"),
        ("'./count", "cannot be split into words: close its quotes"),
        ("#orders", "names nothing to ask: write a URL, or a command"),
        (
            "no-such-program --count",
            "there is no command 'no-such-program': write a URL (http://…), or a program's path",
        ),
    ],
)
def test_what_cannot_be_asked_is_refused_before_anything_is_sent(text: str, said: str) -> None:
    """With what to write."""
    with pytest.raises(ConfigError) as caught:
        make_observer(text)
    assert said in str(caught.value)
    assert "secret" not in str(caught.value)
