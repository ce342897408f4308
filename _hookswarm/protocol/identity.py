"""How an event and an attempt are named on the wire.

`webhook-id` names the event and stays the same over retries; `hookswarm-attempt` names the attempt.
An event is known by its webhook and its sequence within a stage of a run.
"""

import re
from typing import NamedTuple
from zlib import crc32

NO_RUN = "unassigned"
"""What receivers' journals belong to while no run is on."""

PROBE_STAGE = 0xFFFF
"""The number of no stage: that of events which are published to a service ahead of the load."""

ATTEMPT_HEADER = "hookswarm-attempt"


# Only the canonical spelling is ours, so that an event has one name; widths are those of the journals' fields.
_EVENT_ID = re.compile(
    "msg_([0-9a-f]{8})_(0|[1-9a-f][0-9a-f]{0,3})_(0|[1-9a-f][0-9a-f]{0,7})_(0|[1-9a-f][0-9a-f]{0,7})"
).fullmatch
_ATTEMPT_TAG = re.compile("([0-9]{1,5})-([0-9]{1,3})-([0-9]{1,3})-([0-9]{1,3})").fullmatch


LONGEST_ID = len("msg_12345678_1234_12345678_12345678")
"""Characters of an event's id, at most."""


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
    return extend_event_id(event_prefix(event.run, event.stage), event.webhook, event.sequence)


def event_prefix(run: int, stage: int) -> bytes:
    """What the ids of all events of a stage begin with."""
    return b"msg_%08x_%x_" % (run, stage)


def extend_event_id(prefix: bytes, webhook: int, sequence: int) -> bytes:
    """The id of an event of that stage."""
    return b"%b%x_%x" % (prefix, webhook, sequence)


def parse_event_id(text: str) -> EventId | None:
    """The event that a `webhook-id` names, or None if this project did not make it."""
    found = _EVENT_ID(text)
    if found is None:
        return None
    run, stage, webhook, sequence = found.groups()
    return EventId(int(run, 16), int(stage, 16), int(webhook, 16), int(sequence, 16))


def format_attempt_tag(tag: AttemptTag) -> bytes:
    """`<attempt>-<origin>-<target>-<strategy>`, in decimal."""
    return b"%d-%d-%d-%d" % tag


def parse_attempt_tag(text: str) -> AttemptTag | None:
    """The attempt that the header names, or None if it is not one of ours."""
    found = _ATTEMPT_TAG(text)
    if found is None:
        return None
    tag = AttemptTag(*map(int, found.groups()))
    return tag if tag.attempt < 1 << 16 and max(tag[1:]) < 1 << 8 else None
