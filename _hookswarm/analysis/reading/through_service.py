"""Rows of a run through a delivery service, as the analysis knows all others: whose each is, and which attempt.

An event may go to several endpoints: each is a delivery of its own, so a publish counts once for each of them.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from _hookswarm.analysis.reading.rows import Mask, arrange_rows, take_rows
from _hookswarm.records.manifest import ServiceRecord
from _hookswarm.records.reading import Rows
from _hookswarm.records.rows import Flag

MOST_ATTEMPTS = (1 << 16) - 1
UNPUBLISHED = np.uint32(1 << 31)
"""In the sequence of what no publish can be named by: no stage has so many events of one webhook."""
ELSEWHERE = np.uint32(1 << 30)
"""Beside it, where the event that the arrival names was published, and is not for that endpoint."""


def shared_by(service: ServiceRecord) -> int:
    """How many endpoints get each event; of the last group it may be fewer."""
    match service.fan_out:
        case "endpoint":
            return 1
        case "group":
            return service.group_size or 1
        case "run":
            return service.endpoints


def published_rows(attempts: Rows, service: ServiceRecord, regions: int) -> Rows:
    """Publishes, once for each endpoint that gets their event; `target` is the region where that is."""
    size = shared_by(service)
    rows = attempts
    if size > 1:
        group = attempts["webhook"] // size
        members = np.minimum(service.endpoints - group * size, size).astype(np.int64)
        place = np.repeat(np.arange(len(attempts)), members)
        rows = take_rows(attempts, place)
        nth = np.arange(len(place)) - np.repeat(np.cumsum(members) - members, members)
        rows["sequence"] = rows["sequence"] * size + rows["webhook"] % size
        rows["webhook"] = group[place] * size + nth
        rows = arrange_rows([rows])
    rows["target"] = rows["webhook"] % regions
    return rows


def published_by_itself(rows: Rows, service: ServiceRecord) -> Mask:
    """Of `published_rows`, one for each publish: that of the endpoint that it names."""
    size = shared_by(service)
    own: Mask = rows["webhook"] % size == rows["sequence"] % size
    return own


def delivered_rows(
    arrivals: Rows, service: ServiceRecord, started: Sequence[tuple[int, int]], runs: npt.NDArray[np.uint32]
) -> Rows:
    """Arrivals with the number of each among those of its event at its endpoint as its attempt: 1, 2 …

    One at an endpoint that does not get its event has an event of its own, which nobody published. One that names no
    event is of the stage that was on. `started`: when stages began, and which; `runs`: tags of the run.
    """
    size = shared_by(service)
    nameless = (arrivals["flags"] & (Flag.FOREIGN | Flag.SERVED)) == (Flag.FOREIGN | Flag.SERVED)
    endpoint = np.where(arrivals["late"] > 0, arrivals["late"].astype(np.int64) - 1, -1)
    sequence = arrivals["sequence"].astype(np.int64)  # whatever number an id holds, it must stay another one
    sequence = np.where(nameless, sequence, sequence * size + arrivals["webhook"] % size)
    unpublished = nameless | (sequence >= ELSEWHERE)
    elsewhere = ~nameless & (arrivals["webhook"] // size != endpoint // size)
    arrivals["sequence"] = sequence % ELSEWHERE | (unpublished | elsewhere) * UNPUBLISHED | elsewhere * ELSEWHERE
    arrivals["webhook"] = np.where(endpoint >= 0, endpoint, arrivals["webhook"])
    arrivals["late"] = 0
    if started and len(runs) and nameless.any():
        begins, stages = np.array(sorted(started), np.int64).T
        place = np.maximum(np.searchsorted(begins, arrivals["start"][nameless], side="right") - 1, 0)
        arrivals["stage"][nameless] = stages[place]
        arrivals["run"][nameless] = runs[0]
        arrivals["flags"][nameless] &= ~np.uint32(Flag.FOREIGN)
    rows = arrange_rows([arrivals])
    if len(rows):
        names = np.stack([rows["stage"].astype(np.int64), rows["webhook"], rows["sequence"]])
        new = np.ones(len(rows), np.bool_)
        new[1:] = np.any(names[:, 1:] != names[:, :-1], axis=0)
        first = np.maximum.accumulate(np.where(new, np.arange(len(rows)), 0))
        rows["attempt"] = np.minimum(np.arange(len(rows)) - first + 1, MOST_ATTEMPTS)
    return rows


def has_body(arrivals: Rows) -> Mask:
    """Which arrivals are deliveries at all: one without a body is none."""
    found: Mask = (arrivals["flags"] & Flag.BODILESS) == 0
    return found


def is_misdelivered(arrivals: Rows) -> Mask:
    """Which arrivals came to an endpoint that does not get their event."""
    both = UNPUBLISHED | ELSEWHERE
    found: Mask = (arrivals["sequence"] & both) == both
    return found
