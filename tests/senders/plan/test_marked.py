"""Payloads that carry their event's mark."""

import json

import pytest

from _hookswarm.protocol.identity import EventId, format_event_id
from _hookswarm.protocol.marks import MEMBER, Marked, Payload, read_mark
from _hookswarm.senders.plan import marked
from _hookswarm.senders.plan.payloads import SIZES, Generated


class Own:
    """A user's bodies, in turn, and how often one was asked for."""

    def __init__(self, *bodies: bytes) -> None:
        self.bodies = bodies

    def body(self, _event_id: bytes, n: int) -> bytes:
        return self.bodies[n % len(self.bodies)]

    def kind(self, n: int) -> bytes:
        return b"type-%d" % (n % len(self.bodies))


@pytest.mark.parametrize("distribution", [*SIZES, 1, 4096])
def test_each_event_is_known_by_its_body(distribution: str | int) -> None:
    """Whatever the size; what it weighs is what was asked for, and the mark."""
    plain = Generated(distribution, seed=1)
    payloads = marked.Marked(plain)
    for number in range(50):
        event = EventId(1, 2, number, number + 1)
        body = payloads.body(format_event_id(event), number)
        assert read_mark(body) == Marked(event, Payload.KEPT)
        assert 0 <= len(body) - len(plain.body(b"", number)) < 110


def test_a_users_bodies_keep_their_members_and_types() -> None:
    """The mark is the first member, and nothing else changes."""
    own = Own(b' { "b": 1.50, "a": {} } ', b"{}")
    payloads = marked.Marked(own)
    event_id = format_event_id(EventId(1, 2, 3, 4))
    first, second = payloads.body(event_id, 0), payloads.body(event_id, 1)
    assert first.endswith(b'"b": 1.50, "a": {} }')
    assert [list(json.loads(body)) for body in (first, second)] == [[MEMBER, "b", "a"], [MEMBER]]
    assert payloads.kind(1) == b"type-1"
