"""Taking down what a set-up made, by whoever has its file; and what is shown of a service to people."""

import errno
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from _hookswarm.common.errors import ConfigError
from _hookswarm.senders.service.account import Account, open_account
from _hookswarm.senders.service.keeper import Keeper
from _hookswarm.senders.service.kept import ACCOUNT, AccountFile, Kept
from _hookswarm.senders.service.names import TABLES, service_names
from _hookswarm.senders.service.rehearsing import Rehearsal
from _hookswarm.senders.service.steps import StepError, Steps, hidden_values
from _hookswarm.senders.service.table import Service, Step, load_service, parse_service
from tests.support.servers import NO_CONTENT, Peer, ScriptedServer, answer_of, closed_port

URLS = [f"http://127.0.0.1:1/endpoints/{place}" for place in range(3)]


def service(url: str, **more: Any) -> Service:
    return parse_service(
        "a",
        {
            "addresses": {"api": url},
            "publish": {"request": "POST {api}/events", "body": "{payload}"},
            "setup": [
                {"each": "endpoint", "request": "POST {api}/endpoints", "body": '"{url}"', "keep": {"endpoint": "id"}}
            ],
            "teardown": [{"each": "endpoint", "request": "DELETE {api}/endpoints/{endpoint}"}],
            **more,
        },
    )


def keeper_of(table: Service, said: list[str] | None = None) -> tuple[Keeper, Account]:
    account = open_account(table, URLS, "run")
    say = said.append if said is not None else print
    return Keeper(table, account, Steps(table), say), account


def test_a_service_that_is_away_is_asked_once_at_the_teardown() -> None:
    """The others are counted: of ten thousand each would take its time-out."""
    table = service(f"http://127.0.0.1:{closed_port()}")
    keeper, account = keeper_of(table)
    for place, endpoint in enumerate(account.endpoints):
        endpoint["endpoint"] = str(place)
    first, *others = keeper.tear_down()
    assert "see whether the service runs there" in first
    assert others == ["2 more requests were not tried, because the service does not answer"]
    assert not keeper.removed


def test_what_was_removed_is_counted_and_what_is_gone_already_is_no_failure() -> None:
    """404 and 410 say that it is not there any more; what the set-up did not come to is not asked for."""
    answers = [NO_CONTENT, answer_of(b"", "404 Not Found")]

    def script(peer: Peer) -> None:
        while peer.request():
            peer.send(answers.pop(0))

    with ScriptedServer(script) as server:
        keeper, account = keeper_of(service(server.url.removesuffix("/hooks")))
        account.endpoints[0]["endpoint"], account.endpoints[1]["endpoint"] = "x", "y"
        assert keeper.tear_down() == []
    assert dict(keeper.removed) == {"DELETE {api}/endpoints/{endpoint}": 1}
    assert answers == []


def test_a_token_that_may_have_run_out_is_fetched_again_for_the_teardown() -> None:
    """By whoever takes down what another process set up."""
    asked: list[str] = []

    def script(peer: Peer) -> None:
        while request := peer.request():
            asked.append(request.split(b"\r\n")[0].decode())
            peer.send(answer_of(b'{"token": "new"}'))

    login = {"request": "POST {api}/login", "keep": {"token": "token"}, "lasts_s": 300}
    end = {"request": "DELETE {api}/all?token={token}"}
    with ScriptedServer(script) as server:
        table = service(server.url.removesuffix("/hooks"), setup=[login], teardown=[end])
        keeper, account = keeper_of(table)
        account.run["token"] = "old"
        assert keeper.tear_down() == []
    assert asked == ["POST /login HTTP/1.1", "DELETE /all?token=new HTTP/1.1"]


def test_what_is_kept_of_a_run_is_for_its_user_alone(tmp_path: Path) -> None:
    """It holds secrets; a damaged file is told without what is in it."""
    table = service("http://127.0.0.1:1")
    account = open_account(table, URLS, "run")
    Kept(service=table, account=account).save(tmp_path / ACCOUNT)
    assert (tmp_path / ACCOUNT).stat().st_mode & 0o777 == 0o600
    assert Kept.load(tmp_path / ACCOUNT) == Kept(service=table, account=account)
    secret = account.endpoints[0]["secret"]
    (tmp_path / ACCOUNT).write_text((tmp_path / ACCOUNT).read_text()[:-9])
    with pytest.raises(ConfigError, match=r"service.json is damaged") as caught:
        Kept.load(tmp_path / ACCOUNT)
    assert secret not in str(caught.value)
    with pytest.raises(ConfigError, match=r"holds no service.json"):
        Kept.load(tmp_path / "elsewhere" / ACCOUNT)


def test_values_of_the_environment_are_hidden_whatever_their_names() -> None:
    """Those that are written in the table are not, unless their names speak of a secret; nor are files' names."""
    write = {"write": "{file}", "body": "x"}
    values = {"pass": "${A:-aaaaaa}", "topic": "orders", "api_key": "written", "file": "${B:-/tmp/x}"}
    table = service("http://127.0.0.1:1", values=values, setup=[write], teardown=[])
    run = open_account(table, URLS, "run").run
    assert {*hidden_values(table, run)} == {b"aaaaaa", b"written"}


def test_a_wait_that_it_asks_for_ends_when_somebody_wants_that() -> None:
    """Ctrl-C is not held up by a Retry-After."""
    slow = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 60\r\nContent-Length: 0\r\n\r\n"

    def script(peer: Peer) -> None:
        while peer.request():
            peer.send(slow)

    with ScriptedServer(script) as server:
        table = service(server.url.removesuffix("/hooks"))
        steps = Steps(table)
        steps.stopped = lambda: True
        with pytest.raises(StepError, match="told to end while it waited 60 s after a 429"):
            steps.do(table.setup[0], open_account(table, URLS, "run").values(0))


def test_a_rehearsal_says_what_steps_about_all_endpoints_hold(monkeypatch: pytest.MonkeyPatch) -> None:
    """Alertmanager's configuration, with its part for each endpoint."""
    monkeypatch.setenv("ALERTMANAGER_CONFIG", "/tmp/alertmanager.yml")
    table = load_service("alertmanager")
    first, second = Rehearsal(table, open_account(table, URLS, "run")).setup()
    assert "write /tmp/alertmanager.yml global:" in first
    assert "{receivers}, for each endpoint: {name: " in first
    assert URLS[0] in first
    assert second.endswith("POST http://127.0.0.1:9093/-/reload")


def test_a_set_up_that_cannot_be_written_down_ends() -> None:
    """A full disk: nobody could take it down again."""

    def script(peer: Peer) -> None:
        while peer.request():
            peer.send(answer_of(b'{"id": "x"}'))

    class Full(AccountFile):
        def save(self, account: Account) -> None:
            raise OSError(errno.ENOSPC, "No space left on device", "service.json")

    with ScriptedServer(script) as server:
        table = service(server.url.removesuffix("/hooks"))
        account = open_account(table, URLS, "run")
        with pytest.raises(OSError, match="No space left"):
            Keeper(table, account, Steps(table), print, Full(Path("service.json"), table)).set_up()


@pytest.mark.parametrize("name", service_names())
def test_a_rehearsal_of_every_service_that_is_shipped_shows_no_secret(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each step of each table, and an event, whatever its forms."""
    for variable in re.findall(r"\$\{(\w+)\}", (TABLES / f"{name}.toml").read_text()):
        monkeypatch.setenv(variable, "hush-hush-1")
    table = load_service(name)
    rehearsal = Rehearsal(table, open_account(table, URLS, "run"))
    shown = [*rehearsal.setup(), rehearsal.publish(b'{"hookswarm":"x"}'), *rehearsal.teardown()]
    assert len(shown) == len(table.setup) + 1 + len(table.teardown)
    assert not re.search("hush-hush", "".join(line for line in shown if " write " not in line))


def test_what_nobody_foresaw_ends_the_set_up_and_not_the_teardown() -> None:
    """It is raised as it was, and what was made until then is taken down; there it is told, and the rest goes on."""
    done: list[str] = []

    class Failing(Steps):
        def do(self, step: Step, values: Mapping[str, str], body: str | None = None) -> dict[str, str]:
            done.append(step.request)
            if len(done) in (2, 3):
                raise RuntimeError("unforeseen")
            return {"endpoint": values["url"][-1]}

    table = service("http://127.0.0.1:1")
    account = open_account(table, URLS, "run")
    keeper = Keeper(table, account, Failing(table), print, at_once=1)
    with pytest.raises(RuntimeError, match="unforeseen"):
        keeper.set_up()
    assert len(done) == 2
    assert keeper.tear_down() == ["DELETE {api}/endpoints/{endpoint}: RuntimeError('unforeseen')"]
    assert len(done) == 2 + len(account.endpoints)
