"""What is told of an event that was tried ahead of the load."""

import base64

import pytest

from _hookswarm.protocol.event_values import spellings
from _hookswarm.protocol.served import Caught
from _hookswarm.records.rows import Flag
from _hookswarm.senders.master.trial import Tried, bytes_told, id_headers, not_answering, why_not_arrived
from _hookswarm.senders.service.advice import advice_on
from _hookswarm.senders.service.handing import Handed
from _hookswarm.senders.service.table import Service, parse_service
from tests.support.servers import ScriptedServer, answer_of, answering, closed_port

ID = "msg_b1992a6b_ffff_0_0"


def caught(event: str, **headers: str) -> Caught:
    body = base64.b64encode(b"{}")
    return Caught(endpoint=0, event=event, method="POST", headers=headers, body=body, received_ns=1, flags=0)


def test_headers_bring_an_id_back_as_it_is_or_as_the_uuid_that_is_made_of_it() -> None:
    """A service whose ids are UUIDs gets one made of ours, and that is what comes back."""
    plain, uuid = spellings(ID.encode())
    assert plain == ID
    assert id_headers(caught(ID, plain=f"evt_{plain}", uuid=uuid, other="x")) == ["plain", "uuid"]


def test_where_no_id_of_ours_arrived_no_header_brings_one_back() -> None:
    """An empty text is in every header."""
    assert id_headers(caught("", other="x")) == []


ACCEPTED = Tried(Handed(ID, 0, b"{}", 0.0, 0.1), None, (), 9.0)
OURS = "http://127.0.0.1:9/endpoints/0"


def at(url: str) -> Service:
    content = {
        "addresses": {"api": url},
        "publish": {"request": "POST {api}/e", "body": "{payload}"},
        "loopback": "ALLOW_LOOPBACK=1",
    }
    return parse_service("own", content)


def test_a_service_that_died_is_not_blamed_for_refusing_loopback() -> None:
    """It accepted the event, and takes no connection now: that is why nothing arrived."""
    service = at(f"http://127.0.0.1:{closed_port()}")
    why = why_not_arrived(service, ACCEPTED, OURS)
    assert why.startswith("the service does not answer any more: own: api: cannot reach 127.0.0.1:")
    assert "ALLOW_LOOPBACK" not in why


def test_one_that_lives_may_refuse_loopback() -> None:
    """Its own setting is named."""
    with ScriptedServer(answering(answer_of(b""))) as server:
        service = at(server.url)
        assert not not_answering(service)
        assert why_not_arrived(service, ACCEPTED, OURS) == (
            "it may not deliver to loopback addresses: ALLOW_LOOPBACK=1; or the event found no endpoint: let publish "
            "name it as the set-up made it"
        )


@pytest.mark.parametrize(
    ("status", "text", "said"),
    [
        (0, "connection refused by 127.0.0.1:8080", "the service does not answer"),
        (502, "upstream http://127.0.0.1:8080 refused", "the service that it asks does not"),
        (504, "127.0.0.1:8080 timed out", "the service that it asks does not"),
        (413, "", "publish smaller ones"),
        (400, "loopback addresses are denied", "ALLOW_LOOPBACK=1"),
        (500, "url 127.0.0.1 is not allowed", "ALLOW_LOOPBACK=1"),
    ],
)
def test_what_a_publish_met_is_told_apart_from_a_refused_endpoint(status: int, text: str, said: str) -> None:
    """Only an answer of the service itself can be about our receivers' addresses."""
    assert said in advice_on(at("http://127.0.0.1:1"), status, text)


def test_what_became_of_the_bytes_is_told() -> None:
    """Also where nothing came that could be compared."""
    told = {flag: bytes_told(caught(ID).model_copy(update={"flags": int(flag)})) for flag in Flag}
    assert told[Flag.VALUELESS] == "its id came, and no payload of ours"
    assert told[Flag.CORRUPT] == "its payload is another one than was published"
    assert told[Flag.SERVED] == "bytes kept"
