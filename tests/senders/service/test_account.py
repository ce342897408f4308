"""Accounts: what a set-up made, that it is kept as it grows, and what becomes of it when something fails."""

import json
import stat
import time
from pathlib import Path

import pytest

from _hookswarm.common.errors import ConfigError
from _hookswarm.senders.service.account import Account, open_account, settle
from _hookswarm.senders.service.keeper import Keeper
from _hookswarm.senders.service.kept import ACCOUNT, AccountFile, Kept
from _hookswarm.senders.service.steps import StepError
from tests.support.service_api import Answer, Api, Asked, SetUp, table

TABLE = """
addresses = { api = "API" }
[[setup]]
request = "POST {api}/app"
body = '{"name": "{run}"}'
keep = { app = "id" }
[[setup]]
each = "endpoint"
request = "POST {api}/{app}/hooks/{webhook}"
keep = { hook = "id" }
[publish]
request = "POST {api}/events"
body = "{payload}"
[[teardown]]
each = "endpoint"
request = "DELETE {api}/{hook}"
[[teardown]]
request = "DELETE {api}/{app}"
"""


def answer(asked: Asked) -> Answer:
    """Each object is called after its path's last part."""
    return Answer({"id": asked.path.rpartition("/")[2]})


def test_each_run_has_a_name_of_its_own(tmp_path: Path) -> None:
    """Services remember names: not even the same run's would be taken twice. It is fit for a URL."""
    service = table(tmp_path, TABLE.replace("API", "http://127.0.0.1:2"))
    first, second = (open_account(service, ["http://r/endpoints/0"], "20261129-A-RUN") for _ in range(2))
    assert first.run["run"] != second.run["run"]
    assert first.run["run"].startswith("20261129-a-run-")
    assert first.values(0)["url"] == "http://r/endpoints/0"
    assert len(first.run["run"]) <= 50


def test_variables_that_are_not_set_are_all_named(tmp_path: Path) -> None:
    """Before anything is asked, each with the value it is for."""
    text = TABLE.replace('"API"', '"http://${NO_HOST}"').replace(
        "[[setup]]", 'values = { key = "${NO_KEY}" }\n[[setup]]', 1
    )
    with pytest.raises(ConfigError) as caught:
        open_account(table(tmp_path, text), [], "r")
    assert caught.value.faults == (
        "--service mine: api: $NO_HOST is not set: set it, and start again",
        "--service mine: key: $NO_KEY is not set: set it, and start again",
    )


def test_it_is_kept_and_only_its_user_can_read_it(tmp_path: Path) -> None:
    """Tokens are in it."""
    with Api(answer) as api:
        made = SetUp(table(tmp_path, TABLE.replace("API", api.url)), 20)
        book = AccountFile(tmp_path / ACCOUNT, made.service, "a run", {"local": 20_001})
        Keeper(made.service, made.account, made.steps, made.said.append, book).set_up()
    assert stat.S_IMODE((tmp_path / ACCOUNT).stat().st_mode) == 0o600
    kept = Kept.load(tmp_path / ACCOUNT)
    assert kept == Kept(service=made.service, account=made.account, run="a run", ports={"local": 20_001})
    assert [made.account.values(number)["hook"] for number in range(20)] == [str(number) for number in range(20)]


def test_a_set_up_that_fails_leaves_what_it_made_to_the_teardown(tmp_path: Path) -> None:
    """The first failure ends it; what was not made is not asked for."""

    def failing(asked: Asked) -> Answer:
        return Answer({}, 403) if asked.path.endswith("/hooks/3") else answer(asked)

    with Api(failing) as api:
        made = SetUp(table(tmp_path, TABLE.replace("API", api.url)), 40)
        with pytest.raises(StepError, match="answered 403"):
            made.up()
        hooks = [one["hook"] for one in made.account.endpoints if "hook" in one]
        assert 1 <= len(hooks) < 40
        api.asked = []
        assert made.keeper.tear_down() == []
    assert sorted(api.lines) == sorted([f"DELETE /{hook}" for hook in hooks] + ["DELETE /app"])


def test_a_teardown_goes_on_after_what_fails(tmp_path: Path) -> None:
    """And tells each."""

    def failing(asked: Asked) -> Answer:
        return Answer({}, 500) if asked.line == "DELETE /1" else answer(asked)

    with Api(failing) as api:
        made = SetUp(table(tmp_path, TABLE.replace("API", api.url)), 3).up()
        (failed,) = made.keeper.tear_down()
    assert "DELETE /" in failed or "/1 answered 500" in failed
    assert {"DELETE /0", "DELETE /1", "DELETE /2", "DELETE /app"} <= {*api.lines}


def test_another_process_takes_down_what_was_kept(tmp_path: Path) -> None:
    """A run that was killed: its tokens may have ended, so that they are asked for again."""
    login = '[[setup]]\nrequest = "POST {api}/login"\nkeep = { token = "id" }\nlasts_s = 300\n'
    text = TABLE.replace("[[setup]]", login + "[[setup]]", 1).replace(
        'request = "DELETE {api}/{app}"', 'request = "DELETE {api}/{app}"\nheaders = { Authorization = "{token}" }'
    )
    with Api(answer) as api:
        made = SetUp(table(tmp_path, text.replace("API", api.url)), 1).up()
        kept = Account.model_validate(json.loads(made.account.model_dump_json()))
        api.asked = []
        assert Keeper(made.service, kept, made.steps, made.said.append).tear_down() == []
    assert api.lines == ["DELETE /0", "POST /login", "DELETE /app"]


def test_somebody_who_wants_it_to_end_is_heard(tmp_path: Path) -> None:
    """No other endpoint is set up."""
    with Api(answer) as api:
        made = SetUp(table(tmp_path, TABLE.replace("API", api.url)), 5)
        Keeper(made.service, made.account, made.steps, made.said.append, stopped=lambda: len(api.asked) > 2).set_up()
    assert len(api.asked) < 6


def test_settling_ends_early_when_asked_to() -> None:
    """A pause is no reason to hang."""
    began = time.monotonic()
    settle(60, lambda: True)
    settle(0.05, lambda: False)
    assert 0.05 <= time.monotonic() - began < 30
