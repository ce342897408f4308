"""Faults on demand: what arrives shows each of them, and the service's own counts are exact."""

import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from tests.support.arriving import Answering, Arrivals, taking
from tests.support.delivery_services import delivery_service

pytestmark = pytest.mark.slow

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHERS = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYX"
EVENTS = 200
at_once = taking(0)


def played(folder: Path, *options: str, answer: Answering = at_once) -> tuple[Arrivals, dict[str, Any]]:
    """What arrived of so many events to one endpoint, numbered from 0 on, and what the service says of it."""
    arrivals = Arrivals(answer)
    with arrivals.server() as server, delivery_service(folder, "--ordered", "--seed", "3", *options) as service:
        endpoint = service.endpoint(server.url, secret=SECRET)
        for number in range(EVENTS):
            service.publish(str(number), {"number": 1000 + number}, endpoint=endpoint)
        return arrivals, service.rest()


def events(told: dict[str, Any], name: str) -> set[str]:
    return {event for event, _ in told["ids"][name]}


def test_an_honest_service_has_none(tmp_path: Path) -> None:
    """Each event arrives once, in order, as it was."""
    arrivals, told = played(tmp_path)
    assert arrivals.ids == [str(number) for number in range(EVENTS)]
    assert told["delivered"] == told["attempts"] == EVENTS


def test_what_is_forgotten_never_arrives(tmp_path: Path) -> None:
    """And all else does."""
    arrivals, told = played(tmp_path, "--forget", "0.1")
    everything = {str(number) for number in range(EVENTS)}
    assert 5 < told["forgotten"] < 50
    assert everything - set(arrivals.ids) == events(told, "forgotten")
    assert everything - events(told, "delivered") == events(told, "forgotten")


def test_what_is_doubled_arrives_twice(tmp_path: Path) -> None:
    """And nothing else does."""
    arrivals, told = played(tmp_path, "--double", "0.1")
    assert 5 < told["doubled"] < 50
    assert {name for name, times in Counter(arrivals.ids).items() if times == 2} == events(told, "doubled")
    assert len(arrivals.seen) == told["attempts"] == EVENTS + told["doubled"]
    assert told["delivered"] == EVENTS


def test_what_is_swapped_arrives_right_after_the_next(tmp_path: Path) -> None:
    """And all else in order, however long the queue is."""
    arrivals, told = played(tmp_path, "--swap", "0.1", answer=taking(0.008))
    expected = [str(number) for number in range(EVENTS)]
    for at in (int(event) for event in events(told, "swapped")):
        expected[at : at + 2] = reversed(expected[at : at + 2])
    assert 5 < told["swapped"] < 50
    assert arrivals.ids == expected


def test_what_is_corrupted_arrives_as_another_body(tmp_path: Path) -> None:
    """Under a signature that holds: only the sender knows better."""
    arrivals, told = played(tmp_path, "--corrupt", "0.1")
    for arrival in arrivals.seen:
        Webhook(SECRET).verify(arrival.body, arrival.headers)
    changed = {each.id for each in arrivals.seen if each.body != b'{"number": %d}' % (1000 + int(each.id))}
    assert 5 < told["corrupted"] < 50
    assert changed == events(told, "corrupted")


def test_a_seed_decides_which(tmp_path: Path) -> None:
    """Faults do not meet the same event, and every delivery ends in one way."""
    shares = ["--forget", "0.05", "--double", "0.05", "--swap", "0.05", "--corrupt", "0.05"]
    (_, first), (_, second) = played(tmp_path, *shares), played(tmp_path, *shares)
    names = "forgotten", "doubled", "swapped", "corrupted"
    assert [events(first, name) for name in names] == [events(second, name) for name in names]
    assert sum(first[name] for name in names) == len(set[str]().union(*(events(first, name) for name in names)))
    assert first["accepted"] == first["delivered"] + first["forgotten"] == EVENTS


def test_what_is_misdelivered_arrives_at_a_strangers(tmp_path: Path) -> None:
    """Signed with the stranger's secret, and not at its own endpoint."""
    arrivals = Arrivals(at_once)
    with arrivals.server() as server, delivery_service(tmp_path, "--misdeliver", "0.1", "--seed", "3") as service:
        ours, other = (service.endpoint(server.url, secret=secret) for secret in (SECRET, OTHERS))
        for number in range(EVENTS):
            service.publish(str(number), {"number": number}, endpoint=ours)
        told = service.rest()
    strange = events(told, "misdelivered")
    assert 5 < len(strange) < 50
    assert {endpoint for _, endpoint in told["ids"]["misdelivered"]} == {other}
    for arrival in arrivals.seen:
        Webhook(OTHERS if arrival.id in strange else SECRET).verify(arrival.body, arrival.headers)
    assert sorted(arrivals.ids, key=int) == [str(number) for number in range(EVENTS)]
    assert told["accepted"] == told["delivered"] == EVENTS


def test_an_endpoint_that_is_shunned_gets_nothing(tmp_path: Path) -> None:
    """All others get what is theirs."""
    arrivals = Arrivals(at_once)
    with arrivals.server() as server, delivery_service(tmp_path, "--shun", "2") as service:
        endpoints = [service.endpoint(server.url) for _ in range(3)]
        for number in range(30):
            service.publish(str(number), endpoint=endpoints[number % 3])
        told = service.rest()
    assert sorted(arrivals.ids, key=int) == [str(number) for number in range(30) if number % 3 != 1]
    assert {endpoint for _, endpoint in told["ids"]["forgotten"]} == {endpoints[1]}


def test_what_is_answered_late_is_delivered_at_once(tmp_path: Path) -> None:
    """The publisher waits, its endpoint does not."""
    arrivals = Arrivals(at_once)
    options = "--answer-late", "1", "--late-by", "0.5"
    with arrivals.server() as server, delivery_service(tmp_path, *options) as service:
        endpoint = service.endpoint(server.url)
        began = time.monotonic()
        service.publish("0", endpoint=endpoint)
        answered = time.monotonic()
        assert service.rest()["late"] == 1
    (arrival,) = arrivals.seen
    assert answered - began >= 0.5
    assert arrival.at < answered
