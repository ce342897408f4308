"""A service's table as a file: what is wrong with it, all at once, each with its line and what to do."""

import contextlib
import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from _hookswarm.common.errors import ConfigError
from _hookswarm.senders.service.table import Service, load_service, parse_service

GOOD = """\
addresses = { api = "http://127.0.0.1:8080" }
values = { key = "${KEY}" }
group = { size = 20 }

[[setup]]
each = "group"
request = "POST {api}/tenants"
headers = { Authorization = "{key}" }
keep = { tenant = "id" }

[[setup]]
each = "endpoint"
request = "POST {api}/{tenant}/hooks"
body = '{"url": "{url}"}'
keep = { hook = "id" }

[publish]
request = "POST {api}/events"
body = '{"to": "{hook}", "payload": {payload}}'

[delivers.headers]
X-Id = "{id}"
[delivers.signature]
algorithm = "hmac-sha256"
signed = "{id}.{body}"
header = "X-Sig"

[retry]
waits_s = [1, 2]

[[teardown]]
each = "group"
request = "DELETE {api}/tenants/{tenant}"
"""


def faults(folder: Path, text: str) -> list[str]:
    (folder / "mine.toml").write_text(text)
    with pytest.raises(ConfigError) as caught:
        load_service(str(folder / "mine.toml"))
    assert all(fault.startswith("--service mine: ") for fault in caught.value.faults)
    return [fault.removeprefix("--service mine: ") for fault in caught.value.faults]


def test_a_table_of_ones_own(tmp_path: Path) -> None:
    """It has the file's name; and a worker makes the same of what the master tells it."""
    (tmp_path / "mine.toml").write_text(GOOD)
    service = load_service(str(tmp_path / "mine.toml"))
    assert (service.name, service.run, service.provider.id_header) == ("mine", "not run", "X-Id")
    assert Service.model_validate(service.model_dump(mode="json")) == service


def test_a_table_may_be_like_one_that_is_shipped(tmp_path: Path) -> None:
    """It says what differs: whole keys, and of addresses, values, promises and restarts single names."""
    (tmp_path / "mine.toml").write_text('like = "outpost"\nvalues = { key = "mine" }\n[retry]\nwaits_s = [1, 2]\n')
    mine, usual = load_service(str(tmp_path / "mine.toml")), load_service("outpost")
    assert mine.values == {**usual.values, "key": "mine"}
    assert mine.retry
    assert (mine.retry.waits_s, mine.retry.first_s) == ((1, 2), None)
    assert (mine.name, mine.setup, mine.addresses) == ("mine", usual.setup, usual.addresses)
    [fault] = faults(tmp_path, 'like = "./other.toml"')
    assert fault.startswith("like: there is no service './other.toml' that is shipped: write one of ")


def test_an_unknown_name_lists_the_known() -> None:
    """And what was meant, probably."""
    with pytest.raises(ConfigError, match=r"no service 'outpots': write outpost, or name a file"):
        load_service("outpots")


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ('api = "http://127.0.0.1:8080"', "", 'line 1: addresses: write where the service is: addresses = { api = '),
        ("size = 20", "size = 0", "line 3: group.size: write 1 or more"),
        ("group = { size = 20 }", "grup = 1", "line 3: grup: unknown key: write group, or leave it out"),
        ('each = "group"\nrequest = "POST', 'each = "tenant"\nrequest = "POST', "line 6: setup 1: each: write 'run',"),
        ('request = "POST {api}/tenants"', "", "line 5: setup 1: write one of request, run and write"),
        ('"POST {api}/tenants"', '"POST{api}"', "line 7: setup 1: request: write method and URL: POST {api}/v1/apps"),
        ('{ tenant = "id" }', '{ tenant = "header " }', "line 9: setup 1: keep.tenant: write `header NAME`"),
        ('{ tenant = "id" }', '{ tenant = "text a" }', "line 9: setup 1: keep.tenant: write one group into the patt"),
        ('{ tenant = "id" }', '{ tenant = "text (" }', "line 9: setup 1: keep.tenant: this is not a pattern: write a"),
        ('{ tenant = "id" }', '{ tenant = "" }', "line 9: setup 1: keep.tenant: write a path such as data.id"),
        ('{ tenant = "id" }', '{ tenant = "id", url = "u" }', "line 9: setup 1: keep.url: this name has its own mean"),
        ('{ tenant = "id" }', '{ tenant = "id", secret = "s" }', 'line 9: setup 1: keep.secret: a secret is an endpo'),
        ('"{key}" }', '"a\\nb" }', "line 8: setup 1: headers.Authorization: a header has one line"),
        ("{ Authorization", "{ Host", "line 8: setup 1: headers.Host: the wire sets this one: leave it out"),
        ('"{key}" }', '"{keys}" }', "line 8: setup 1: headers.Authorization: there is no {keys} here: write one of a"),
        ('"{url}"', '"{uri}"', "line 14: setup 2: body: there is no {uri} here: write one of api, group, key, run, s"),
        ('DELETE {api}/tenants/{tenant}', 'DELETE {api}/{hook}', "line 33: teardown 1: request: there is no {hook} h"),
        ("/events", "/{event_id}", "line 18: publish.request: there is no {event_id} here"),
        ('[publish]', '[publish]\nheaders = { X = "{payload}" }', "line 18: publish.headers.X: there is no {payload}"),
        ('"payload": {payload}', '"id": "{event_uuid}"', "line 19: publish.body: put {payload} into it, or {event_id}"),
        ('[publish]', '[publish]\nid_most = 30', None),
        ('{"to"', '{"id": "{event_id}", "to"', None),
        ('[publish]', '[publish]\nfan_out = "all"', "line 18: publish.fan_out: write 'endpoint', 'group' or 'run'"),
        ('[publish]', '[publish]\naccept = ["status 2"]', "line 18: publish.accept: 'status 2' is not a rule: write"),
        ("{id}.{body}", "{idd}.{body}", "line 25: delivers.signature.signed: there is no {idd} here: write one of i"),
        ("{id}.{body}", "{timestamp}.{body}", "line 25: delivers.signature.signed: no header tells {timestamp}: write"),
        ("{id}.{body}", "{values}.{body}", "line 23: delivers.signature.value: it must hold {names}"),
        ('"{id}"', '"{payload}"', "line 22: delivers.headers.X-Id: there is no {payload} here: write one of id, times"),
        ("[delivers.headers]", '[delivers]\nprovider = "svix"\n[delivers.headers]', "line 21: delivers: write eithe"),
        ("waits_s = [1, 2]", "factor = 2", "line 28: retry.waits_s: write either waits_s or first_s"),
        ("waits_s = [1, 2]", 'waits_s = "1"', "line 29: retry.waits_s: write a list: […]"),
        ('{ tenant = "id" }', '{ tenant = "id", Id = "id" }', "line 9: setup 1: keep.Id: write a name of lower-case l"),
        ("[retry]", '[restart.It]\nprocess = "x"\n[retry]', "line 28: restart.It: write a name of lower-case letters"),
        ("[retry]", '[restart.it]\nready = "{a}"\n[retry]', "line 29: restart.it.ready: there is no {a} here"),
        ('"DELETE {api}/tenants', '"DELETE http://example.com', "line 33: teardown 1: request: begin with one of th"),
        ("POST {api}/events", "POST /events", "line 18: publish.request: begin with one of the addresses, which say w"),
        ("waits_s = [1, 2]", "first_s = 1\nattempts = 1000000000", "line 30: retry.attempts: write"),
        ('"${KEY}"', '"Bearer {token}"', "line 2: values.key: nothing is filled in here: write {token} where"),
        (":8080", ":8080/{tenant}", "line 1: addresses.api: nothing is filled in here: write {tenant} where the addr"),
        ("[retry]", "[restart.it]\n[retry]", "line 28: restart.it: write one of stop, pid_file and process"),
        ("[retry]", '[restart.it]\nprocess = "x"\n[retry]', "line 28: restart.it.ready: write a URL that answers 2xx"),
        ('keep = { hook = "id" }', 'keep = { hook = "id" }\nlasts_s = 5', "line 16: setup 2: lasts_s: only what is k"),
        ('body = \'{"url": "{url}"}\'', "write = \"f\"", "line 11: setup 2: write one of request, run and write"),
        ('body = \'{"url": "{url}"}\'', 'lists.a = "{url}"', "line 14: setup 2: lists: a step for each endpoint has"),
        ('keep = { tenant = "id" }', 'lists.a = "{url}"', "line 9: setup 1: lists.a: put {a} into the body, where i"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_table_is_named(old: str, new: str, fault: str | None, tmp_path: Path) -> None:
    """By its line, its key, and what to do."""
    assert old in GOOD
    text = GOOD.replace(old, new, 1)
    if fault is None:
        parse_service("mine", tomllib.loads(text))
    else:
        assert fault in [one[: len(fault)] for one in faults(tmp_path, text)]


def test_an_id_that_the_service_does_not_take(tmp_path: Path) -> None:
    """Ours have up to 35 characters, a UUID has 36."""
    for most, name in ((34, "event_id"), (35, "event_uuid")):
        body = f'[publish]\nid_most = {most}\nbody = \'{{"id": "{{{name}}}", "p": {{payload}}}}\'\n'
        text = GOOD.replace("[publish]\n", body).replace('body = \'{"to": "{hook}", "payload": {payload}}\'\n', "")
        (fault,) = faults(tmp_path, text)
        assert fault.startswith(f"line 18: publish.id_most: {{{name}}} has up to {most + 1} characters: leave it out")


def test_all_faults_of_a_table_are_named_at_once(tmp_path: Path) -> None:
    """Wrong keys, wrong values and unknown names, in the order of their lines; what follows from one is none."""
    text = (
        GOOD.replace("size = 20", 'size = "x"')
        .replace('"POST {api}/tenants"', '"POST"')
        .replace('"{key}"', '"{kye}"')
        .replace('keep = { hook = "id" }', "keep = { hook = 5 }\nacept = []")
        .replace('algorithm = "hmac-sha256"', 'algorithm = "md5"')
        .replace("waits_s = [1, 2]", "waits_s = [1, -2]\nfirst_s = true")
    )
    assert [fault.split(": ")[: 3 if "setup" in fault else 2] for fault in faults(tmp_path, text)] == [
        ["line 3", "group.size"],
        ["line 7", "setup 1", "request"],
        ["line 8", "setup 1", "headers.Authorization"],
        ["line 15", "setup 2", "keep.hook"],
        ["line 16", "setup 2", "acept"],
        ["line 25", "delivers.signature.algorithm"],
        ["line 30", "retry.waits_s 2"],
    ]


PLACES = [
    ("setup", 0, "keep", "tenant"),
    ("setup", 0, "keep"),
    ("setup", 0, "headers"),
    ("setup", 1),
    ("setup",),
    ("publish", "accept"),
    ("publish",),
    ("delivers", "headers", "X-Id"),
    ("delivers", "signature", "algorithm"),
    ("delivers",),
    ("retry", "waits_s"),
    ("retry",),
    ("restart",),
    ("values",),
    ("addresses",),
]
_SCALAR = st.none() | st.booleans() | st.integers(-3, 3) | st.floats() | st.text(max_size=3) | st.sampled_from(["{a}"])
_KEYS = st.sampled_from(["a", "Bad Name", "", "[key]", "request", "keep", "signature"])
_JUNK = st.recursive(_SCALAR, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_KEYS, inner, max_size=2))


@given(junk=st.dictionaries(st.sampled_from(PLACES), _JUNK, min_size=1, max_size=3))
def test_whatever_stands_in_a_table_it_is_read_to_its_end(junk: dict[tuple[str | int, ...], object]) -> None:
    """It is understood, or its faults are named."""
    content = tomllib.loads(GOOD)
    for (*within, last), value in junk.items():
        holder: Any = content
        with contextlib.suppress(LookupError, TypeError):  # what holds it is junk by now
            for part in within:
                holder = holder[part]
            holder[last] = value
    with contextlib.suppress(ConfigError):
        parse_service("mine", content)


@pytest.mark.parametrize("text", ["= 1", "[setup", "name = 'a'\nname = 'b'"])
def test_what_is_no_toml_is_told(text: str, tmp_path: Path) -> None:
    """As its reader has it."""
    (tmp_path / "mine.toml").write_text(text)
    with pytest.raises(ConfigError, match=r"--service .*mine.toml: not TOML: "):
        load_service(str(tmp_path / "mine.toml"))


@pytest.mark.parametrize(
    "content", [{"setup": [1, "a"]}, {"setup": 1}, {"publish": []}, {"delivers": 1}, {"retry": [1]}]
)
def test_values_of_another_kind_are_told(content: dict[str, object]) -> None:
    """And do not stop the rest from being looked at."""
    with pytest.raises(ConfigError, match="addresses: write where the service is"):
        parse_service("mine", content)
