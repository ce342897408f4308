"""What is kept of a set-up: written step by step, used again where that is right, and gone on with."""

import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from _hookswarm.common.errors import ConfigError
from _hookswarm.senders.service.account import open_account
from _hookswarm.senders.service.keeper import Keeper
from _hookswarm.senders.service.kept import (
    ACCOUNT,
    AccountFile,
    Kept,
    account_of,
    is_countable,
    kept_file,
    ready_in,
    why_not_again,
)
from _hookswarm.senders.service.names import service_names
from _hookswarm.senders.service.steps import StepError
from _hookswarm.senders.service.table import Service, load_service
from tests.senders.service.test_account import TABLE, answer
from tests.support.service_api import Answer, Api, Asked, SetUp, table

URLS = [f"http://127.0.0.1:9/endpoints/{place}" for place in range(9)]
GROUPS = '[group]\nsize = 2\n[[setup]]\neach = "group"\nrequest = "POST {api}/groups/{group}"\n'


def made(folder: Path, text: str = TABLE, url: str = "http://127.0.0.1:2") -> Service:
    return table(folder, text.replace("API", url))


def test_each_step_is_written_before_the_next_so_that_a_kill_loses_none(tmp_path: Path) -> None:
    """A torn last line is left out. The file is for its user alone all the time."""
    seen: list[tuple[int, int]] = []

    def look(asked: Asked) -> Answer:
        if "/hooks/" in asked.path:
            kept = Kept.load(tmp_path / ACCOUNT)
            seen.append((sum("hook" in one for one in kept.account.endpoints), kept.account.done_of("run")[0]))
            assert stat.S_IMODE((tmp_path / ACCOUNT).stat().st_mode) == 0o600
        return answer(asked)

    with Api(look) as api:
        one = SetUp(made(tmp_path, url=api.url), 12)
        Keeper(one.service, one.account, one.steps, print, AccountFile(tmp_path / ACCOUNT, one.service)).set_up()
    assert [done for _, done in seen] == [1] * 12
    assert max(count for count, _ in seen) >= 12 - 8  # so many are on their way at once
    with (tmp_path / ACCOUNT).open("a") as file:
        file.write('["endpoint", 3, {"ho')
    assert Kept.load(tmp_path / ACCOUNT).account == one.account


SPOILT: dict[str, Callable[[dict[str, Any]], object]] = {
    "fewer than were set up": lambda told: told["account"]["endpoints"].pop(),
    "an id is missing": lambda told: told["account"]["endpoints"][1].pop("hook"),
    "a URL is missing": lambda told: told["account"]["endpoints"][1].pop("url"),
    "the run's name is missing": lambda told: told["account"]["run"].pop("run"),
    "what the run kept is missing": lambda told: told["account"]["run"].pop("app"),
    "a port that there cannot be": lambda told: told["ports"].update(local=99_999),
}


@pytest.mark.parametrize("how", SPOILT)
def test_a_file_that_cannot_be_right_is_told_and_not_used(tmp_path: Path, how: str) -> None:
    """Before anything is sent: with what to do, and nothing of what it holds."""
    path = tmp_path / ACCOUNT
    with Api(answer) as api:
        one = SetUp(made(tmp_path, url=api.url), 3).up()
    AccountFile(path, one.service).save(one.account)
    told = json.loads(path.read_text())
    SPOILT[how](told)
    path.write_text(json.dumps(told) + "\n")
    with pytest.raises(ConfigError) as caught:
        Kept.load(path)
    by_hand = "take down by hand what the service still has of it, and remove the file"
    assert list(caught.value.faults) == [f"{path} is damaged: {by_hand}"]
    path.write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match="is damaged: take down by hand"):
        Kept.load(path)


def test_a_set_up_goes_on_where_it_was_and_does_nothing_twice(tmp_path: Path) -> None:
    """After a failure; and with more endpoints, whose group may be there already."""
    text = TABLE.replace("[[setup]]", f"{GROUPS}[[setup]]", 1).replace('addresses = { api = "API" }', "")
    text = 'addresses = { api = "API" }\n' + text
    text = text.replace("[[setup]]\nrequest", '[[setup]]\neach = "run"\nrequest', 1)
    broken = [True]

    def failing(asked: Asked) -> Answer:
        return Answer({}, 500) if broken[0] and asked.path.endswith("/hooks/2") else answer(asked)

    with Api(failing) as api:
        one = SetUp(made(tmp_path, text, api.url), 3)
        with pytest.raises(StepError, match="answered 500"):
            one.up()
        broken[0] = False
        first, api.asked = list(api.lines), []
        one.up()
        again, api.asked = list(api.lines), []
        one.account.grow(URLS[:5], "ours")
        one.up()
    assert "POST /groups/0" in first
    assert not any("/groups/" in line or line == "POST /app" for line in again)
    assert "/hooks/2" in again[-1]
    assert sorted(line.rpartition("/")[2] for line in api.lines if "/hooks/" in line) == ["3", "4"]
    assert [line for line in api.lines if "/groups/" in line] == ["POST /groups/2"]
    assert ready_in(one.account, one.service) == 5


def test_what_is_kept_is_used_only_where_it_is_what_would_be_set_up(tmp_path: Path) -> None:
    """What a table promises may change; how it sets up, and where our receivers are, may not."""
    service = made(tmp_path)
    kept = Kept(service=service, account=open_account(service, URLS[:4], "r"))
    assert why_not_again(kept, service, URLS[:4]) == ""
    assert why_not_again(kept, service, URLS[:2]) == why_not_again(kept, service, URLS[:6]) == ""
    assert why_not_again(kept, service.model_copy(update={"drain_s": 77.0}), URLS[:4]) == ""
    assert why_not_again(kept, service.model_copy(update={"setup": ()}), URLS[:4]) == "its table sets up otherwise now"
    moved = [url.replace(":9", ":8") for url in URLS]
    assert why_not_again(kept, service, moved) == "our receivers are elsewhere now"
    lists = made(tmp_path, TABLE.replace('{"name": "{run}"}', '{"name": "{webhooks}"}'))
    kept = Kept(service=lists, account=open_account(lists, URLS[:4], "r"))
    assert why_not_again(kept, lists, URLS[:4]) == ""
    assert why_not_again(kept, lists, URLS[:5]) == (
        "its set-up is about all endpoints at once, and this run has 5, not 4"
    )


@pytest.mark.parametrize("name", service_names())
def test_endpoints_can_be_added_to_every_service_but_those_whose_set_up_lists_them(name: str) -> None:
    """Of those that are shipped."""
    assert is_countable(load_service(name)) is (name != "alertmanager")


def test_endpoints_that_may_be_disabled_are_forgotten_and_made_anew(tmp_path: Path) -> None:
    """They are removed where the teardown has a step for that; the others stay."""
    with Api(answer) as api:
        one = SetUp(made(tmp_path, url=api.url), 3).up()
        api.asked = []
        assert one.keeper.forget([1]) == []
        assert "hook" not in one.account.endpoints[1]
        assert ready_in(one.account, one.service) == 2
        one.up()
    assert api.lines == ["DELETE /1", "POST /app/hooks/1"]
    assert one.account.endpoints[1]["hook"] == "1"


def test_the_end_that_no_step_came_to_is_left_out(tmp_path: Path) -> None:
    """Else a shorter run would have to set up what a longer one was to have."""
    service = made(tmp_path, TABLE.replace("[[setup]]", f"{GROUPS}[[setup]]", 1))
    account = open_account(service, URLS, "r")
    account.done_of("endpoint")[2] = 1
    account.done_of("group")[1] = 1
    account.trim()
    assert (len(account.endpoints), len(account.groups)) == (3, 2)
    account.grow(URLS[:5], "ours")
    assert (len(account.endpoints), len(account.groups), account.run["webhooks"]) == (5, 3, "5")
    assert len(account.first(2).endpoints) == 2


def test_the_file_is_the_services_and_the_regions_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another address has another file; a run's folder that names none has its own."""
    service = made(tmp_path, url="${KEPT_URL}")
    monkeypatch.setenv("KEPT_URL", "http://127.0.0.1:2")
    first = kept_file(tmp_path, service, ["a"])
    assert first.parent == tmp_path
    assert first.name.startswith("kept-mine-")
    assert kept_file(tmp_path, service, ["b"]) != first
    monkeypatch.setenv("KEPT_URL", "http://127.0.0.1:3")
    assert kept_file(tmp_path, service, ["a"]) != first
    assert account_of(first) == first
    assert account_of(tmp_path / "run") == tmp_path / "run" / ACCOUNT


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("mine.toml", b'[addresses]\napi = "http://127.0.0.1:1"\n'),
        ("attempts.journal", b"\xff\0\0"),
        ("run.json", b'{"id": "x"}'),
        ("report.json", b'{\n  "id": "x"\n}\n'),
        ("service.json", b'{"id": "x"}'),
        ("other.json", b"\xff\0\0"),
    ],
)
def test_a_file_of_another_kind_is_told_with_what_to_give(tmp_path: Path, name: str, content: bytes) -> None:
    """Nothing of it has to be taken down by hand."""
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(ConfigError) as caught:
        Kept.load(account_of(path))
    assert list(caught.value.faults) == [
        f"{path} does not hold what a run set up at a service: give a run's folder, such as results/20261122-…, its "
        "service.json, or results/kept-….json"
    ]


@pytest.mark.parametrize("name", ["service.json", "kept-mine-0a.json"])
def test_one_of_ours_that_lost_its_begin_is_damaged(tmp_path: Path, name: str) -> None:
    """By its name: something may be left at the service."""
    (tmp_path / name).write_bytes(bytes(9))
    with pytest.raises(ConfigError, match="is damaged: take down by hand"):
        Kept.load(account_of(tmp_path / name))
