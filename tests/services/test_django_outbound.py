"""django-outbound-webhooks delivers to us for real, from PostgreSQL."""

import json
from collections.abc import Iterator

import httpx
import pytest
import standardwebhooks

from tests.support.django_outbound import DjangoOutbound, django_outbound
from tests.support.receivers import SECRET, wait_until
from tests.support.servers import Peer, ScriptedServer, answer_of, answering, recording

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DjangoOutbound]:
    with django_outbound(tmp_path_factory.mktemp("django-outbound")) as running:
        yield running


def ask(service: DjangoOutbound, method: str, path: str, body: object = None) -> httpx.Response:
    return httpx.request(method, service.url + path, json=body, timeout=10, trust_env=False)


def subscribe(service: DjangoOutbound, url: str) -> str:
    """The id of a new endpoint."""
    answer = ask(service, "POST", "/endpoints", {"url": url, "secret": SECRET})
    assert answer.status_code == httpx.codes.CREATED, answer.text
    assert answer.json()["secret"] == SECRET
    return str(answer.json()["id"])


def publish(service: DjangoOutbound, endpoint: str, payload: object) -> int:
    """The status that publishing an event is answered with."""
    event = {"endpoint": endpoint, "type": "order.paid", "payload": payload}
    return ask(service, "POST", "/events", event).status_code


def parts(request: bytes) -> tuple[dict[str, str], bytes]:
    """The headers of a request by their names in lower case, and its body."""
    head, _, body = request.partition(b"\r\n\r\n")
    lines = (line.partition(": ") for line in head.decode().split("\r\n")[1:])
    return {name.lower(): value for name, _, value in lines}, body


def test_an_event_arrives_signed_at_its_endpoint_alone(service: DjangoOutbound) -> None:
    """The package's event reaches the endpoint it is for, and the reference library takes its signature."""
    ours: list[bytes] = []
    others: list[bytes] = []
    with (
        ScriptedServer(recording(ours, answer_of(b""))) as here,
        ScriptedServer(recording(others, answer_of(b""))) as there,
    ):
        endpoint, other = subscribe(service, here.url), subscribe(service, there.url)
        assert publish(service, endpoint, {"b": 1e2, "a": "<é>"}) == httpx.codes.ACCEPTED
        wait_until(lambda: ours)
        assert ask(service, "DELETE", f"/endpoints/{other}").status_code == httpx.codes.NO_CONTENT
    headers, body = parts(ours[0])
    told = standardwebhooks.Webhook(SECRET).verify(body, headers)
    assert told["data"] == {"a": "<é>", "b": 100}
    assert told["id"] == headers["webhook-id"]
    assert not others


def test_a_failed_delivery_is_tried_again_under_its_id(service: DjangoOutbound) -> None:
    """After a 503 the same bytes come again with the same id, signed anew; once they are taken it ends."""
    requests: list[bytes] = []

    def script(peer: Peer) -> None:
        while request := peer.request():
            requests.append(request)
            peer.send(answer_of(b"") if len(requests) == 3 else answer_of(b"", "503 Service Unavailable"))

    with ScriptedServer(script) as server:
        publish(service, subscribe(service, server.url), {"n": 1})
        wait_until(lambda: len(requests) == 3)
    first, *_, last = (parts(request) for request in requests)
    assert first[1] == last[1]
    assert first[0]["webhook-id"] == last[0]["webhook-id"]
    assert int(last[0]["webhook-timestamp"]) > int(first[0]["webhook-timestamp"])
    assert json.loads(last[1])["data"] == {"n": 1}
    for headers, body in (first, last):
        standardwebhooks.Webhook(SECRET).verify(body, headers)


def test_an_event_that_is_turned_away_five_times_is_given_up(service: DjangoOutbound) -> None:
    """`Retry-After` is obeyed, and counts; after the fifth attempt it stops, and nothing else breaks."""
    requests: list[bytes] = []
    answer = b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 0\r\nContent-Length: 0\r\n\r\n"
    with ScriptedServer(recording(requests, answer)) as server, ScriptedServer(answering(answer_of(b""))) as after:
        publish(service, subscribe(service, server.url), {})
        wait_until(lambda: len(requests) == 5)
        publish(service, subscribe(service, after.url), {})
        wait_until(lambda: after.connections)
    assert len(requests) == 5
    assert "Traceback" not in service.log.read_text()


@pytest.mark.parametrize("body", [{}, {"endpoint": "x", "type": "other", "payload": {}}, [], {"endpoint": "x"}, "x"])
def test_what_is_no_event_is_refused(service: DjangoOutbound, body: object) -> None:
    """A body that is no event is answered 400, and so is a payload that PostgreSQL cannot keep."""
    assert ask(service, "POST", "/events", body).status_code == httpx.codes.BAD_REQUEST
    assert ask(service, "POST", "/endpoints", body).status_code == httpx.codes.BAD_REQUEST
    assert publish(service, "x", {"text": "\0"}) == httpx.codes.BAD_REQUEST


def test_an_endpoint_that_is_gone_gets_nothing(service: DjangoOutbound) -> None:
    """An event for an endpoint that was removed, or never was, is accepted and reaches nobody."""
    requests: list[bytes] = []
    with ScriptedServer(recording(requests, answer_of(b""))) as server:
        gone, kept = subscribe(service, server.url), subscribe(service, server.url)
        assert ask(service, "DELETE", f"/endpoints/{gone}").status_code == httpx.codes.NO_CONTENT
        assert ask(service, "DELETE", f"/endpoints/{gone}").status_code == httpx.codes.NOT_FOUND
        assert publish(service, gone, {"for": "gone"}) == httpx.codes.ACCEPTED
        assert publish(service, kept, {"for": "kept"}) == httpx.codes.ACCEPTED
        wait_until(lambda: requests)
    assert [json.loads(parts(request)[1])["data"] for request in requests] == [{"for": "kept"}]
