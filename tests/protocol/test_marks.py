"""Marks: what a receiver says of a payload that a service passed on, kept, rewritten or changed."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from _hookswarm.protocol.identity import EventId, format_event_id
from _hookswarm.protocol.marks import MEMBER, Marked, Payload, mark, mark_after_id, read_mark

EVENT = EventId(0x9ABCDEF0, 3, 17, 0xFF)
ID = format_event_id(EVENT)
NAMES = st.text(max_size=8).filter(lambda name: name != MEMBER)
LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
VALUES = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4))
OBJECTS = st.dictionaries(NAMES, VALUES, max_size=6)
COMPACT = (",", ":")


def published(value: Any) -> bytes:
    return mark(ID, mark_after_id(json.dumps(value).encode()))


def envelopes(payload: bytes) -> list[bytes]:
    """The payload as it is; raw in an envelope, first or last; as a text; as a text in a text."""
    text = payload.decode()
    return [
        payload,
        b'{"id": "x", "data": ' + payload + b"}",
        b'[{"payload": ' + payload + b', "attempt": 2}]',
        json.dumps({"id": ID.decode(), "payload": text}).encode(),
        json.dumps([json.dumps({"payload": text})], separators=COMPACT).encode(),
    ]


@given(OBJECTS)
def test_a_payload_that_is_kept_is_known_in_any_envelope(value: dict[str, Any]) -> None:
    """As the published bytes, and by its event."""
    for body in envelopes(published(value)):
        assert read_mark(body) == Marked(EVENT, Payload.KEPT)


@given(OBJECTS.filter(bool), st.sampled_from([None, 1, 4]), st.booleans())
def test_the_same_value_in_other_bytes_is_rewritten(
    value: dict[str, Any], indent: int | None, ascii_only: bool
) -> None:
    """Other white space, another order of keys, other escapes: in any envelope."""
    payload = published(value)
    members = sorted(json.loads(payload).items(), reverse=True)
    text = json.dumps(dict(members), indent=indent, ensure_ascii=ascii_only, separators=(" ,", " : "))
    escaped = text.replace("<", "\\u003c").replace("&", "\\u0026").replace("/", "\\/")
    for body in envelopes(escaped.encode("utf-8", "surrogatepass")):
        assert read_mark(body) == Marked(EVENT, Payload.REWRITTEN)


@given(OBJECTS, NAMES, LEAVES)
def test_another_value_is_corrupt(value: dict[str, Any], name: str, leaf: Any) -> None:
    """A member more, or with another value; in any envelope."""
    before = json.loads(published(value))
    after = before | {name: [leaf, "changed"]}
    if json.dumps(after) == json.dumps(before):
        return
    for body in envelopes(json.dumps(after).encode()):
        assert read_mark(body) == Marked(EVENT, Payload.CORRUPT)


@given(OBJECTS.filter(bool), st.data())
def test_a_member_that_is_lost_is_corrupt(value: dict[str, Any], data: st.DataObject) -> None:
    """Whichever it is."""
    left = json.loads(published(value))
    del left[data.draw(st.sampled_from(sorted(value)))]
    assert read_mark(json.dumps(left).encode()) == Marked(EVENT, Payload.CORRUPT)


@pytest.mark.parametrize(
    ("sent", "arrived"),
    [
        ("1e2", "100"),
        ("-0.0", "0.0"),
        ("1.50", "1.5"),
        ("1e30", "1" + 30 * "0"),
        ("12345678901234567890", "12345678901234567890.0"),
        ('"<&>"', '"\\u003c\\u0026\\u003e"'),
        ('"é"', '"\\u00e9"'),
    ],
)
def test_forms_of_numbers_and_texts_are_no_other_value(sent: str, arrived: str) -> None:
    """As JSON columns and JavaScript write them."""
    payload = mark(ID, mark_after_id(f'{{"n":{sent}}}'.encode()))
    body = payload.replace(sent.encode(), arrived.encode())
    assert body != payload
    assert read_mark(body) == Marked(EVENT, Payload.REWRITTEN)


@pytest.mark.parametrize(
    ("sent", "arrived"), [("9007199254740993", "9007199254740992"), ("1.5", "1.4"), ('"a"', '"b"')]
)
def test_a_digit_that_is_lost_is_another_value(sent: str, arrived: str) -> None:
    """JavaScript rounds whole numbers above 2^53: whoever reads an id from it has another one."""
    payload = mark(ID, mark_after_id(f'{{"n":{sent}}}'.encode()))
    assert read_mark(payload.replace(sent.encode(), arrived.encode())) == Marked(EVENT, Payload.CORRUPT)


def test_a_body_that_is_cut_off_is_corrupt() -> None:
    """Its event is known, its value is not."""
    assert read_mark(published({"a": "b" * 50})[:-5]) == Marked(EVENT, Payload.CORRUPT)


def test_an_id_that_is_cut_off_is_no_other_events() -> None:
    """It may be the beginning of this event's, and would be another one's whole."""
    payload = published({"a": 1})
    end = payload.index(ID) + len(ID)
    assert [read_mark(payload[: end - cut]) for cut in (0, 1)] == [None, None]
    assert read_mark(payload[: end + 1]) == Marked(EVENT, Payload.UNKNOWN)


def test_an_id_alone_tells_the_event() -> None:
    """Where a service delivers its own body, with the published id in it."""
    assert read_mark(b'{"labels": {"id": "' + ID + b'"}}') == Marked(EVENT, Payload.UNKNOWN)
    assert read_mark(b'{"labels": {}}') is None


def test_a_payload_that_was_published_before_gets_a_new_mark() -> None:
    """One mark, the new event's, whoever writes the value again."""
    first = published({"a": 1})
    other = EventId(1, 2, 3, 4)
    second = mark(format_event_id(other), mark_after_id(first))
    assert read_mark(second) == Marked(other, Payload.KEPT)
    assert read_mark(json.dumps(json.loads(second), indent=1).encode()) == Marked(other, Payload.REWRITTEN)


@pytest.mark.parametrize("text", [b"[1]", b'"a"', b"1", b"{", b"\xff"])
def test_what_is_no_object_carries_no_mark(text: bytes) -> None:
    """And says so."""
    with pytest.raises(ValueError):
        mark_after_id(text)


@given(st.binary(max_size=200))
def test_reading_never_fails(noise: bytes) -> None:
    """Whatever stands before, within or after a mark."""
    for body in (noise, noise + published({"a": [1]}), published({"a": [1]})[:60] + noise):
        read_mark(body)
