"""The API over HTTP."""

import re
import socket
from collections.abc import Iterator

import httpx
import pytest

from tests.support.delivery_services import DeliveryService, delivery_service

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeliveryService]:
    with delivery_service(tmp_path_factory.mktemp("service"), "--token", "t") as running:
        yield running


def said(service: DeliveryService, request: bytes) -> bytes:
    """All that it answers until it closes."""
    with socket.create_connection(("127.0.0.1", int(service.url.rpartition(":")[2])), 10) as connection:
        connection.sendall(request)
        return b"".join(iter(lambda: connection.recv(1 << 16), b""))


def test_it_is_healthy(service: DeliveryService) -> None:
    """Whoever asks."""
    assert httpx.get(service.url + "/healthz", trust_env=False).status_code == 200


def test_the_token_comes_in_a_header(service: DeliveryService) -> None:
    """Without it the answer is 401."""
    assert httpx.get(service.url + "/stats", trust_env=False).status_code == 401
    assert "ids" not in service.stats()
    assert service.stats(ids=True)["ids"]["accepted"] == []


def test_requests_may_follow_each_other(service: DeliveryService) -> None:
    """Each is answered, in order; the last one closes."""
    answers = said(service, b"GET /healthz HTTP/1.1\r\n\r\nGET /stats HTTP/1.1\r\nConnection: close\r\n\r\n")
    assert re.findall(rb"HTTP/1.1 (\d+)", answers) == [b"200", b"401"]


def test_a_body_may_come_in_chunks(service: DeliveryService) -> None:
    """And is put together."""
    parts = [b'{"name":', b'"a"}']
    told = httpx.post(
        service.url + "/tenants", content=iter(parts), headers={"Authorization": "Bearer t"}, trust_env=False
    )
    assert (told.status_code, told.json()["data"]["name"]) == (201, "a")


def test_what_is_not_http_is_answered_400(service: DeliveryService) -> None:
    """And the connection ends."""
    assert said(service, b"nonsense\r\n\r\n").startswith(b"HTTP/1.1 400 ")
