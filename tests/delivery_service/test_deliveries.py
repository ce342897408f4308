"""What is delivered, when, and what follows from the answer."""

import threading
import time
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path

import pytest
from standardwebhooks.webhooks import Webhook

from tests.support.arriving import Arrival, Arrivals, answering_in_turn, status, taking
from tests.support.delivery_services import delivery_service
from tests.support.receivers import wait_until
from tests.support.servers import NO_CONTENT, Blackhole

pytestmark = pytest.mark.slow

BUSY = status("503 Service Unavailable")
PAYLOAD = b'{ "b" : 1e2,"a":-0.0, "c":"\\u003c\xc3\xa9" }'
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def gaps(seen: list[Arrival]) -> list[float]:
    """Seconds from each arrival to the next."""
    return [after.at - before.at for before, after in pairwise(seen)]


def test_an_event_arrives_as_it_was_published(tmp_path: Path) -> None:
    """Its bytes, its id, signed as Standard Webhooks; to each endpoint of a tenant once; connections are kept."""
    arrivals = Arrivals()
    with arrivals.server() as server, delivery_service(tmp_path) as service:
        tenant = service.tenant()
        one, other = (service.endpoint(f"{server.url}/{name}?q=1", tenant, SECRET) for name in "ab")
        service.ask("POST", "/events", b'{"id":"e-1","tenant":"%b","payload": %b }' % (tenant.encode(), PAYLOAD))
        arrivals.wait(2)
        for number in range(5):
            service.publish(f"f-{number}", endpoint=one)
            arrivals.wait(3 + number)
        told = service.rest()
    assert sorted(arrival.path for arrival in arrivals.seen[:2]) == ["/hooks/a?q=1", "/hooks/b?q=1"]
    for arrival in arrivals.seen[:2]:
        assert (arrival.method, arrival.id, arrival.body) == ("POST", "e-1", PAYLOAD)
        assert arrival.headers["content-type"] == "application/json"
        Webhook(SECRET).verify(arrival.body, arrival.headers)
    assert server.connections <= 2
    assert (told["accepted"], told["delivered"], told["attempts"], told["gave_up"]) == (7, 7, 7, 0)
    assert sorted(told["ids"]["delivered"])[:2] == sorted([["e-1", one], ["e-1", other]])


def test_a_payload_can_be_wrapped_and_rewritten(tmp_path: Path) -> None:
    """The value stays; what is signed is what is sent."""
    arrivals = Arrivals()
    with arrivals.server() as server, delivery_service(tmp_path, "--envelope", "--rewrite") as service:
        endpoint = service.endpoint(server.url, secret=SECRET)
        service.ask(
            "POST", "/events", b'{"id":"e-1","type":"t","endpoint":"%b","payload":%b}' % (endpoint.encode(), PAYLOAD)
        )
        (arrival,) = arrivals.wait(1)
    assert arrival.body.startswith(b'{"type":"t","timestamp":"')
    assert arrival.body.endswith(b'"data":{"a": -0.0, "b": 100.0, "c": "<\\u00e9"}}')
    Webhook(SECRET).verify(arrival.body, arrival.headers)


def test_failures_are_tried_again_by_the_law(tmp_path: Path) -> None:
    """The same event, until it succeeds or the waits are over."""
    taken, refused = Arrivals(answering_in_turn(BUSY, b"", NO_CONTENT)), Arrivals(answering_in_turn(BUSY))
    with (
        taken.server() as server,
        refused.server() as other,
        delivery_service(tmp_path, "--retries", ".2,.4") as service,
    ):
        service.publish("e-1", endpoint=service.endpoint(server.url))
        service.publish("e-2", endpoint=service.endpoint(other.url))
        told = service.rest()
    for arrivals in (taken, refused):
        assert len(arrivals.seen) == 3
        assert all(0 <= gap - wait < 1 for gap, wait in zip(gaps(arrivals.seen), (0.2, 0.4), strict=True))
    assert [event for event, _ in told["ids"]["delivered"]] == ["e-1"]
    assert [event for event, _ in told["ids"]["gave_up"]] == ["e-2"]
    assert told["attempts"] == 6


@pytest.mark.parametrize(("options", "stamps"), [([], 2), (["--same-timestamp"], 1)])
def test_each_attempt_has_its_timestamp(tmp_path: Path, options: list[str], stamps: int) -> None:
    """Unless the service repeats the first one's, signature and all."""
    arrivals = Arrivals(answering_in_turn(BUSY, NO_CONTENT))
    with arrivals.server() as server, delivery_service(tmp_path, "--retries", "1.1", *options) as service:
        service.publish("e-1", endpoint=service.endpoint(server.url))
        seen = arrivals.wait(2)
    assert len({arrival.headers["webhook-timestamp"] for arrival in seen}) == stamps
    assert len({arrival.headers["webhook-signature"] for arrival in seen}) == stamps


@pytest.mark.parametrize(("options", "obeyed"), [([], True), (["--ignore-retry-after"], False)])
def test_retry_after_is_obeyed(tmp_path: Path, options: list[str], obeyed: bool) -> None:
    """Of 429 and 503, unless it is ignored; of other failures never."""
    asking = [status(line, "Retry-After: 2") for line in ("429 Slow", "503 Slow", "500 Oh")]
    all_arrivals = [Arrivals(answering_in_turn(answer, NO_CONTENT)) for answer in asking]
    with ExitStack() as stack, delivery_service(tmp_path, "--retries", "0.05", *options) as service:
        for number, arrivals in enumerate(all_arrivals):
            server = stack.enter_context(arrivals.server())
            service.publish(f"e-{number}", endpoint=service.endpoint(server.url))
        service.rest()
    waited = [gaps(arrivals.seen)[0] >= 1.99 for arrivals in all_arrivals]
    assert waited == [obeyed, obeyed, False]


@pytest.mark.parametrize(("options", "disabled"), [([], True), (["--no-gone-disables"], False)])
def test_gone_disables_the_endpoint(tmp_path: Path, options: list[str], disabled: bool) -> None:
    """What comes later has no endpoint then; what was queued is dropped."""
    arrivals = Arrivals(taking(0.3, status("410 Gone")))
    command = ["--retries", "0.05", "--workers", "1", *options]
    with arrivals.server() as server, delivery_service(tmp_path, *command) as service:
        endpoint = service.endpoint(server.url)
        for name in ("e-1", "e-2"):
            service.publish(name, endpoint=endpoint)
        told = service.rest()
        late = service.publish("e-3", endpoint=endpoint)
    assert (told["gave_up"], told["dropped"]) == ((1, 1) if disabled else (2, 0))
    assert told["attempts"] == (1 if disabled else 4)
    assert late["endpoints"] == ([] if disabled else [endpoint])


def test_a_redirect_is_a_failure(tmp_path: Path) -> None:
    """It is not followed."""
    arrivals = Arrivals(answering_in_turn(status("302 Found", "Location: /other")))
    with arrivals.server() as server, delivery_service(tmp_path, "--retries", "none") as service:
        service.publish("e-1", endpoint=service.endpoint(server.url))
        told = service.rest()
    assert [(arrival.method, arrival.path) for arrival in arrivals.seen] == [("POST", "/hooks")]
    assert told["gave_up"] == 1


@pytest.mark.parametrize(("line", "method", "bodiless"), [("302 Found", "GET", 1), ("307 Moved", "POST", 0)])
def test_a_redirect_can_be_followed(tmp_path: Path, line: str, method: str, bodiless: int) -> None:
    """As many clients do: some lose the body on the way, and call it delivered."""
    arrivals = Arrivals(answering_in_turn(status(line, "Location: /other"), NO_CONTENT))
    with arrivals.server() as server, delivery_service(tmp_path, "--follow-redirects") as service:
        service.publish("e-1", {"a": 1}, endpoint=service.endpoint(server.url))
        told = service.rest()
    last = arrivals.seen[1]
    assert (last.method, last.path, last.id) == (method, "/other", "e-1")
    assert last.body == (b"" if bodiless else arrivals.seen[0].body)
    assert (told["delivered"], told["bodiless"], told["attempts"]) == (1, bodiless, 1)


def test_an_attempt_ends_in_time(tmp_path: Path) -> None:
    """With whom does not answer, and with whom cannot be reached; both are failures."""
    over = threading.Event()
    arrivals = Arrivals(lambda _: b"" if over.wait(8) else NO_CONTENT)
    with arrivals.server() as server, Blackhole() as hole:
        with delivery_service(tmp_path, "--timeout", "0.4", "--retries", "0.1") as service:
            service.publish("e-1", endpoint=service.endpoint(server.url))
            service.publish("e-2", endpoint=service.endpoint(hole.url))
            told = service.rest()
        over.set()
    assert 0.45 <= gaps(arrivals.seen)[0] < 2
    assert (told["gave_up"], told["attempts"]) == (2, 4)


def test_workers_are_many_and_not_more(tmp_path: Path) -> None:
    """First come, first served, so many at a time."""
    arrivals = Arrivals(taking(0.02))
    with arrivals.server() as server, delivery_service(tmp_path, "--workers", "3") as service:
        endpoint = service.endpoint(server.url)
        for number in range(30):
            service.publish(f"{number:02}", endpoint=endpoint)
        service.rest()
    assert 1 < arrivals.most <= 3
    assert all(abs(int(name) - place) < 4 for place, name in enumerate(arrivals.ids))


def test_work_makes_a_known_capacity(tmp_path: Path) -> None:
    """Each delivery holds its worker so long: never more than workers / work."""
    arrivals = Arrivals()
    with arrivals.server() as server, delivery_service(tmp_path, "--workers", "4", "--work-ms", "40") as service:
        endpoint = service.endpoint(server.url)
        for number in range(60):
            service.publish(f"e-{number}", endpoint=endpoint)
        seen = arrivals.wait(60)
    assert seen[-1].at - seen[0].at >= 0.04 * (60 / 4 - 1) - 0.02
    assert seen[-1].at - seen[0].at < 0.04 * 60 / 2


@pytest.mark.parametrize(
    ("options", "blocked"),
    [([], False), (["--one-at-a-time"], True), (["--workers", "1", "--hold-while-retrying"], True)],
)
def test_one_endpoint_can_hold_up_the_others(tmp_path: Path, options: list[str], blocked: bool) -> None:
    """When they share the worker that waits for it."""
    failing, healthy = Arrivals(taking(0.8, BUSY)), Arrivals()
    command = ["--retries", "0.3", *options]
    with failing.server() as server, healthy.server() as other, delivery_service(tmp_path, *command) as service:
        slow, quick = service.endpoint(server.url), service.endpoint(other.url)
        service.publish("e-1", endpoint=slow)
        service.publish("e-2", endpoint=quick)
        service.rest()
    waited = healthy.seen[0].at - failing.seen[0].at
    assert (waited >= 0.8) == blocked
    assert (waited >= 1.9) == ("--hold-while-retrying" in options)


def test_endpoints_can_get_their_events_in_order(tmp_path: Path) -> None:
    """One at a time for each of them, however long each takes; the others do not wait."""
    slow, quick = Arrivals(lambda arrival: taking(0.1 / (1 + int(arrival.id)))(arrival)), Arrivals()
    with slow.server() as server, quick.server() as other, delivery_service(tmp_path, "--ordered") as service:
        endpoint = service.endpoint(server.url)
        for number in range(20):
            service.publish(str(number), endpoint=endpoint)
        service.publish("20", endpoint=service.endpoint(other.url))
        service.rest()
    assert slow.ids == [str(number) for number in range(20)]
    assert slow.most == 1


def test_an_idle_service_is_slow_to_notice(tmp_path: Path) -> None:
    """It looks for events at the multiples of its poll only."""
    arrivals = Arrivals()
    with arrivals.server() as server, delivery_service(tmp_path, "--idle-poll", "0.5") as service:
        endpoint = service.endpoint(server.url)
        time.sleep(0.6)
        published_at = time.monotonic()
        for number in range(10):
            service.publish(f"e-{number}", endpoint=endpoint)
        (first, *_) = arrivals.wait(10)
    assert first.at // 0.5 > published_at // 0.5


def test_it_can_accept_and_deliver_nothing(tmp_path: Path) -> None:
    """All stays in the queue."""
    arrivals = Arrivals()
    with arrivals.server() as server, delivery_service(tmp_path, "--never-deliver") as service:
        service.publish("e-1", endpoint=service.endpoint(server.url))
        time.sleep(0.2)
        told = service.stats()
    assert (told["accepted"], told["queued"], told["unfinished"], told["attempts"]) == (1, 1, 1, 0)
    assert not arrivals.seen


def test_a_deleted_endpoint_gets_nothing_more(tmp_path: Path) -> None:
    """What waited for it is dropped."""
    arrivals = Arrivals(answering_in_turn(BUSY))
    with arrivals.server() as server, delivery_service(tmp_path, "--retries", "0.5") as service:
        tenant = service.tenant()
        service.publish("e-1", endpoint=service.endpoint(server.url, tenant))
        wait_until(lambda: arrivals.seen)
        assert service.ask("DELETE", f"/tenants/{tenant}").status_code == 204
        told = service.rest()
    assert (told["dropped"], told["attempts"]) == (1, 1)
