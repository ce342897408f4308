"""Every form that a service's table must be able to say: a made-up table for each, and what it makes."""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from _hookswarm.protocol.forms import parse_secret
from _hookswarm.protocol.verifying import Verifier
from _hookswarm.senders.service.table import parse_service
from tests.support.service_api import EVENT, PAYLOAD, Answer, Api, Asked, SetUp, table

PUBLISH = """
[publish]
request = "POST {api}/events"
body = '{"id":"{event_id}","payload":{payload}}'
"""


def test_two_addresses_and_a_token_for_each(tmp_path: Path) -> None:
    """One port sets up by a token that it was asked for, the other takes events by one from the environment."""

    def answer(asked: Asked) -> Answer:
        return Answer({"data": {"token": {"access": "t-1"}}} if asked.path == "/login" else {"id": 7})

    with Api(answer) as admin:
        made = SetUp(
            table(
                tmp_path,
                f"""
                addresses = {{ admin = "{admin.url}/", events = "${{NO_SUCH:-http://127.0.0.1:2}}" }}
                values = {{ key = "${{NO_SUCH:-k-1}}" }}
                [[setup]]
                request = "POST {{admin}}/login"
                keep = {{ login = "data.token.access" }}
                [[setup]]
                each = "endpoint"
                request = "POST {{admin}}/hooks"
                headers = {{ Authorization = "Bearer {{login}}" }}
                keep = {{ hook = "id" }}
                [publish]
                request = "PUT {{events}}/in/{{hook}}?now=1"
                headers = {{ Authorization = "Bearer {{key}}" }}
                body = '{{payload}}'
                """,
            )
        ).up()
    assert admin.lines == ["POST /login", "POST /hooks"]
    assert admin.asked[1].headers["authorization"] == "Bearer t-1"
    published = made.publish()
    assert (published.line, published.headers["host"]) == ("PUT /in/7?now=1", "127.0.0.1:2")
    assert published.headers["authorization"] == "Bearer k-1"
    assert published.body.encode() == PAYLOAD


def test_a_token_that_ends_is_asked_for_again(tmp_path: Path) -> None:
    """Before a step that uses it, and before no other; at the teardown, too."""
    given = iter(range(100))

    def answer(asked: Asked) -> Answer:
        return Answer({"token": f"t-{next(given)}"} if asked.path == "/login" else {})

    with Api(answer) as api:
        made = SetUp(
            table(
                tmp_path,
                f"""
                addresses = {{ api = "{api.url}" }}
                [[setup]]
                request = "POST {{api}}/login"
                keep = {{ token = "token" }}
                lasts_s = 0.000001
                [[setup]]
                request = "POST {{api}}/open"
                [[setup]]
                request = "POST {{api}}/closed"
                headers = {{ Authorization = "{{token}}" }}
                [[teardown]]
                request = "DELETE {{api}}/closed"
                headers = {{ Authorization = "{{token}}" }}
                {PUBLISH}""",
            )
        ).up()
        assert made.keeper.tear_down() == []
    assert api.lines == ["POST /login", "POST /open", "POST /login", "POST /closed", "POST /login", "DELETE /closed"]
    assert [asked.headers["authorization"] for asked in api.asked if asked.path == "/closed"] == ["t-1", "t-2"]


def test_values_from_outside_the_answers(tmp_path: Path) -> None:
    """What a command prints: a mail's link by a pattern, a query's JSON by a path. No shell reads the command."""
    (tmp_path / "mail").write_text("Hello,\nclick https://x.example/verify?token=a1-B2&lang=en\n")
    made = SetUp(
        table(
            tmp_path,
            f"""
            addresses = {{ api = "http://127.0.0.1:2" }}
            values = {{ mail = "{tmp_path}/mail" }}
            [[setup]]
            run = ["cat", "{{mail}}"]
            keep = {{ token = 'text token=([\\w-]+)' }}
            [[setup]]
            run = ["echo", '{{"rows": [{{"id": "$HOME {{token}}"}}]}}']
            keep = {{ row = "rows[0].id" }}
            {PUBLISH}""",
        )
    ).up()
    assert made.account.run["token"] == "a1-B2"
    assert made.account.run["row"] == "$HOME a1-B2"


LEVELS = """
addresses = { api = "API" }
group = { size = 2 }
[[setup]]
request = "POST {api}/start/{run}/{webhooks}"
[[setup]]
each = "group"
request = "PUT {api}/tenants/{run}-{group}"
keep = { tenant = "data.tenants[0].id" }
[[setup]]
each = "endpoint"
request = "POST {api}/tenants/{tenant}/hooks"
body = '{"url": "{url}", "name": "{webhook}"}'
accept = ["status in 201"]
keep = { hook = "header X-Hook-Id" }
[[setup]]
each = "endpoint"
request = "POST {api}/hooks/{hook}/subscriptions"
[[teardown]]
each = "endpoint"
request = "DELETE {api}/hooks/{hook}"
[[teardown]]
each = "group"
request = "DELETE {api}/tenants/{tenant}"
"""


def levels(asked: Asked) -> Answer:
    kind, *names = asked.path.strip("/").split("/")
    if asked.method == "DELETE":
        return Answer("", 404 if names[0].endswith("0") else 204)
    if kind == "tenants" and len(names) == 1:
        return Answer({"data": {"tenants": [{"id": f"t{names[0][-1]}"}]}})
    if names[-1] == "hooks":
        return Answer(status=201, headers={"x-hook-id": f"h{json.loads(asked.body)['name']}"})
    return Answer()


def test_steps_once_and_for_each_group_and_endpoint(tmp_path: Path) -> None:
    """An endpoint goes through all its steps; the teardown goes kind by kind, and what is gone already is no fault."""
    with Api(levels) as api:
        made = SetUp(table(tmp_path, LEVELS.replace("API", api.url) + PUBLISH), 3).up()
        up, api.asked = api.lines, []
        assert made.keeper.tear_down() == []
    assert up[:3] == ["POST /start/the-run/3", "PUT /tenants/the-run-0", "PUT /tenants/the-run-1"]
    assert sorted(up[3:]) == sorted(
        [f"POST /tenants/t{number // 2}/hooks" for number in range(3)]
        + [f"POST /hooks/h{number}/subscriptions" for number in range(3)]
    )
    assert sorted(api.lines[:3]) == ["DELETE /hooks/h0", "DELETE /hooks/h1", "DELETE /hooks/h2"]
    assert api.lines[3:] == ["DELETE /tenants/t0", "DELETE /tenants/t1"]


@pytest.mark.parametrize(
    ("addressing", "fan_out", "lines", "body"),
    [
        ('"to": "{hook}"', "endpoint", "POST /events", {"to": "h2"}),
        ('"tenant": "{tenant}", "only": "{hook}"', "endpoint", "POST /events", {"tenant": "t1", "only": "h2"}),
        ('"tenant": "{tenant}"', "group", "POST /events", {"tenant": "t1"}),
        ('"type": "load.{webhook}"', "endpoint", "POST /events", {"type": "load.2"}),
        ('"labels": {"ep": "{webhook}"}', "endpoint", "POST /events", {"labels": {"ep": "2"}}),
        ('"type": "{type}"', "run", "POST /events", {"type": "load.event"}),
    ],
)
def test_how_an_event_finds_its_endpoint(
    addressing: str, fan_out: str, lines: str, body: dict[str, object], tmp_path: Path
) -> None:
    """By the endpoint's id, a tenant, a type of its own, a label of its own; or it is everyone's."""
    text = PUBLISH.replace('"id":"{event_id}"', addressing) + f"fan_out = '{fan_out}'"
    with Api(levels) as api:
        made = SetUp(table(tmp_path, LEVELS.replace("API", api.url) + text), 3).up()
    published = made.publish(2)
    assert published.line == lines
    assert json.loads(published.body) == {**body, "payload": json.loads(PAYLOAD)}


@pytest.mark.parametrize(
    ("body", "made"),
    [
        ('{"id": "{event_id}", "p": {payload}}', {"id": EVENT.decode(), "p": {"hookswarm": "x", "n": 1}}),
        (
            '{"id": "{event_uuid}", "p": "{payload_text}", "at": "{timestamp_iso}"}',
            {"id": "UUID", "p": PAYLOAD.decode(), "at": "2023-11-14T22:13:20Z"},
        ),
        ("[{\"labels\": {\"id\": \"{event_id}\", \"n\": \"{sequence}\"}, \"t\": {timestamp}}]",
         [{"labels": {"id": EVENT.decode(), "n": "3"}, "t": 1_700_000_000}]),
    ],
)  # fmt: skip
def test_ids_and_payloads(body: str, made: object, tmp_path: Path) -> None:
    """An id is free text or a UUID; a payload stands in the body raw, or as a text, or its event's id alone does."""
    text = f"addresses = {{ api = 'http://127.0.0.1:2' }}\n[publish]\nrequest = 'POST {{api}}/e'\nbody = '{body}'"
    published = SetUp(table(tmp_path, text)).publish().body
    uuid = hashlib.md5(EVENT).hexdigest()
    uuid = f"{uuid[:8]}-{uuid[8:12]}-4{uuid[13:16]}-a{uuid[17:20]}-{uuid[20:]}"
    assert json.loads(published.replace(uuid, "UUID")) == made


def test_a_file_that_holds_all_endpoints(tmp_path: Path) -> None:
    """Of services that are told their endpoints by a file, and then to read it."""
    with Api() as api:
        SetUp(
            table(
                tmp_path,
                f"""
                addresses = {{ api = "{api.url}" }}
                values = {{ file = "{tmp_path}/hooks.yml" }}
                [[setup]]
                write = "{{file}}"
                body = "hooks:\\n{{hooks}}\\nurls:\\n{{urls}}\\n"
                lists.hooks = "- {{webhook}}"
                lists.urls = "- {{url}}"
                joined = "\\n"
                [[setup]]
                request = "POST {{api}}/-/reload"
                {PUBLISH}""",
            ),
            2,
        ).up()
    assert (tmp_path / "hooks.yml").read_text() == (
        "hooks:\n- 0\n- 1\nurls:\n- http://127.0.0.1:9/endpoints/0\n- http://127.0.0.1:9/endpoints/1\n"
    )
    assert api.lines == ["POST /-/reload"]


SIGNED = [
    ("{body}", "v0={signature}", "hex", "text", {}, b"%(body)b"),
    ("{body}", "{signature}", "hex", "text", {}, b"%(body)b"),
    ("{timestamp},{body}", "t={timestamp},v1={signature}", "hex", "text", {}, b"%(time)b,%(body)b"),
    ("{timestamp},{compact_body}", "t={timestamp},v1={signature}", "hex", "text", {}, b"%(time)b,%(compact)b"),
    ("{timestamp}.{body}", "v1={signature}", "hex", "text", {"x-time": "{timestamp}"}, b"%(time)b.%(body)b"),
    (
        "{id}.{timestamp}.{body}",
        "v1,{signature}",
        "base64",
        "whsec",
        {"Acme-Event-Id": "{id}", "x-time": "{timestamp}"},
        b"%(id)b.%(time)b.%(body)b",
    ),
    (
        "{timestamp}.{names}.{values}.{body}",
        "t={timestamp},h={names},v1={signature}",
        "hex",
        "text",
        {},
        b"%(time)b.content-type acme-event-id.application/json.%(id)b.%(body)b",
    ),
]
SECRETS = {"text": "7f1c9a52-8f8e-4a58-9d0c-5a4f0a3e0c11", "whsec": "whsec_" + base64.b64encode(b"k" * 32).decode()}


@pytest.mark.parametrize(("signed", "value", "spelling", "form", "headers", "message"), SIGNED)
def test_what_is_signed_and_how_it_is_spelt(
    signed: str, value: str, spelling: str, form: str, headers: dict[str, str], message: bytes
) -> None:
    """Signed here by `hmac`, as such a service does, and verified by the table. A header may have any name."""
    body, known = b'{"a": [1, 2]}', {b"id": b"ev-1", b"time": b"1700000000", b"compact": b'{"a":[1,2]}'}
    signature = {"algorithm": "hmac-sha256", "header": "X-Sig", "signed": signed, "value": value}
    service = parse_service(
        "mine",
        {
            "addresses": {"api": "http://127.0.0.1:2"},
            "publish": {"request": "POST {api}/events", "body": "{payload}"},
            "delivers": {"headers": headers, "signature": {**signature, "spelling": spelling, "secret": form}},
        },
    )
    key = SECRETS[form].encode() if form == "text" else b"k" * 32
    digest = hmac.digest(key, message % {**known, b"body": body}, "sha256")
    text = digest.hex() if spelling == "hex" else base64.b64encode(digest).decode()
    names = "content-type acme-event-id"
    told = value.replace("{timestamp}", "1700000000").replace("{names}", names).replace("{signature}", text)
    sent = {"x-sig": told, "x-time": "1700000000", "acme-event-id": "ev-1", "content-type": "application/json"}
    assert service.delivers.signature
    verifier = Verifier(service.provider, [parse_secret(SECRETS[form], service.delivers.signature.secret)])
    assert verifier.verify(sent, body)
    assert not verifier.verify(sent, body.replace(b"2", b"3"))
    assert not verifier.verify({**sent, "x-sig": told.replace(text[:4], "0000")}, body)


def signed_by(signature: Mapping[str, object], headers: dict[str, str]) -> Verifier:
    """What verifies deliveries of a made-up service that signs so, by the secret `k`."""
    service = parse_service(
        "mine",
        {
            "addresses": {"api": "http://127.0.0.1:2"},
            "publish": {"request": "POST {api}/events", "body": "{payload}"},
            "delivers": {"headers": headers, "signature": {"algorithm": "hmac-sha256", "header": "X-Sig", **signature}},
        },
    )
    return Verifier(service.provider, [b"k"])


@pytest.mark.parametrize("told", ["t=17,v0={old},h=x-id,v1={new}", "t=17,h=x-id,v1={new},v0={old}"])
def test_an_older_signature_beside_it_is_passed_over(told: str) -> None:
    """In the same header: alone, or where it is wrong, it verifies nothing."""
    signature = {
        "signed": "{timestamp}.{names}.{values}.{body}",
        "value": "t={timestamp},h={names},v1={signature}",
        "separator": ",",
    }
    verifier = signed_by(signature, {})
    old, new = (hmac.digest(b"k", text, "sha256").hex() for text in (b"17.{}", b"17.x-id.ev-1.{}"))
    assert verifier.verify({"x-sig": told.format(old=old, new=new), "x-id": "ev-1"}, b"{}")
    assert not verifier.verify({"x-sig": told.format(old=new, new=old), "x-id": "ev-1"}, b"{}")
    assert not verifier.verify({"x-sig": told.format(old=old, new=new), "x-id": "ev-2"}, b"{}")


@pytest.mark.parametrize(
    "at", ["2023-11-14T22:13:20Z", "2023-11-14T22:13:20.250000+00:00", "2023-11-15T00:13:20+02:00"]
)
def test_a_time_may_be_signed_as_iso_8601_has_it(at: str) -> None:
    """As it is spelt; and it is looked at as any other."""
    verifier = signed_by({"signed": "{timestamp_iso}.{body}", "tolerance_s": 300}, {"X-Time": "{timestamp_iso}"})
    sent = {"x-time": at, "x-sig": hmac.digest(b"k", at.encode() + b".{}", "sha256").hex()}
    assert verifier.verify(sent, b"{}")
    assert not verifier.verify({**sent, "x-time": "2023-11-14T22:13:21Z"}, b"{}")
    seen = verifier.seen([sent[name.lower()].encode() for name in verifier.headers])
    assert seen.timestamp[:10] == "1700000000"
    assert [verifier.is_fresh(seen, now_s) for now_s in (1_700_000_290, 1_700_000_310)] == [True, False]
    for none in ("", "yesterday", "0001-01-01T00:00:00+14:00", "9" * 99):
        assert not verifier.is_fresh(verifier.seen([none.encode()] * len(verifier.headers)), 1_700_000_000)


@pytest.mark.parametrize(
    ("keep", "secret", "own"),
    [("", "{secret}", "ours"), ('keep = { secret = "made" }', "{secret}", "s-1"), ("", "{webhook}-{shared}", "0-s")],
)
def test_secrets_are_ours_or_the_services(keep: str, secret: str, own: str, tmp_path: Path) -> None:
    """Given to it, read back from its answer, or made of something that all have."""
    with Api(lambda _asked: Answer({"made": "s-1"})) as api:
        made = SetUp(
            table(
                tmp_path,
                f"""
                addresses = {{ api = "{api.url}" }}
                values = {{ shared = "s" }}
                secret = "{secret}"
                [[setup]]
                each = "endpoint"
                request = "POST {{api}}/hooks"
                body = '{{"secret": "{{secret}}"}}'
                {keep}
                {PUBLISH}
                [delivers.signature]
                algorithm = "hmac-sha256"
                header = "X-Sig"
                """,
            )
        ).up()
    given = json.loads(api.asked[0].body)["secret"]
    assert made.secret() == (given if own == "ours" else own)


@pytest.mark.parametrize(
    ("law", "waits", "longest", "retries"),
    [
        ({"waits_s": [1, 60, 3600]}, [1, 60, 3600, 3600], [1, 60, 3600, 3600], 3),
        ({"first_s": 5, "attempts": 4, "clock_s": 5}, [5, 5, 5, 5], [10, 10, 10, 10], 3),
        ({"first_s": 30, "factor": 2, "attempts": 11}, [30, 60, 120, 240], [30, 60, 120, 240], 10),
        ({"first_s": 0.5, "factor": 1.5, "spread": 0.5, "cap_s": 1}, [0.5, 0.75, 1, 1], [0.75, 1.125, 1.5, 1.5], None),
        ({"first_s": 1, "factor": 2, "added_least_s": 5}, [1, 2, 4, 8], [6, 7, 9, 13], None),
        (
            {"waits_s": [3, 100, 36000], "delay_s": 1, "added": 0.1, "added_least_s": 2, "added_most_s": 900},
            [3, 100, 36000, 36000],
            [5, 110, 36900, 36900],
            3,
        ),
    ],
)
def test_retry_laws(law: dict[str, object], waits: list[float], longest: list[float], retries: int | None) -> None:
    """A list, a constant, an exponential one; jitter of either kind with floor and cap; a clock that rounds up."""
    content = {
        "addresses": {"api": "http://x"},
        "publish": {"request": "POST {api}/e", "body": "{payload}"},
        "retry": law,
    }
    retry = parse_service("mine", content).retry
    assert retry
    assert [retry.wait_s(number) for number in (1, 2, 3, 4)] == pytest.approx(waits)
    assert [retry.longest_s(number) for number in (1, 2, 3, 4)] == pytest.approx(longest)
    assert retry.retries == retries


def test_what_else_a_table_says(tmp_path: Path) -> None:
    """What it takes for delivered, redirects, hints, a pause or a probe after the set-up, and how it is restarted."""
    service = table(
        tmp_path,
        f"""
        addresses = {{ api = "http://127.0.0.1:2" }}
        settle_s = 2
        settle_by_probe = true
        delivers = "standard-webhooks"
        {PUBLISH}
        accept = ["status in 200,202", 'body ~ "destination_ids": ["', 'body ~ "duplicate": false']
        [promises]
        success = "below 400"
        redirects = "followed without a body"
        redirects_307 = "not followed"
        retry_after = "obeyed on 429"
        gone = "disables"
        idempotency = "id"
        [restart.service]
        stop = ["systemctl", "stop", "it"]
        start = ["systemctl", "start", "it"]
        ready = "http://127.0.0.1:2/health"
        [restart.store]
        pid_file = "/run/store.pid"
        ready = "{{api}}/health"
        signal = "TERM"
        """,
    )
    accepted = service.publish.acceptance
    assert accepted.lacks(202, b'{"destination_ids":["a"],"duplicate":false}') == ""
    assert "body lacks" in accepted.lacks(202, b'{"destination_ids": [], "duplicate": false}')
    assert (service.settle_s, service.settle_by_probe, service.provider.name) == (2, True, "standard-webhooks")
    assert (service.promises.redirects, service.promises.redirects_307) == ("followed without a body", "not followed")
    assert (service.promises.success, service.restart["store"].signal) == ("below 400", "TERM")
