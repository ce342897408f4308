"""The journals' row: 64 bytes, little-endian, the same for attempts and arrivals.

| bytes | field      | in an attempt                             | in an arrival                        |
|-------|------------|-------------------------------------------|--------------------------------------|
| 0-3   | webhook    | the event's webhook                       | the same                             |
| 4-7   | sequence   | its place among the webhook's events      | the same                             |
| 8-15  | due        | when it fell due, ns                      | 0                                    |
| 16-23 | start      | when the attempt began, ns; 0: never sent | when the request was received, ns    |
| 24-25 | attempt    | 1, 2, 3 …                                 | the same                             |
| 26-27 | stage      | number in run.json's plan                 | the same                             |
| 28    | origin     | code of the sending region                | the same                             |
| 29    | target     | code of the receiving region, or balancer | the same, as the sender said         |
| 30    | strategy   | code of the strategy                      | the same                             |
| 31    | -          |                                           |                                      |
| 32-35 | size       | bytes of the body                         | the same, as received                |
| 36-39 | digest     | CRC-32 of the body                        | the same, as received                |
| 40-43 | late       | an idle worker's waking after `due`, ns   | 0                                    |
| 44-47 | run        | tag of the run                            | the same                             |
| 48-55 | done       | when the outcome was known, ns; 0: never  | when the answer was ready, ns        |
| 56-57 | status     | HTTP status; 0: none                      | HTTP status answered; 0: none         |
| 58    | outcome    | see Outcome                               | 0                                    |
| 59    | -          |                                           |                                      |
| 60-63 | flags      | see Flag                                  | see Flag                             |

An attempt is written before it is sent, and its last 16 bytes again when its outcome is known: so a process
that dies leaves attempts in doubt, not holes.
"""

import struct
from enum import IntEnum, IntFlag

import numpy as np

ROW = struct.Struct("<IIqqHHBBBxIIIIqHBxI")
"""webhook, sequence, due, start, attempt, stage, origin, target, strategy, size, digest, late, run, then END."""

END = struct.Struct("<qHBxI")
"""done, status, outcome, flags: what is known only at the end."""

END_OFFSET = ROW.size - END.size

DTYPE = np.dtype(
    {
        "names": [
            "webhook", "sequence", "due", "start", "attempt", "stage", "origin", "target", "strategy",
            "size", "digest", "late", "run", "done", "status", "outcome", "flags",
        ],
        "formats": [
            "<u4", "<u4", "<i8", "<i8", "<u2", "<u2", "u1", "u1", "u1",
            "<u4", "<u4", "<u4", "<u4", "<i8", "<u2", "u1", "<u4",
        ],
        "offsets": [0, 4, 8, 16, 24, 26, 28, 29, 30, 32, 36, 40, 44, 48, 56, 58, 60],
        "itemsize": 64,
    }
)  # fmt: skip

MAX_U32 = (1 << 32) - 1


class Outcome(IntEnum):
    """How an attempt ended."""

    PENDING = 0
    """Written before sending; nobody came back to say how it ended."""
    ACKNOWLEDGED = 1
    """Answered 2xx."""
    REJECTED = 2
    """Answered anything else."""
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
    }
)
"""Outcomes after which the event may or may not have arrived."""


class Flag(IntFlag):
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
