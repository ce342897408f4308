"""Outages of regions that a service delivers to: what piles up, how it drains, in which order, and how hard."""

from collections.abc import Sequence

import numpy as np

from _hookswarm.analysis.deliveries.deliveries import State
from _hookswarm.analysis.deliveries.disorder import overtaken
from _hookswarm.analysis.deliveries.quantiles import quantiles_of
from _hookswarm.analysis.deliveries.stages import PlayedStage
from _hookswarm.analysis.reading.rows import Ints, Keys, Mask
from _hookswarm.analysis.schema.outages import Outage
from _hookswarm.records.timeline import IncidentPlayed

SECOND = 1_000_000_000


def outage_of(stage: PlayedStage, incidents: Sequence[IncidentPlayed], regions: Sequence[str]) -> Outage | None:
    """What befell regions in a stage, all of it taken together; None where nothing did. Endpoint n is at the region of
    code n modulo their number.
    """
    if not incidents or not stage.published or not stage.arrived:
        return None
    begin, end = min(one.at_ns for one in incidents), max(one.until_ns for one in incidents)
    befallen = sorted({code for one in incidents for code in one.regions})
    due, taken = stage.delivered.due_ns, stage.delivered.acknowledged_ns
    there = np.isin(stage.delivered.webhook % len(regions), befallen)
    accepted = stage.published.state == State.ACKNOWLEDGED
    ours = there & accepted
    during, until = there & (due >= begin) & (due < end), ours & (due < end)
    rows = stage.arrived.rows.rows
    came = rows["start"][np.isin(rows["webhook"] % len(regions), befallen)]
    after = np.sort(taken[there & (taken >= end)])
    missing = int(np.count_nonzero(until & (taken == 0)))
    published_ns, first_ns = stage.published.acknowledged_ns, stage.arrived.first_ns
    touched = ours & (published_ns < end) & (first_ns >= begin)
    spared = accepted & ~touched & (first_ns != 0)
    usual_ns = int((first_ns - published_ns)[spared].max(initial=0))
    held = touched & (first_ns - published_ns > usual_ns)
    length_s = max((stage.window[1] - stage.start_ns) / SECOND, 1e-9)
    return Outage(
        stage=stage.plan.name,
        faults=list(dict.fromkeys(one.fault for one in incidents)),
        regions=[regions[code] for code in befallen],
        began_at_s=round((begin - stage.start_ns) / SECOND, 6),
        lasted_s=round((end - begin) / SECOND, 6),
        offered=int(np.count_nonzero(during)),
        offered_per_s=round(np.count_nonzero(there) / length_s, 3),
        backlog=_most_waiting(stage.published.acknowledged_ns[ours], taken[ours], begin, end),
        back_s=round((int(after[0]) - end) / SECOND, 6) if len(after) else None,
        drained_s=_drained_s(taken[until], end) if not missing else None,
        herd_per_s=_most_in_a_second(came[came >= end]),
        reordered=_reordered(stage.delivered.webhook.astype(np.uint64), taken, during),
        missing=missing,
        others_p99_before_ms=_p99_ms(due, taken, ~there & (due < begin)),
        others_p99_during_ms=_p99_ms(due, taken, ~there & (due >= begin) & (due < end)),
        held=int(np.count_nonzero(held)),
        pickup_p99_spared_ms=_p99_ms(published_ns, first_ns, spared),
    )


def _most_waiting(accepted: Ints, taken: Ints, begin: int, end: int) -> int:
    """The most that were accepted and not taken at once, from the outage's beginning to its end."""
    accepted, done = np.sort(accepted), np.sort(taken[taken != 0])
    at = np.concatenate([[begin, end], accepted[(accepted > begin) & (accepted < end)]])
    waiting = np.searchsorted(accepted, at, side="right") - np.searchsorted(done, at, side="right")
    return max(int(waiting.max()), 0)


def _drained_s(taken: Ints, end: int) -> float:
    return round(max(int(taken.max(initial=end)) - end, 0) / SECOND, 6)


def _most_in_a_second(came: Ints) -> int:
    came = np.sort(came)
    if not len(came):
        return 0
    return int((np.searchsorted(came, came + SECOND) - np.arange(len(came))).max())


def _reordered(webhook: Keys, taken: Ints, during: Mask) -> int:
    """Of events by webhook and sequence."""
    known = np.flatnonzero(taken)
    late = overtaken(webhook[known], taken[known])
    return int(np.count_nonzero(late & during[known]))


def _p99_ms(since: Ints, until: Ints, which: Mask) -> float | None:
    found = which & (until != 0)
    return quantiles_of((until - since)[found] / 1e6).p99
