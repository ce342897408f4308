"""Regions that were out though nobody had planned it: told by the attempts, where all was to go well, and by logs."""

from collections.abc import Iterator, Sequence

import numpy as np

from _hookswarm.analysis.deliveries.stages import PlayedStage
from _hookswarm.analysis.regions.faults import Sent
from _hookswarm.analysis.regions.receiver_outages import Silence
from _hookswarm.records.timeline import IncidentPlayed

FAILURES = 5
"""Attempts in a row, by their ends, that must have failed at a region: fewer are no outage."""


def unplanned_faults(stage: PlayedStage, sent: Sent) -> list[IncidentPlayed]:
    """One for each time that a region was out; none of stages in which receivers were told to do wrong.

    It began when the first attempt that failed was sent, and was over when the first one after it was answered.
    """
    plan = stage.plan
    if plan.faults or plan.classes or plan.limits:
        return []
    return [one for target in np.unique(sent.target).tolist() for one in _at(stage, sent, target)]


def silent_receivers(
    stage: PlayedStage, sent: Sent, silences: Sequence[Silence], known: Sequence[IncidentPlayed]
) -> list[IncidentPlayed]:
    """Those silences of receivers that nothing known explains: attempts tell the same outage more exactly."""
    return [
        IncidentPlayed(
            at_ns=one.at_ns,
            until_ns=one.until_ns,
            stage=stage.number,
            fault="unplanned",
            regions=[one.region],
            origins=np.unique(sent.origin).tolist(),
        )
        for one in silences
        if one.kind != "machine_stalled" and not any(_tells(incident, one) for incident in known)
    ]


def _tells(incident: IncidentPlayed, silence: Silence) -> bool:
    """Whether an outage that the attempts told is this one."""
    meets = incident.at_ns < silence.until_ns and silence.at_ns < incident.until_ns
    return incident.fault == "unplanned" and silence.region in incident.regions and meets


def _at(stage: PlayedStage, sent: Sent, target: int) -> Iterator[IncidentPlayed]:
    own = sent.where((sent.target == target) & (sent.failed | sent.acknowledged))
    order = np.argsort(own.done_ns, kind="stable")
    failed = own.failed[order]
    # Where a run of failures begins, and the place after its end.
    edges = np.flatnonzero(np.diff(np.concatenate(([False], failed, [False])).astype(np.int8)))
    for first, stop in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        if stop - first < FAILURES:
            continue
        within = order[first:stop]
        over = own.done_ns[order[stop]] if stop < len(order) else stage.window[1]
        yield IncidentPlayed(
            at_ns=int(own.start_ns[within].min()),
            until_ns=int(over),
            stage=stage.number,
            fault="unplanned",
            regions=[target],
            origins=np.unique(own.origin[within]).tolist(),
        )
