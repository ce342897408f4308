"""How events and attempts are named on the wire."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from _hookswarm.protocol.identity import (
    AttemptTag,
    EventId,
    format_attempt_tag,
    format_event_id,
    parse_attempt_tag,
    parse_event_id,
    run_tag,
)

U32 = st.integers(0, (1 << 32) - 1)
U16 = st.integers(0, (1 << 16) - 1)
U8 = st.integers(0, 255)
EVENTS = st.builds(EventId, U32, U16, U32, U32)
TAGS = st.builds(AttemptTag, U16, U8, U8, U8)


@given(EVENTS)
def test_an_event_comes_back_from_its_name(event: EventId) -> None:
    """Every event that a journal's row can hold survives the wire."""
    assert parse_event_id(format_event_id(event).decode()) == event


@given(TAGS)
def test_an_attempt_comes_back_from_its_tag(tag: AttemptTag) -> None:
    """Every attempt that a journal's row can hold survives the wire."""
    assert parse_attempt_tag(format_attempt_tag(tag).decode()) == tag


@given(EVENTS)
def test_a_name_holds_no_dot(event: EventId) -> None:
    """Standard Webhooks signs `id.timestamp.body`, so an id must not hold the separator."""
    assert b"." not in format_event_id(event)


@given(st.text() | st.from_regex("msg_[0-9a-fA-F+ _-]{0,9}(_[0-9a-fA-F+ ]{0,9}){3}\n?"))
def test_only_the_canonical_spelling_is_ours(text: str) -> None:
    """Whatever parses is spelled exactly as we would: an event has one name."""
    event = parse_event_id(text)
    assert event is None or format_event_id(event).decode() == text


@given(st.text())
def test_any_text_is_an_attempt_or_none(text: str) -> None:
    """A tag parses into codes that fit the journal's row, or not at all."""
    tag = parse_attempt_tag(text)
    assert tag is None or (tag.attempt < 1 << 16 and max(tag[1:]) < 1 << 8)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "msg_00000001_0_0",
        "msg_00000001_0_0_0_0",
        "msg_1_0_0_0",
        "msg_0000000A_0_0_0",
        "msg_00000001_00_0_0",
        "msg_00000001_-1_0_0",
        "msg_00000001_10000_0_0",
        "msg_00000001_0_100000000_0",
        "msg_00000001_0_0_٣",
        "msg_00000001_0_0_0\n",
    ],
)
def test_other_ids_are_foreign(text: str) -> None:
    """Another sender's id, or one that does not fit the row, is not ours."""
    assert parse_event_id(text) is None


@pytest.mark.parametrize(
    "text", ["", "1", "1-0-0", "1-0-0-0-0", "65536-0-0-0", "1-256-0-0", "1--1-0-0", "\u0661-0-0-0"]
)
def test_other_attempt_tags_are_foreign(text: str) -> None:
    """A tag that does not fit the row is not ours."""
    assert parse_attempt_tag(text) is None


def test_a_runs_tag_is_stable() -> None:
    """The tag is CRC-32: processes and versions agree on it."""
    assert run_tag("123456789") == 0xCBF43926
