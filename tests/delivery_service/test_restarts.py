"""The service ends, and starts again."""

import threading
import time
from pathlib import Path

import httpx
import pytest

from tests.support.arriving import Arrivals, answering_in_turn, status
from tests.support.delivery_services import DeliveryService, delivery_service
from tests.support.receivers import wait_until
from tests.support.servers import NO_CONTENT

pytestmark = pytest.mark.slow

EVENTS = [f"e-{number}" for number in range(6)]


def publish_all(service: DeliveryService, url: str) -> str:
    endpoint = service.endpoint(url)
    for name in EVENTS:
        service.publish(name, endpoint=endpoint)
    return endpoint


def answers(service: DeliveryService) -> bool:
    """Whether it takes calls, on the connection that is kept to it or on a new one."""
    try:
        return bool(service.stats())
    except httpx.TransportError:
        return False


def test_told_to_end_it_finishes_what_is_in_flight(tmp_path: Path) -> None:
    """It takes no calls meanwhile, and delivers the rest after its next start, each once; it knows what it knew."""
    gate = threading.Event()
    arrivals = Arrivals(lambda _: NO_CONTENT if gate.wait(10) else b"")
    with arrivals.server() as server, delivery_service(tmp_path, "--workers", "1", "--store", "store") as service:
        endpoint = publish_all(service, server.url)
        arrivals.wait(1)
        service.process.terminate()
        wait_until(lambda: not answers(service))
        assert service.process.poll() is None
        gate.set()
        assert service.wait() == 0
        assert arrivals.ids == EVENTS[:1]
        url = service.url
        service.start()
        assert service.url == url
        assert service.publish(EVENTS[0], endpoint=endpoint)["duplicate"]
        told = service.rest()
    assert arrivals.ids == EVENTS
    assert (told["accepted"], told["delivered"], told["duplicates"]) == (6, 6, 1)
    assert "Traceback" not in service.log.read_text()


def test_killed_it_loses_nothing(tmp_path: Path) -> None:
    """What was in flight may come twice."""
    gate = threading.Event()
    arrivals = Arrivals(lambda _: NO_CONTENT if gate.wait(10) else b"")
    with arrivals.server() as server, delivery_service(tmp_path, "--workers", "2", "--store", "store") as service:
        publish_all(service, server.url)
        arrivals.wait(2)
        service.kill()
        gate.set()
        service.start()
        told = service.rest()
    assert sorted(arrivals.ids) == sorted(EVENTS[:2] + EVENTS)
    assert told["delivered"] == 6


def test_it_may_lose_what_it_held(tmp_path: Path) -> None:
    """And knows what that was."""
    gate = threading.Event()
    arrivals = Arrivals(lambda _: NO_CONTENT if gate.wait(10) else b"")
    options = ["--workers", "1", "--store", "store", "--lose-on-restart"]
    with arrivals.server() as server, delivery_service(tmp_path, *options) as service:
        endpoint = publish_all(service, server.url)
        arrivals.wait(1)
        threading.Timer(0.3, gate.set).start()
        service.term()
        service.start()
        service.publish("late", endpoint=endpoint)
        told = service.rest()
    assert arrivals.ids == [EVENTS[0], "late"]
    assert [event for event, _ in told["ids"]["lost"]] == EVENTS[1:]
    assert (told["accepted"], told["delivered"], told["lost"]) == (7, 2, 5)


def test_a_retry_keeps_its_place_and_time(tmp_path: Path) -> None:
    """It is not begun anew."""
    arrivals = Arrivals(answering_in_turn(status("500 Oh")))
    options = ["--retries", "1.5", "--store", "store"]
    with arrivals.server() as server, delivery_service(tmp_path, *options) as service:
        service.publish("e-1", endpoint=service.endpoint(server.url))
        arrivals.wait(1)
        time.sleep(0.2)
        service.kill()
        service.start()
        told = service.rest()
    assert len(arrivals.seen) == 2
    assert arrivals.seen[1].at - arrivals.seen[0].at >= 1.5
    assert told["gave_up"] == 1


def test_told_to_end_it_waits_for_no_retry(tmp_path: Path) -> None:
    """Not even where a worker waits with it; it is due after the next start."""
    arrivals = Arrivals(answering_in_turn(status("503 Busy", "Retry-After: 60"), NO_CONTENT))
    options = ["--hold-while-retrying", "--store", "store"]
    with arrivals.server() as server, delivery_service(tmp_path, *options) as service:
        service.publish("e-1", endpoint=service.endpoint(server.url))
        wait_until(lambda: service.stats()["attempts"] == 1 and '"failed"' in (tmp_path / "store").read_text())
        assert service.term() == 0
        service.start()
        told = service.stats()
    assert (told["unfinished"], told["attempts"], len(arrivals.seen)) == (1, 0, 1)
