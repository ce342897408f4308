"""Doing a service's steps against a server that refuses, slows down, or answers something else."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest

from _hookswarm.senders.service.steps import DEFAULT_WAIT_S, IDLE_S, StepError, Steps, Told
from _hookswarm.senders.service.table import parse_service
from tests.support.servers import NO_CONTENT, Peer, ScriptedServer, closed_port
from tests.support.service_api import Answer, Api, Asked

SECRET = "s3cr3t-token-value"


class Doing:
    """One step of a service, and what people are told."""

    def __init__(self, url: str, step: dict[str, Any], idle_s: float = IDLE_S) -> None:
        content = {
            "addresses": {"api": url},
            "values": {"token": SECRET},
            "loopback": "start it with ALLOW_LOOPBACK=1",
            "setup": [step],
            "publish": {"request": "POST {api}/e", "body": "{payload}"},
        }
        self.service = parse_service("mine", content)
        self.told: list[Told] = []
        self.waited_s: list[float] = []
        self.steps = Steps(self.service, self.told.append, sleep=self.waited_s.append, idle_s=idle_s)
        self._values = {"api": url, "token": SECRET, "run": "a/b ü"}

    def do(self) -> dict[str, str]:
        return self.steps.do(self.service.setup[0], self._values)


@contextmanager
def doing(answer: Callable[[Asked], Answer], **step: Any) -> Iterator[tuple[Doing, Api]]:
    with Api(answer) as api:
        made = Doing(api.url, {"request": "POST {api}/hooks", **step})
        yield made, api
        made.steps.close()


def test_a_step_asks_and_keeps() -> None:
    """Values are spelt for where they stand: in the URL, in a header, in JSON."""
    step = {
        "request": "POST {api}/of/{run}",
        "headers": {"Authorization": "Bearer {token}"},
        "body": '{"name": "{run}"}',
        "keep": {"number": "data[0].id", "share": "data[0].share", "etag": "header etag", "word": "text a (\\w+) b"},
    }
    answer = Answer({"data": [{"id": 7, "share": 0.5, "say": "a word b"}]}, 201, {"ETag": "x"})
    with doing(lambda _asked: answer, **step) as (made, api):
        assert made.do() == {"number": "7", "share": "0.5", "etag": "x", "word": "word"}
    (asked,) = api.asked
    assert asked.line == "POST /of/a%2Fb%20%C3%BC"
    assert asked.headers["authorization"] == f"Bearer {SECRET}"
    assert asked.headers["content-type"] == "application/json"
    assert asked.body == '{"name": "a/b \\u00fc"}'


@pytest.mark.parametrize(
    ("answer", "says", "advice"),
    [
        (Answer({"error": "no"}, 401), "answered 401", "see whether the table's token is right, and still good"),
        (Answer("not found", 404), "answered 404 not found", "see whether the table's address and path are those of"),
        (Answer("oops", 500), "answered 500 oops", "see what the service logged"),
        (Answer("taken", 409), "answered 409 taken", "compare the step with the service's API"),
        (Answer("url is loopback", 422), "422 url is loopback", "loopback addresses: start it with ALLOW_LOOPBACK=1"),
        (Answer({"id": []}), 'keep.id: the answer has no id: it was 200 {"id": []}', "write where it stands"),
        (Answer("<p>hi</p>"), "keep.id: the answer has no id: it was 200 <p>hi</p>", "write where it stands"),
    ],
)
def test_what_is_not_taken_is_told(answer: Answer, says: str, advice: str) -> None:
    """Which step, what the service answered, and what to do."""
    with (
        doing(lambda _asked: answer, name="a hook", keep={"id": "id"}) as (made, _),
        pytest.raises(StepError) as caught,
    ):
        made.do()
    assert str(caught.value).startswith("mine: a hook: ")
    assert says in str(caught.value)
    assert advice in str(caught.value)


def test_an_answer_whose_body_says_no() -> None:
    """A service may say 202 to an event that reaches nobody: what to look for is the endpoint, not its API."""
    with doing(lambda _asked: Answer({"to": []}, 202), accept=['body ~ "to": ["']) as (made, _):
        with pytest.raises(StepError) as caught:
            made.do()
    assert 'status 202, not accepted: body lacks "to": ["' in str(caught.value)
    assert str(caught.value).endswith("see whether the endpoint that the step names is still there")


def test_no_secret_is_shown() -> None:
    """Not in what is told of a step, nor in why it failed; also what a step keeps as one."""
    answer = Answer({"api_key": "k3y-of-a-service", "echo": SECRET})
    step = {"body": '{"t": "{token}"}', "keep": {"service_key": "api_key", "none": "nothing"}}
    with doing(lambda _asked: answer, **step) as (made, _):
        with pytest.raises(StepError) as caught:
            made.do()
        with pytest.raises(StepError) as again:
            made.do()
    for text in (str(caught.value), str(again.value), str(made.told)):
        assert SECRET not in text
        assert "k3y-of-a-service" not in text


@pytest.mark.parametrize(
    ("hint", "wait_s"),
    [("20", 20), ("a date", 99), ("", DEFAULT_WAIT_S), ("soon", DEFAULT_WAIT_S)],
    ids=["seconds", "a date", "nothing", "no number"],
)
def test_a_service_that_asks_to_slow_down_is_obeyed(hint: str, wait_s: float) -> None:
    """And asked again, after the seconds, or at the date, that its 429 names."""
    told = formatdate(time.time() + 100, usegmt=True) if hint == "a date" else hint
    slow = Answer({}, 429, {"Retry-After": told} if hint else {})
    answers = iter([slow, slow, Answer({"id": "h"})])
    said: list[object] = []
    with doing(lambda _asked: next(answers), keep={"id": "id"}) as (made, api):
        made.steps.say = said.append
        assert made.do() == {"id": "h"}
    assert (len(api.asked), made.steps.slowed) == (3, 2)
    (once,) = said
    assert str(once).startswith("mine asks us to slow down (429): waits ")
    assert sum(made.waited_s) == pytest.approx(2 * wait_s, abs=60 if wait_s == 99 else 0.001)


def test_a_wait_that_is_too_long_is_told() -> None:
    """Nobody waits for minutes without being asked."""
    with doing(lambda _asked: Answer({}, 429, {"Retry-After": "9999"})) as (made, api):
        with pytest.raises(StepError, match="asks us to slow down for more than 300 s: raise its rate limit"):
            made.do()
    assert (len(api.asked), made.waited_s) == (1, [])


@pytest.mark.parametrize("hint", ["0", "Mon, 01 Jan 0001 00:00:00 GMT"])
def test_a_service_that_says_now_and_refuses_again_is_not_hammered(hint: str) -> None:
    """Each wait is twice the one before it."""
    with doing(lambda _asked: Answer({}, 429, {"Retry-After": hint})) as (made, api):
        with pytest.raises(StepError, match="asks us to slow down"):
            made.do()
    assert len(api.asked) == 13


def test_a_redirect_says_where_to() -> None:
    """Nobody is followed: a POST may become a GET there."""
    with doing(lambda _asked: Answer({}, 302, {"Location": "https://login.example.com/"})) as (made, _api):
        with pytest.raises(StepError, match=r"answered 302.*: it redirects to https://login\.example\.com/, and we"):
            made.do()


@pytest.mark.parametrize(
    ("token", "sent"), [(f"{SECRET}\r\n", SECRET), (f"{SECRET}\nX-Evil: 1", f"{SECRET} X-Evil: 1"), ("ä", "\xc3\xa4")]
)
def test_a_token_is_one_line_of_a_header(token: str, sent: str) -> None:
    """Whatever stands in it: a file's line break at its end is none of it."""
    with doing(lambda _asked: Answer({}), headers={"Authorization": "Bearer {token}"}) as (made, api):
        made.steps.do(made.service.setup[0], {"api": api.url, "token": token})
    assert api.asked[0].headers["authorization"] == f"Bearer {sent}"


def test_nobody_there(tmp_path: Path) -> None:
    """Its address, and what to look at."""
    made = Doing(f"http://127.0.0.1:{closed_port()}", {"request": "POST {api}/hooks"})
    with pytest.raises(StepError, match="see whether the service runs there, or name its address"):
        made.do()
    made = Doing("http://127.0.0.1:1", {"write": str(tmp_path / "no" / "file"), "body": "x"})
    with pytest.raises(StepError, match="let the folder be where it is"):
        made.do()


def test_a_connection_that_was_idle_is_not_used_again() -> None:
    """A server that ends it just then would leave the request without an answer."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(NO_CONTENT)
        peer.request()

    with ScriptedServer(script) as server:
        made = Doing(server.url, {"request": "POST {api}"}, idle_s=0.05)
        for _ in range(2):
            assert made.do() == {}
            time.sleep(0.1)
        made.steps.close()


def test_a_step_with_patience_is_tried_again() -> None:
    """Until its answer holds what is kept."""
    answers = iter([Answer({}, 404), Answer({"mails": []}), Answer({"mails": [{"id": 3}]})])
    with doing(lambda _asked: next(answers), keep={"mail": "mails[0].id"}, patience_s=5) as (made, api):
        assert made.do() == {"mail": "3"}
    assert len(api.asked) == 3


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (["false"], "false ended with 1 and said nothing: run it by hand to see why"),
        (
            ["sh", "-c", "echo no such table {token} >&2; exit 3"],
            "sh ended with 3 and said no such table ********: run",
        ),
        (["no-such-program"], "no-such-program: No such file or directory: install it, or write the path"),
        (["echo", "x"], "keep.id: the answer has no id: it was x; write where it stands"),
    ],
)
def test_a_command_that_fails_is_told(command: list[str], says: str) -> None:
    """With what it said, and no secret."""
    made = Doing("http://127.0.0.1:1", {"run": command, "keep": {"id": "id"}})
    with pytest.raises(StepError) as caught:
        made.do()
    assert says in str(caught.value)
