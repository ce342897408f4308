"""How an event and an attempt are named on the wire.

`webhook-id` names the event and stays the same over retries; `hookswarm-attempt` names the attempt.
An event is known by its webhook and its sequence within a stage of a run.
"""

from typing import NamedTuple
from zlib import crc32

ATTEMPT_HEADER = "hookswarm-attempt"


class EventId(NamedTuple):
    """Who an event is: the run's tag (32 bits), the stage's number, the webhook and its sequence."""

    run: int
    stage: int
    webhook: int
    sequence: int


class AttemptTag(NamedTuple):
    """Which attempt of an event this is, and its codes for origin, target and strategy."""

    attempt: int
    origin: int
    target: int
    strategy: int


def run_tag(run_id: str) -> int:
    """The 32 bits that tell one run's events from another's."""
    return crc32(run_id.encode())


def format_event_id(event: EventId) -> bytes:
    """`msg_<run>_<stage>_<webhook>_<sequence>`, in hex; Standard Webhooks forbids a dot in it."""
    return b"msg_%08x_%x_%x_%x" % event


def parse_event_id(text: str) -> EventId | None:
    """The event behind a `webhook-id`, or None if this project did not make it."""
    parts = text.split("_")
    if len(parts) != 5 or parts[0] != "msg":
        return None
    try:
        event = EventId(int(parts[1], 16), int(parts[2], 16), int(parts[3], 16), int(parts[4], 16))
    except ValueError:
        return None
    # Python's int() takes signs, spaces and underscores; only the canonical spelling is ours.
    return event if min(event) >= 0 and format_event_id(event).decode() == text and _fits(event) else None


def _fits(event: EventId) -> bool:
    return event.run < 1 << 32 and event.stage < 1 << 16 and event.webhook < 1 << 32 and event.sequence < 1 << 32


def format_attempt_tag(tag: AttemptTag) -> bytes:
    """`<attempt>-<origin>-<target>-<strategy>`, in decimal."""
    return b"%d-%d-%d-%d" % tag


def parse_attempt_tag(text: str) -> AttemptTag | None:
    """The attempt behind the header, or None if it is not one of ours."""
    parts = text.split("-")
    if len(parts) != 4 or not all(part.isascii() and part.isdecimal() and len(part) <= 5 for part in parts):
        return None
    tag = AttemptTag(*map(int, parts))
    return tag if tag.attempt < 1 << 16 and max(tag[1:]) < 1 << 8 else None
