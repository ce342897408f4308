"""Through a delivery service, end to end: what was published, joined with what arrived, per event and endpoint."""

from dataclasses import replace
from typing import NamedTuple

import numpy as np

from _hookswarm.analysis.deliveries import disorder, quantiles
from _hookswarm.analysis.deliveries.deliveries import Frame, Numbers, State
from _hookswarm.analysis.deliveries.figures import Window
from _hookswarm.analysis.deliveries.unarrived import Unarrived
from _hookswarm.analysis.reading.rows import Grouped, Ints, Mask, group_events, places_in, take_rows
from _hookswarm.analysis.reading.through_service import has_body, is_misdelivered, published_by_itself
from _hookswarm.analysis.schema.report import Ledger
from _hookswarm.analysis.schema.service import ServiceLatencies, Through
from _hookswarm.records.manifest import ServiceRecord
from _hookswarm.records.reading import Rows
from _hookswarm.records.rows import Flag
from _hookswarm.records.timeline import ServiceDrained

PROMPT_NS = 1_000_000_000
"""An acknowledgement that takes longer may have come when the service had ceased to wait for it."""


class Arrived(NamedTuple):
    """Arrivals of one stage beside its publishes. Those of events that nobody published have the event -1."""

    rows: Grouped
    event: Ints
    """Of each arrival."""
    taken: Mask
    """Which arrivals our receivers acknowledged, and had a body."""
    seen: Mask
    """Which events arrived at all."""
    first_ns: Ints
    """When each event was first taken; 0: never."""


def arrived_of(published: Frame, arrivals: Grouped) -> Arrived:
    """The arrivals of a stage by the events that were published in it."""
    whole = has_body(arrivals.rows)
    found = arrivals if whole.all() else group_events(take_rows(arrivals.rows, whole))
    event = places_in(found.key, published.attempts.key)[found.event]
    ours = event >= 0
    taken = ours & (found.rows["status"] // 100 == 2)
    never = np.iinfo(np.int64).max
    first = np.full(len(published), never, np.int64)
    np.minimum.at(first, event[taken], found.rows["start"][taken])
    seen = np.zeros(len(published), np.bool_)
    seen[event[ours]] = True
    return Arrived(found, event, taken, seen, np.where(first == never, 0, first))


def end_to_end(published: Frame, arrived: Arrived) -> Frame:
    """The events of a stage as their endpoints had them: acknowledged when first taken.

    One that was accepted and not taken failed; one whose publish is in doubt stays so until it arrives.
    """
    delivered = arrived.first_ns != 0
    state = np.where(published.state == State.ACKNOWLEDGED, State.FAILED, published.state)
    state = np.where(delivered & (published.state != State.ABANDONED), State.ACKNOWLEDGED, state)
    known = state == State.ACKNOWLEDGED
    return replace(
        published,
        acknowledged_ns=np.where(known, arrived.first_ns, 0),
        finished_ns=np.where(known, arrived.first_ns, published.finished_ns),
        state=state.astype(np.uint8),
    )


def service_ledger(
    published: Frame,
    arrived: Arrived,
    unarrived: Unarrived,
    drained: ServiceDrained | None,
    on_purpose: bool = False,
) -> Ledger:
    """The ledger of one stage. `drained`: what was waited for after it; None: it was not. `on_purpose`: events were
    published again, which explains as many arrivals.
    """
    rows, event = arrived.rows.rows, arrived.event
    ours = event >= 0
    accepted = published.state == State.ACKNOWLEDGED
    late_ns = drained.at_ns if drained else np.iinfo(np.int64).max
    published_times = published.sent if on_purpose else np.ones_like(published.sent)
    spurious, harmless = _repeated(rows, event, arrived.taken, published_times)
    firsts = np.flatnonzero(arrived.first_ns)
    out_of_order = disorder.disorder_of(published.attempts.key[firsts] >> np.uint64(32), arrived.first_ns[firsts])
    lost = int(np.count_nonzero(unarrived.lost))
    unexpected = int(np.count_nonzero(~ours | _is_refused(published, arrived)))
    return Ledger(
        received=len(rows),
        turned_away=int(np.count_nonzero(ours & ~arrived.taken)),
        seen=len(firsts),
        lost=lost,
        recovered=int(np.count_nonzero((arrived.first_ns != 0) & (published.state == State.IN_DOUBT))),
        duplicated=spurious + harmless,
        duplicated_harmless=harmless,
        duplicated_spurious=spurious,
        reordered=int(np.count_nonzero(overtaken_events(published, arrived))),
        inversions=out_of_order.inversions,
        displacement=out_of_order.displacement,
        late=int(np.count_nonzero(arrived.first_ns > late_ns)),
        unexpected=unexpected,
        corrupt=int(np.count_nonzero(is_corrupt(arrived))),
        balanced=bool(arrived.seen[accepted].all()) and not unexpected,
    )


def through_of(
    published: Frame,
    arrived: Arrived,
    unarrived: Unarrived,
    arrivals: Grouped,
    window: Window,
    drained: ServiceDrained | None,
    service: ServiceRecord,
) -> Through:
    """What only a service's deliveries have."""
    own = published_by_itself(published.attempts.rows[published.attempts.first], service)
    rows, ours = arrived.rows.rows, arrived.event >= 0
    accepted = published.state == State.ACKNOWLEDGED
    handed = own & (published.state != State.ABANDONED)
    unaccepted = int(np.count_nonzero(handed & ~accepted & ~arrived.seen))
    begin, end = window
    counted = accepted & (published.due_ns >= begin) & (published.due_ns < end)
    first = _first_start(published, arrived)
    picked = counted & (first != 0)
    again = np.flatnonzero(ours[1:] & (arrived.event[1:] == arrived.event[:-1])) + 1
    return Through(
        published=int(np.count_nonzero(own)),
        unpublished=int(np.count_nonzero(own & (published.state == State.ABANDONED))),
        unaccepted=unaccepted,
        unaccepted_rate=unaccepted / int(np.count_nonzero(handed)) if handed.any() else None,
        accepted=int(np.count_nonzero(accepted)),
        arrived=int(np.count_nonzero(arrived.seen)),
        untaken=int(np.count_nonzero(accepted & arrived.seen & (arrived.first_ns == 0))),
        retries=int(np.count_nonzero(~_before_taken(arrived)[again] & ours[again])),
        missing=int(np.count_nonzero(unarrived.missing)),
        overdue=_overdue(published, arrived, drained),
        dropped=int(np.count_nonzero(unarrived.dropped)),
        misdelivered=int(np.count_nonzero(is_misdelivered(rows) & ~ours)),
        foreign=int(np.count_nonzero(~is_misdelivered(rows) & ~ours)),
        refused=int(np.count_nonzero(_is_refused(published, arrived))),
        valueless=int(np.count_nonzero(is_valueless(arrived))),
        rewritten=_flagged(rows, ours, Flag.REWRITTEN),
        unverified=_flagged(rows, ours, Flag.UNVERIFIED),
        bodiless=int(np.count_nonzero(~has_body(arrivals.rows))),
        waited_s=drained.waited_s if drained else None,
        quiet_s=unarrived.quiet_s,
        allowed_s=unarrived.allowed_s,
        latency_ms=ServiceLatencies(
            publish=quantiles.quantiles_of((published.acknowledged_ns - published.due_ns)[counted] / 1e6),
            pickup=quantiles.quantiles_of((first - published.acknowledged_ns)[picked] / 1e6),
            receiving=quantiles.quantiles_of((rows["done"] - rows["start"])[_inside(rows, window)] / 1e6),
        ),
    )


def _inside(rows: Rows, window: Window) -> Mask:
    """Which arrivals came in a window."""
    found: Mask = (rows["start"] >= window[0]) & (rows["start"] < window[1])
    return found


def overtaken_events(published: Frame, arrived: Arrived) -> Mask:
    """Which events were taken after one of their endpoint that was published once the service had accepted them.

    Of two that were published at the same time nobody knows which one the service had first.
    """
    taken = np.flatnonzero(arrived.first_ns)
    began = published.attempts.rows["start"][published.attempts.first]
    accepted = np.where(published.acknowledged_ns, published.acknowledged_ns, np.iinfo(np.int64).max)
    return disorder.overtaken_by_later(
        published.webhook[taken].astype(np.int64), began[taken], accepted[taken], arrived.first_ns[taken]
    )


def is_corrupt(arrived: Arrived) -> Mask:
    """Which arrivals had another value than was published, or none, where the service passes on values at all."""
    flags, ours = arrived.rows.rows["flags"], arrived.event >= 0
    bad = Flag.CORRUPT if is_valueless(arrived).any() else Flag.CORRUPT | Flag.VALUELESS
    found: Mask = ours & ((flags & bad) != 0)
    return found


def is_valueless(arrived: Arrived) -> Mask:
    """All arrivals of a stage, or none: those of a service that passes on ids alone."""
    ours = arrived.event >= 0
    alone = (arrived.rows.rows["flags"] & Flag.VALUELESS) != 0
    found: Mask = ours & alone & bool(alone[ours].all())
    return found


def _is_refused(published: Frame, arrived: Arrived) -> Mask:
    """Which arrivals are of events that the service had not accepted, as far as its answers say."""
    declined = np.isin(published.state, (State.ACKNOWLEDGED, State.IN_DOUBT), invert=True)
    found = arrived.event >= 0
    found[found] = declined[arrived.event[found]]
    return found


def _overdue(published: Frame, arrived: Arrived, drained: ServiceDrained | None) -> int:
    """How many accepted events were first taken when their drain had given them up, and might do so."""
    if not drained or not drained.settled or drained.patience_s < (drained.allowed_s or 0.0):
        return 0
    late = arrived.first_ns > drained.at_ns
    return int(np.count_nonzero(late & (published.state == State.ACKNOWLEDGED)))


def _first_start(published: Frame, arrived: Arrived) -> Ints:
    """When each event first arrived, taken or not; 0: never."""
    never = np.iinfo(np.int64).max
    first = np.full(len(published), never, np.int64)
    ours = arrived.event >= 0
    np.minimum.at(first, arrived.event[ours], arrived.rows.rows["start"][ours])
    return np.where(first == never, 0, first)


def _before_taken(arrived: Arrived) -> Mask:
    """For each arrival, whether an earlier one of its event was taken. They are sorted by event and time."""
    counts = np.cumsum(arrived.taken)
    group, first = arrived.rows.event, arrived.rows.first
    before: Ints = counts - arrived.taken
    found: Mask = before > before[first][group]
    return found


def _repeated(rows: Rows, event: Ints, taken: Mask, times: Numbers) -> tuple[int, int]:
    """Arrivals after one that was taken: those that nothing explains, and those of acknowledgements that were lost, or
    of events that were published so many times.
    """
    if not len(rows):
        return 0, 0
    new = np.ones(len(rows), np.bool_)
    new[1:] = (event[1:] != event[:-1]) | (event[1:] < 0)
    first = np.maximum.accumulate(np.where(new, np.arange(len(rows)), 0))
    prompt = rows["done"] - rows["start"] < PROMPT_NS
    clean = taken & prompt & ((rows["flags"] & Flag.FAULT) == 0)

    def earlier(mask: Mask) -> Ints:
        counts: Ints = np.cumsum(mask) - mask
        found: Ints = counts - counts[first]
        return found

    ours = event >= 0
    spurious = ours & (earlier(clean) >= (times[event] if len(times) else 1))
    harmless = ours & (earlier(taken) > 0) & ~spurious
    return int(np.count_nonzero(spurious)), int(np.count_nonzero(harmless))


def _flagged(rows: Rows, ours: Mask, flag: Flag) -> int:
    return int(np.count_nonzero(ours & ((rows["flags"] & flag) != 0)))
