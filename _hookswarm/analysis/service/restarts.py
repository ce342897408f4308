"""What a restart of a delivery service, or of a store of it, cost: events, time, and order in its backlog."""

import numpy as np

from _hookswarm.analysis.deliveries.deliveries import State
from _hookswarm.analysis.deliveries.stages import PlayedStage
from _hookswarm.analysis.schema.restarts import Restarted
from _hookswarm.analysis.service.backlog import accepted_and_arrived, backlog_of
from _hookswarm.records.timeline import ServiceRestarted

USUAL_NS = 1_000_000_000
"""The most that waited in the second before is what is usual."""
FEW = 5
"""So many that wait are no backlog in any case."""


def restarted_of(stage: PlayedStage, entry: ServiceRestarted, earlier: ServiceRestarted | None = None) -> Restarted:
    """What the journals say of a restart in this stage; `earlier` is the last one in a stage before it."""
    published, arrived = stage.published, stage.arrived
    assert published
    assert arrived
    assert stage.unarrived
    accepted = published.state == State.ACKNOWLEDGED
    gone_ns = entry.gone_ns or entry.at_ns
    before = accepted & (published.acknowledged_ns < gone_ns)
    due_before = int(np.count_nonzero(published.due_ns < gone_ns))
    there = accepted & (published.acknowledged_ns < entry.at_ns)
    lost = stage.unarrived.lost
    in_doubt = published.state == State.IN_DOUBT
    taken = int(np.count_nonzero(arrived.taken))
    given_up_ns = stage.drained.at_ns if stage.drained else np.iinfo(np.int64).max
    still_s, resumed_s = _stood_still(stage, entry.at_ns)
    return Restarted(
        stage=stage.plan.name,
        name=entry.name,
        how=entry.how,
        at_s=round((entry.at_ns - stage.start_ns) / 1e9, 3),
        gone_s=_since(entry.at_ns, entry.gone_ns),
        ready_s=_since(entry.at_ns, entry.ready_ns),
        waiting=int(np.count_nonzero(there & ((arrived.first_ns == 0) | (arrived.first_ns > entry.at_ns)))),
        accepted_before=int(np.count_nonzero(before)),
        lost_before=int(np.count_nonzero(lost & before)),
        accepted_after=int(np.count_nonzero(accepted & ~before)),
        lost_after=int(np.count_nonzero(lost & ~before)),
        missing=int(np.count_nonzero(stage.unarrived.missing)),
        late=int(np.count_nonzero(arrived.first_ns > given_up_ns)),
        twice=taken - int(np.count_nonzero(arrived.first_ns)),
        refused=int(np.count_nonzero(published.state == State.FAILED)),
        in_doubt=int(np.count_nonzero(in_doubt)),
        in_doubt_arrived=int(np.count_nonzero(in_doubt & arrived.seen)),
        nothing_moved_s=still_s,
        resumed_s=resumed_s,
        backlog_gone_s=_backlog_gone_s(stage, entry.at_ns, resumed_s),
        fault=entry.fault,
        due_before=due_before,
        untested="" if before.any() else _untested(due_before, earlier),
    )


def _untested(due: int, earlier: ServiceRestarted | None) -> str:
    """Why nothing was accepted before a restart, by what is known of the one before it."""
    if not due:
        return "no event fell due before its restart"
    told = f"none of {due:,} events that fell due before its restart was accepted"
    if not earlier:
        return f"{told}: the service took nothing from its begin"
    if earlier.fault or earlier.ready_ns is None:
        why = f" ({earlier.fault})" if earlier.fault else ""
        return f"{told}: the service was not back after the restart before, {earlier.name}{why}"
    return f"{told}, though the service seemed to be back after the restart before, {earlier.name}"


def _since(begin_ns: int, end_ns: int | None) -> float | None:
    return None if end_ns is None else round((end_ns - begin_ns) / 1e9, 3)


def _stood_still(stage: PlayedStage, stop_ns: int) -> tuple[float | None, float | None]:
    """The longest time without an arrival after a restart, and when that ended. Retries of what failed are no part.

    None: nothing of what was accepted from some moment on came any more.
    """
    assert stage.arrived
    assert stage.published
    first_ns = np.sort(stage.arrived.first_ns)
    # What came is no sign of standing still, be it before the service said that it had accepted it.
    open_ = (stage.published.state == State.ACKNOWLEDGED) & (stage.arrived.first_ns == 0)
    accepted_ns = stage.published.acknowledged_ns[open_]
    if np.count_nonzero(accepted_ns > max(stop_ns, int(first_ns.max(initial=0)))) > FEW:
        return None, None
    after = np.concatenate([[stop_ns], first_ns[first_ns > stop_ns]])
    if len(after) < 2:
        return None, None
    gaps = np.diff(after)
    place = int(gaps.argmax())
    return _since(0, int(gaps[place])), _since(stop_ns, int(after[place + 1]))


def _backlog_gone_s(stage: PlayedStage, stop_ns: int, resumed_s: float | None) -> float | None:
    """When, after deliveries came again, no more waited than before."""
    if resumed_s is None:
        return None
    backlog = backlog_of(*accepted_and_arrived(stage))
    earlier = (backlog.at_ns >= stop_ns - USUAL_NS) & (backlog.at_ns < stop_ns)
    usual = max(int(backlog.waiting[earlier].max(initial=backlog.at(stop_ns - USUAL_NS))), FEW)
    back = (backlog.at_ns >= stop_ns + round(resumed_s * 1e9)) & (backlog.waiting <= usual)
    return _since(stop_ns, int(backlog.at_ns[back][0])) if back.any() else None
