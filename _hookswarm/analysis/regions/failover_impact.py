"""What a fault cost all together: events, survivors, receivers' and senders' views of it."""

from collections.abc import Mapping, Sequence

import numpy as np

from _hookswarm.analysis.deliveries import deliveries, disorder, ledger
from _hookswarm.analysis.deliveries.figures import Window
from _hookswarm.analysis.deliveries.stages import PlayedStage
from _hookswarm.analysis.reading.rows import Grouped, Ints, Mask, take_rows
from _hookswarm.analysis.regions.faults import SECOND, Scene, earliest, inside, per_second, since
from _hookswarm.analysis.schema.failover import ReceiversView, Survivor
from _hookswarm.analysis.schema.report import Ledger
from _hookswarm.records.manifest import RegionRecord

BUSIEST_NS = SECOND
"""The peak of a rate is that of its busiest second."""


def account(scene: Scene, these: Mask, watched: Sequence[int]) -> Ledger:
    """The ledger of some of the stage's events. Arrivals of the others are unexpected in it."""
    attempts = scene.stage.delivered.attempts
    part = deliveries.deliveries_of(take_rows(attempts.rows, these[attempts.event]))
    return ledger.ledger_of(part, scene.stage.arrivals, watched)


def reordered(stage: PlayedStage, match: Ints | None) -> Mask | None:
    """Which of the stage's events were first taken after a later one of their webhook."""
    delivered, arrivals = stage.delivered, stage.arrivals
    if arrivals is None or match is None:
        return None
    taken = (match >= 0) & (arrivals.rows["status"] // 100 == 2)
    never = np.iinfo(np.int64).max
    seen = np.full(len(delivered), never)
    np.minimum.at(seen, delivered.attempts.event[match[taken]], arrivals.rows["start"][taken])
    found: Mask = seen != never
    found[found] = disorder.overtaken(delivered.webhook[found].astype(np.uint64), seen[found])
    return found


def survivors(scene: Scene, regions: Sequence[RegionRecord], watched: Sequence[int]) -> list[Survivor]:
    """The regions that the fault spared, and their load before and during it."""
    taken = [_load(scene, code, code in watched) for code in range(len(regions))]
    rates = [per_second(times, scene.before) for times in taken]
    total = None if None in rates else sum(rate or 0.0 for rate in rates)
    spared = [code for code in range(len(regions)) if code not in scene.fault.regions]
    weights = sum(regions[code].weight for code in spared)
    found = []
    for code in spared:
        peak = busiest(taken[code], scene.fault.held)
        fair = total * regions[code].weight / weights if total and weights else None
        found.append(
            Survivor(
                region=regions[code].name,
                before_per_s=_rounded(rates[code]),
                peak_per_s=_rounded(peak),
                overshoot=_ratio(peak, rates[code]),
                of_fair_share=_ratio(peak, fair),
            )
        )
    return found


def _load(scene: Scene, target: int, watched: bool) -> Ints:
    """When a region was called: by its own journal if it keeps one."""
    arrivals = scene.stage.arrivals
    if arrivals is None or not watched:
        sent: Ints = scene.sent.start_ns[scene.sent.target == target]
        return sent
    times: Ints = arrivals.rows["start"][arrivals.rows["target"] == target]
    return times


def busiest(times: Ints, window: Window) -> float | None:
    """The highest rate of any second of the window, or of all of it if it is shorter."""
    length = min(window[1] - window[0], BUSIEST_NS)
    if length <= 0:
        return None
    times = np.sort(times[inside(times, window)])
    most = (np.searchsorted(times, times + length) - np.arange(len(times))).max(initial=0)
    return int(most) * SECOND / length


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _ratio(value: float | None, usual: float | None) -> float | None:
    return round(value / usual, 4) if value is not None and usual else None


def receivers_view(
    scene: Scene, match: Ints | None, watched: Sequence[int], outcomes: Mapping[int, str]
) -> ReceiversView | None:
    """The receivers' view of the fault; `match` tells each arrival's attempt, as the ledger has it."""
    arrivals, fault = scene.stage.arrivals, scene.fault
    watched = [code for code in fault.regions if code in watched]
    if arrivals is None or match is None or not watched:
        return None
    rows, at = arrivals.rows, arrivals.rows["start"]
    theirs = fault.hurt(rows["origin"], rows["target"]) & np.isin(rows["target"], watched)
    taken = theirs & (rows["status"] // 100 == 2)
    during, after = inside(at, fault.held), inside(at, (fault.until_ns, fault.ends_ns))
    failed = _failed(scene, watched)
    missed = taken & (match >= 0)
    missed[missed] = failed[match[missed]]
    first = _firsts(match, at, missed)
    late = int(np.count_nonzero(at[first] >= fault.until_ns))
    last = at[taken & during]
    return ReceiversView(
        arrived=int(np.count_nonzero(theirs & during)),
        taken=len(last),
        last_taken_s=since(fault.at_ns, int(last.max()) if len(last) else None),
        first_taken_after_s=since(fault.until_ns, earliest(at[taken & after])) if fault.healed else None,
        failed=int(np.count_nonzero(failed)),
        failed_but_taken=len(first),
        views_differ=_sentence(scene.stage.delivered.attempts, failed, len(first), late, outcomes),
    )


def _failed(scene: Scene, targets: Sequence[int]) -> Mask:
    """Which rows are attempts that failed at these regions in the fault."""
    rows = scene.stage.delivered.attempts.rows
    failed = np.zeros(len(rows), np.bool_)
    sent = scene.sent
    which = sent.failed & inside(sent.start_ns, scene.fault.held) & np.isin(sent.target, targets)
    failed[sent.place[which & scene.fault.hurt(sent.origin, sent.target)]] = True
    return failed


def _firsts(match: Ints, at: Ints, these: Mask) -> Ints:
    """The places of the first arrival of each attempt, of these arrivals."""
    places = np.flatnonzero(these)
    places = places[np.lexsort((at[places], match[places]))]
    first: Ints = places[np.diff(match[places], prepend=-1) != 0]
    return first


def _sentence(attempts: Grouped, failed: Mask, taken: int, late: int, outcomes: Mapping[int, str]) -> str | None:
    if not taken:
        return None
    kinds = [outcomes.get(code, f"outcome {code}") for code in np.unique(attempts.rows["outcome"][failed]).tolist()]
    after = f", {late:,} only after it" if late else ""
    return (
        f"the senders say that {int(np.count_nonzero(failed)):,} attempts failed in the fault "
        f"({', '.join(kinds).replace('_', ' ')}); the receivers took {taken:,} of them{after}"
    )
