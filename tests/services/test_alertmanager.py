"""Alertmanager delivers to us for real: what the service table and the tests of its law build on."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.alertmanager import Alertmanager, Endpoint, alertmanager
from tests.support.receivers import wait_until
from tests.support.servers import ScriptedServer, answer_of, recording

PAYLOAD = json.dumps({"total": 1e2, "note": "<é>"})


def publish(service: Alertmanager, label: str, event: str) -> int:
    """The status that publishing an event is answered with."""
    labels = {"alertname": "event", "webhook": label, "id": event}
    alerts = [{"labels": labels, "annotations": {"payload": PAYLOAD}}]
    return httpx.post(f"{service.url}/api/v2/alerts", json=alerts, timeout=10, trust_env=False).status_code


def alerts_in(requests: Sequence[bytes]) -> list[dict[str, Any]]:
    """The alerts that arrived, in their order."""
    return [alert for request in requests for alert in json.loads(request.partition(b"\r\n\r\n")[2])["alerts"]]


@pytest.mark.slow
def test_alertmanager_delivers_an_event_to_the_endpoint_it_names(tmp_path: Path) -> None:
    """An event arrives once, at its own endpoint, with its id and its payload; the same one again does not."""
    ours: list[bytes] = []
    others: list[bytes] = []
    with (
        ScriptedServer(recording(ours, answer_of(b""))) as here,
        ScriptedServer(recording(others, answer_of(b""))) as there,
        alertmanager(tmp_path, [Endpoint("17", here.url), Endpoint("18", there.url)]) as service,
    ):
        assert [publish(service, "17", event) for event in ("a", "a", "b")] == [200, 200, 200]
        wait_until(lambda: len(ours) == 2)
    seen = alerts_in(ours)
    assert sorted(alert["labels"]["id"] for alert in seen) == ["a", "b"]
    assert [alert["annotations"]["payload"] for alert in seen] == [PAYLOAD, PAYLOAD]
    assert not others


@pytest.mark.slow
@pytest.mark.parametrize("count", [1, 1000])
def test_endpoints_come_with_a_reload(tmp_path: Path, count: int) -> None:
    """An Alertmanager that was started without endpoints knows the new ones as soon as its reload is answered."""
    requests: list[bytes] = []
    with ScriptedServer(recording(requests, answer_of(b""))) as server, alertmanager(tmp_path) as service:
        assert publish(service, "0", "too-early") == 200
        service.reload([Endpoint(str(number), f"{server.url}/{number}") for number in range(count)])
        assert publish(service, str(count - 1), "in-time") == 200
        wait_until(lambda: b"in-time" in b"".join(requests))
    last = [request for request in requests if b"in-time" in request]
    assert [request.split(b"\r\n", 1)[0].decode() for request in last] == [f"POST /hooks/{count - 1} HTTP/1.1"]


@pytest.mark.slow
@pytest.mark.parametrize(("status", "retried"), [("503 Service Unavailable", True), ("429 Too Many Requests", False)])
def test_alertmanager_tries_again_after_503_alone(tmp_path: Path, status: str, retried: bool) -> None:
    """A 503 is tried again, at once as its `Retry-After` is ignored; a 429 is given up, and its log says so."""
    requests: list[bytes] = []
    answer = f"HTTP/1.1 {status}\r\nRetry-After: 60\r\nContent-Length: 0\r\n\r\n".encode()
    with (
        ScriptedServer(recording(requests, answer)) as server,
        alertmanager(tmp_path, [Endpoint("1", server.url)]) as service,
    ):
        publish(service, "1", "a")
        said = "will retry later" if retried else "unrecoverable error after 1 attempts"
        wait_until(lambda: said in service.log.read_text())
        if retried:
            wait_until(lambda: len(requests) >= 3)
    assert len(requests) >= 3 if retried else len(requests) == 1
    assert len(set(requests)) == 1, "the same bytes each time"
