"""One stage through a delivery service that is told to fail at some endpoints, made by hand, as recorders see it."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from _hookswarm.analysis.deliveries.stages import PlayedStage, stage_figures
from _hookswarm.analysis.reading.frames import RunFrames
from _hookswarm.analysis.reading.through_service import delivered_rows, published_rows
from _hookswarm.records.manifest import ServiceRecord
from _hookswarm.records.rows import Flag
from tests.support import published as rows
from tests.support.journals import SECOND, START, TAG, Row, planned, run
from tests.support.published import SERVED, service_record

PUBLISHING = 10_000_000
"""Nanoseconds that a publish takes."""


def record(**promises: Any) -> ServiceRecord:
    """A service that retries after 1, 3 and 9 s."""
    law = {"waits_s": [1.0, 3.0, 9.0], "first_s": None}
    return service_record(name="own", endpoints=10, retry=law, promises=promises)


def published(webhook: int = 0, sequence: int = 0, at_s: float = 0.0, **fields: int) -> Row:
    """An event that was accepted, so long after the stage's start."""
    accepted = START + round(at_s * SECOND) + PUBLISHING
    return rows.published(at_s * 1000, sequence, webhook, **{"done": accepted, "status": 202} | fields)


def came(of: Row, at_s: float, status: int = 204, took_s: float = 0.001, flags: int = 0, **fields: int) -> Row:
    """A request for an event's endpoint, so long after the stage's start, signed at that second."""
    told = {
        "due": (START + round(at_s * SECOND)) // SECOND * SECOND,
        "status": status,
        "attempt": 0,
        "late": of["webhook"] + 1,
        "flags": SERVED | flags | (Flag.FAULT if status // 100 != 2 else 0),
    }
    return rows.arrived(of, at_s * 1000, took_s * 1000, **told | fields)


def tried(of: Row, *answers: tuple[float, int], **fields: int) -> list[Row]:
    """Its attempts, by when each began and what it was answered."""
    return [came(of, at_s, status, **fields) for at_s, status in answers]


def own_class(name: str, webhook: int, **faults: Any) -> dict[str, Any]:
    """An endpoint that does as told."""
    return {"name": name, "first": webhook, "count": 1, "faults": faults}


def through(
    attempts: Sequence[Row],
    arrivals: Iterable[Row],
    classes: Sequence[dict[str, Any]] = (),
    service: ServiceRecord | None = None,
    **fields: Any,
) -> RunFrames:
    """A run of one stage of the scenario "conformance"."""
    service = service or record()
    stage = planned(
        "conformance answers", **{"scenario": "conformance", "webhooks": 10, "classes": list(classes), **fields}
    )
    frames = run(attempts, list(arrivals), [stage], service=service)
    assert frames.arrivals is not None
    return replace(
        frames,
        attempts=published_rows(frames.attempts, service, 1),
        arrivals=delivered_rows(frames.arrivals, service, [(START, 0)], np.array([TAG], np.uint32)),
    )


def played(frames: RunFrames) -> PlayedStage:
    """Its stage, as recorders are shown it."""
    seen: list[PlayedStage] = []
    stage_figures(frames, seen.append)
    (stage,) = seen
    return stage
