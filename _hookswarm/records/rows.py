"""The journals' row: 64 bytes, little-endian, the same for attempts and arrivals. `FIELDS` is its one description.

An attempt is written before it is sent, and its last 16 bytes again when its outcome is known: so a process
that dies leaves attempts in doubt, not holes.
"""

import struct
from enum import IntEnum, IntFlag
from typing import TYPE_CHECKING, NamedTuple, TypeVar

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


class Field(NamedTuple):
    """`code` is of the module struct; a field without a name is a byte that says nothing."""

    name: str
    code: str
    attempt: str = ""
    arrival: str = "the same"


FIELDS = (
    Field("webhook", "I", "the event's webhook"),
    Field("sequence", "I", "its place among the webhook's events"),
    Field("due", "q", "when it fell due, ns", "of a service's delivery: the time that it is signed with, ns; else 0"),
    Field("start", "q", "when the attempt began, ns; 0: never sent", "when the request was received, ns"),
    Field("attempt", "H", "1, 2, 3 …"),
    Field("stage", "H", "number in run.json's plan"),
    Field("origin", "B", "code of the sending region"),
    Field("target", "B", "code of the receiving region, or balancer", "the same, as the sender said"),
    Field("strategy", "B", "code of the strategy"),
    Field("", "x"),
    Field("size", "I", "bytes of the body", "the same, as received"),
    Field("digest", "I", "CRC-32 of the body", "the same, as received"),
    Field(
        "late", "I", "an idle worker's waking after `due`, ns", "of a service's delivery: its endpoint, and 1; else 0"
    ),
    Field("run", "I", "tag of the run"),
    # What is known only at the end, and written again.
    Field("done", "q", "when the outcome was known, ns; 0: never", "when the answer was ready, ns"),
    Field("status", "H", "HTTP status; a local shortage's errno; 0: none", "HTTP status answered; 0: none"),
    Field("outcome", "B", "see Outcome", "0"),
    Field("", "x"),
    Field("flags", "I", "see Flag", "see Flag"),
)

_LAST = next(place for place, field in enumerate(FIELDS) if field.name == "done")
_ROW = struct.Struct("<" + "".join(field.code for field in FIELDS))
_END = struct.Struct("<" + "".join(field.code for field in FIELDS[_LAST:]))

ROW_SIZE = _ROW.size
END_OFFSET = _ROW.size - _END.size
"""Where in a row that begins which is written again."""


def offset_of(place: int) -> int:
    """Where in a row the field of that place begins."""
    return struct.calcsize("<" + "".join(field.code for field in FIELDS[:place]))


_NAMED = [(place, field) for place, field in enumerate(FIELDS) if field.name]


def pack_row(
    *,
    webhook: int = 0,
    sequence: int = 0,
    due: int = 0,
    start: int = 0,
    attempt: int = 0,
    stage: int = 0,
    origin: int = 0,
    target: int = 0,
    strategy: int = 0,
    size: int = 0,
    digest: int = 0,
    late: int = 0,
    run: int = 0,
    done: int = 0,
    status: int = 0,
    outcome: int = 0,
    flags: int,
) -> bytes:
    """A row's bytes. (Written out: to build it by the fields' names takes a microsecond more.)"""
    return _ROW.pack(
        webhook, sequence, due, start, attempt, stage, origin, target, strategy,
        size, digest, late, run, done, status, outcome, flags,
    )  # fmt: skip


def pack_end(*, done: int, status: int, outcome: int, flags: int) -> bytes:
    """The bytes from END_OFFSET on."""
    return _END.pack(done, status, outcome, flags)


def layout() -> str:
    """The row as a table in Markdown, for the docs."""
    lines = ["| bytes | field | in an attempt | in an arrival |", "|---|---|---|---|"]
    for place, field in _NAMED:
        begin, end = offset_of(place), offset_of(place + 1) - 1
        span = f"{begin}-{end}" if end > begin else str(begin)
        lines.append(f"| {span} | `{field.name}` | {field.attempt} | {field.arrival} |")
    return "\n".join(lines) + "\n"


_Ns = TypeVar("_Ns", int, "npt.NDArray[np.int64]")


def latency_start_ns(due_ns: _Ns, late_ns: _Ns) -> _Ns:
    """What latency counts from: a worker that was idle, and that its timer woke late, counts from its waking."""
    return due_ns + late_ns


MAX_U32 = (1 << 32) - 1


class Outcome(IntEnum):
    """How an attempt ended."""

    PENDING = 0
    """Written before sending; nobody came back to say how it ended."""
    ACKNOWLEDGED = 1
    """Answered as is accepted: 2xx, unless the provider or the user says otherwise."""
    REJECTED = 2
    """Answered anything else, perhaps a 2xx."""
    REFUSED = 3
    """Nobody listens there, or no route leads there."""
    UNRESOLVED = 4
    """The host's name has no address."""
    CONNECT_TIMEOUT = 5
    TLS = 6
    """The TLS handshake failed."""
    READ_TIMEOUT = 7
    """The request was sent, and no whole answer came in time."""
    RESET = 8
    """The connection ended before the answer began."""
    TRUNCATED = 9
    """The connection ended inside the answer."""
    PROTOCOL = 10
    """The answer is not HTTP."""
    INTERRUPTED = 11
    """The run was stopped while the answer was awaited."""
    ABANDONED = 12
    """Due, but still queued when the stage ended: never sent."""
    DISABLED = 13
    """Never sent: an earlier answer, 410, disabled its webhook."""
    LOCAL_SHORTAGE = 14
    """The sender's machine had no port, descriptor or memory for it: `status` says which, see `records.shortage`."""
    BROKEN_OFF = 15
    """Ended on purpose once the answer was there, which nobody read: the plan wants this acknowledgement lost."""


CODES = 256
"""A region's code is a byte."""
BALANCED = 250
"""Codes of targets from here on: a load balancer, which chooses the region; only the receivers know which it was."""

NEVER_SENT = frozenset({Outcome.ABANDONED, Outcome.DISABLED})
"""Rows that stand for an event and no attempt."""


IN_DOUBT = frozenset(
    {
        Outcome.PENDING,
        Outcome.READ_TIMEOUT,
        Outcome.RESET,
        Outcome.TRUNCATED,
        Outcome.PROTOCOL,
        Outcome.INTERRUPTED,
        Outcome.BROKEN_OFF,
    }
)
"""Outcomes after which the event may or may not have arrived."""


FAILED = frozenset(
    {
        Outcome.REJECTED,
        Outcome.REFUSED,
        Outcome.UNRESOLVED,
        Outcome.CONNECT_TIMEOUT,
        Outcome.TLS,
        Outcome.READ_TIMEOUT,
        Outcome.RESET,
        Outcome.TRUNCATED,
        Outcome.PROTOCOL,
        Outcome.LOCAL_SHORTAGE,
    }
)
"""Outcomes of attempts that failed; the others went well, or were ended, or never made, by ourselves."""


class Flag(IntFlag):
    """Bits of a row's `flags`."""

    WRITTEN = 1
    """Set in every whole row: a row of zeros is a hole that a killed process left."""
    REUSED = 2
    """The attempt went out on a connection that was open already."""
    FOREIGN = 4
    """The arrival's `webhook-id` is not one of ours; `sequence` holds its CRC-32."""
    HINTED = 8
    """The answer to the attempt carried a `Retry-After`."""
    FAULT = 16
    """The receiver was told to do something wrong with this arrival."""
    SERVED = 32
    """A delivery service's: its attempt is told by no header, and counted by the analysis."""
    BODILESS = 64
    """It has no body, or is a GET: what follows a redirect in many senders."""
    UNVERIFIED = 128
    """Its signature is not right, or its time is not recent."""
    REWRITTEN = 256
    """The published value in other bytes."""
    CORRUPT = 512
    """Another value than was published."""
    REDIRECTED = 1024
    """It came where a redirect of ours had sent it."""
    VALUELESS = 2048
    """It holds the event's id, and no published value that could be compared."""
