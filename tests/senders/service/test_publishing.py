"""Handing events over: a request that is filled once for each endpoint, but for what is the event's."""

import json
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from _hookswarm.senders.service.publishing import Publishing
from _hookswarm.senders.service.table import Service, parse_service
from tests.support.service_api import EVENT, SetUp, table


def service(body: str, **publish: object) -> Service:
    made = {"request": "POST {api}/{webhook}/events", "body": body, **publish}
    return parse_service("mine", {"addresses": {"api": "http://127.0.0.1:2/base/"}, "publish": made})


def test_the_request_is_whole() -> None:
    """First line, host, what the table says of headers, in their own spelling, and none twice."""
    headers = {"user-agent": "mine", "X-Event": "{event_id}", "X-Hook": "{webhook}"}
    made = SetUp(service("{payload}", headers=headers), 2).publish(1)
    assert made.line == "POST /base/1/events"
    assert made.headers == {
        "host": "127.0.0.1:2",
        "user-agent": "mine",
        "content-type": "application/json",
        "x-event": EVENT.decode(),
        "x-hook": "1",
    }


BOTH = SetUp(service('{"100%": "%s", "raw": {payload}, "text": "{payload_text}", "o": {}}'))


@given(st.dictionaries(st.text(max_size=5), st.text(max_size=20) | st.floats(allow_nan=False), max_size=3))
def test_any_payload_stands_in_the_body_raw_or_as_a_text(payload: dict[str, object]) -> None:
    """Percent signs and braces of a table are its own."""
    raw = json.dumps(payload).encode()
    sent = json.loads(BOTH.publish(payload=raw).body)
    assert sent["raw"] == payload
    assert sent["text"] == raw.decode()
    assert (sent["100%"], sent["o"]) == ("%s", {})


def test_the_events_type_is_the_payloads_or_the_usual() -> None:
    """Only a table that uses it has it looked at."""
    made = SetUp(service('{"type": "{type}", "p": {payload}}', type="a.b"))
    assert json.loads(made.publish().body)["type"] == "a.b"
    assert json.loads(made.publish(type=b"c.d").body)["type"] == "c.d"
    assert Publishing(made.service, made.account).uses_type
    plain = SetUp(service("{payload}"))
    assert not Publishing(plain.service, plain.account).uses_type


def test_httpx_has_the_first_lines_by_itself(tmp_path: Path) -> None:
    """And is told the URL."""
    made = SetUp(
        table(tmp_path, 'addresses = { a = "http://x:1" }\npublish = { request = "PUT {a}/?q=1", body = "{payload}" }')
    )
    publishing = Publishing(made.service, made.account, httpx=True)
    place = publishing.of(0)
    assert (publishing.method, place.url) == ("PUT", b"http://x:1/?q=1")
    assert place.lines.startswith(b"User-Agent: hookswarm/")
    assert publishing.of(0) is place
