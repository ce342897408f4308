"""Bodies that are made up: sizes as measured, each unique."""

import json
import tracemalloc

import numpy as np
import pytest

from _hookswarm.common.errors import ConfigError
from _hookswarm.protocol.identity import EventId, format_event_id
from _hookswarm.senders.plan.payloads import (
    MAX_TEMPLATE_BYTES,
    SIZES,
    TEMPLATES,
    Generated,
)


def event_id(n: int) -> bytes:
    return format_event_id(EventId(0xC0FFEE, 1, n % 100, n // 100))


@pytest.mark.parametrize("distribution", SIZES)
def test_sizes_follow_their_distribution(distribution: str) -> None:
    """Every quantile of the generated sizes lies within 3 % of its distribution's."""
    payloads = Generated(distribution, seed=1)
    sizes = [len(payloads.body(event_id(n), n)) for n in range(5 * TEMPLATES)]
    shares, knots = zip(*SIZES[distribution], strict=True)
    places = (np.arange(1, 20) + 0.5) / 20  # off the shares where `mixed` jumps
    assert np.quantile(sizes, places) == pytest.approx(np.interp(places, shares, knots), rel=0.03)
    assert min(sizes) >= 0.97 * knots[0]
    assert max(sizes) <= 1.03 * knots[-1]


@pytest.mark.parametrize("distribution", SIZES)
def test_every_body_is_unique_json(distribution: str) -> None:
    """Each body is a JSON object that names its event."""
    payloads = Generated(distribution, seed=1)
    bodies = [payloads.body(event_id(n), n) for n in range(2 * TEMPLATES)]
    assert len(set(bodies)) == len(bodies)
    assert [json.loads(body)["id"] for body in bodies] == [event_id(n).decode() for n in range(2 * TEMPLATES)]


def test_a_body_stays_the_same_over_attempts_and_processes() -> None:
    """The same seed and event give the same bytes; another seed gives others."""
    assert Generated("stripe", 5).body(event_id(7), 7) == Generated("stripe", 5).body(event_id(7), 7)
    assert Generated("stripe", 5).body(event_id(7), 7) != Generated("stripe", 6).body(event_id(7), 7)


def test_an_unknown_distribution_is_a_fault() -> None:
    """The message names what there is."""
    with pytest.raises(ConfigError, match=r"'huge'.*thin, github"):
        Generated("huge", 1)


@pytest.mark.parametrize("size", [100, 1_000, 4_096, 65_536, 1_000_000])
def test_a_number_of_bytes_is_the_size_of_every_body(size: int) -> None:
    """All bodies have that size, but for the digits of their event's id, and are unique JSON as others are."""
    payloads = Generated(size, seed=1)
    bodies = [payloads.body(event_id(n), n) for n in range(100)]
    assert [len(body) for body in bodies] == pytest.approx([size] * 100, abs=5)
    assert [json.loads(body)["id"] for body in bodies] == [event_id(n).decode() for n in range(100)]


@pytest.mark.parametrize("size", [1, 20, 60])
def test_a_body_has_room_for_its_event(size: int) -> None:
    """Fewer bytes than id and type take are not to be had: the body is whole JSON all the same."""
    body = Generated(size, seed=1).body(event_id(7), 7)
    assert json.loads(body)["id"] == event_id(7).decode()
    assert 60 < len(body) < 75


@pytest.mark.parametrize("size", [80_000, 1 << 20, MAX_TEMPLATE_BYTES, MAX_TEMPLATE_BYTES + 1])
def test_large_bodies_stay_within_their_memory(size: int) -> None:
    """What is kept for large bodies of one size are a few of them: 16 MiB, and at most one body more."""
    tracemalloc.start()
    payloads = Generated(size, seed=1)
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert size <= kept < MAX_TEMPLATE_BYTES + size + 100_000
    count = min(MAX_TEMPLATE_BYTES // size + 1, TEMPLATES)
    bodies = [payloads.body(b"", n) for n in range(count + 1)]
    assert len(set(bodies)) == count
    assert bodies[count] == bodies[0]
