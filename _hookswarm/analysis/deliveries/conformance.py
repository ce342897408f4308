"""Whether a sender kept its retry law: the delays between an event's attempts against those that the law allows."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from _hookswarm.analysis.reading.law import Floats, Law
from _hookswarm.analysis.reading.rows import Grouped, Ints, Mask
from _hookswarm.analysis.schema.report import Conformance
from _hookswarm.records.reading import answered_status
from _hookswarm.records.rows import Flag, Outcome, latency_start_ns

SCHEDULED_TOLERANCE_S = 0.001
OBSERVED_TOLERANCE_S = 0.005
"""A receiver sees a sender's clock through the network and its own queue."""

KS_LEAST = 20
"""Fewer delays say too little about a distribution."""
KS_P = 1e-6
"""Less probable than this, the delays are not those of the declared jitter. It voids a run: so it is no 1 in 1,000,
which somebody's honest run meets every week."""

_POINT_S = 1e-6
"""What is nearer to the cap is at it; a range that is narrower has no distribution."""
_TIMED_OUT = [Outcome.CONNECT_TIMEOUT, Outcome.READ_TIMEOUT]


@dataclass(frozen=True)
class Waits:
    """From the end of an attempt to the next one of its event: columns with an entry for each such wait."""

    retry: Ints
    """1 for the wait before an event's second attempt."""
    delay_s: Floats
    previous_s: Floats
    """The same event's wait before, 0 for its first; NaN where it was not seen."""
    age_s: Floats
    """From when the event fell due to the end of the attempt."""
    outcome: Ints
    status: Ints
    hinted: Mask
    """The answer carried a `Retry-After`."""
    steady: Mask
    """The webhook was never answered 410: no wait was cut short by its end."""
    attempts: Ints
    """The number of each event's last attempt."""
    after_gone: int
    """Attempts of events that had been answered 410 before."""
    exact: bool
    """These are the sender's own times: what came late was planned late."""


def waits(found: Grouped, begins: Literal["due", "start"]) -> Waits:
    """The waits between attempts by their journal (from `due`), or between arrivals by theirs (from `start`)."""
    rows, event, exact = found.rows, found.event, begins == "due"
    attempt, status, done = rows["attempt"].astype(np.int64), answered_status(rows).astype(np.int64), rows["done"]
    # A retry of an arrival that was answered 2xx, or not at all, followed no answer. When its sender gave up
    # waiting is unknown, but not before the arrival.
    ended = done if exact else np.where(np.isin(status // 100, (0, 2)), rows["start"], done)
    # An attempt that was never made because the stage ended was planned all the same.
    later = 1 + np.flatnonzero((event[1:] == event[:-1]) & (attempt[1:] == attempt[:-1] + 1) & (ended[:-1] != 0))
    earlier = later - 1
    delay_s = (rows[begins][later] - ended[earlier]) / 1e9
    before_s = np.where(attempt == 1, 0.0, np.nan)
    before_s[later] = delay_s
    start = latency_start_ns(rows["due"], rows["late"]) if exact else rows["start"]
    gone, sent = status == 410, rows["start"] != 0
    gone_before = np.cumsum(gone) - gone
    return Waits(
        retry=attempt[earlier],
        delay_s=delay_s,
        previous_s=before_s[earlier],
        age_s=(ended[earlier] - start[found.first][event[earlier]]) / 1e9,
        outcome=rows["outcome"][earlier].astype(np.int64),
        status=status[earlier],
        hinted=(rows["flags"][earlier] & Flag.HINTED) != 0,
        steady=~np.isin(rows["webhook"][earlier], rows["webhook"][gone]),
        attempts=np.maximum.reduceat(np.where(sent, attempt, 0), found.first),
        after_gone=int(np.count_nonzero(sent & (gone_before > gone_before[found.first][event]))),
        exact=exact,
    )


def conformance_of(found: Waits, law: Law, tolerance_s: float) -> Conformance:
    """Hold a sender's waits against a law. Of arrivals only what came too early is held against it."""
    throttled = (law.throttled_least_s > 0) & ((found.status == 429) | np.isin(found.outcome, _TIMED_OUT))
    lifted = throttled | _hint_counts(found, law)
    low, high = law.range_s(found.retry, found.previous_s)
    low = np.maximum(low, np.where(throttled, law.throttled_least_s, 0.0))
    # How far a delay was lifted, or stretched by an unseen delay before, is unknown: only not beyond giving up.
    high = np.where(lifted | np.isnan(high), np.inf, np.minimum(high, law.cap_s))
    high = np.minimum(high, law.give_up_s - found.age_s)
    early_s, late_s = low - found.delay_s, found.delay_s - high
    early, late = int(np.count_nonzero(early_s > tolerance_s)), int(np.count_nonzero(late_s > tolerance_s))
    too_many = int(np.count_nonzero(found.attempts > law.retries + 1))
    after_gone = found.after_gone if law.disable_on_gone else 0
    # Chance takes any delay of its range alike. Of the delays beyond the cap, which all became the cap, nothing is
    # left in the sample, so what is left is uniform up to the cap; likewise where the event would be given up.
    drawn = ~lifted & found.steady & np.isfinite(high) & (high - low > _POINT_S)
    drawn &= found.delay_s < law.cap_s - _POINT_S
    ks_statistic, ks_p = _uniform(-early_s[drawn] / (high - low)[drawn])
    return Conformance(
        checked=len(early_s),
        early=early,
        late=late if found.exact else None,
        most_early_ms=_most_ms(early_s),
        most_late_ms=_most_ms(late_s) if found.exact else None,
        too_many=too_many,
        after_gone=after_gone,
        ks_statistic=ks_statistic,
        ks_p=ks_p,
        kept=not (early or too_many or after_gone or (found.exact and (late or (ks_p is not None and ks_p < KS_P)))),
    )


def _hint_counts(found: Waits, law: Law) -> Mask:
    """Which waits may have been lengthened by a `Retry-After`."""
    if law.retry_after is None:
        return np.zeros_like(found.hinted)
    statuses = law.retry_after.statuses
    return found.hinted & np.isin(found.status, statuses) if statuses else found.hinted


def _most_ms(excess_s: Floats) -> float | None:
    return round(max(float(excess_s.max()), 0.0) * 1e3, 4) if len(excess_s) else None


def _uniform(shares: Floats) -> tuple[float | None, float | None]:
    """Kolmogorov and Smirnov's statistic of shares that should be uniform in 0..1, and its p-value."""
    if len(shares) < KS_LEAST:
        return None, None
    from scipy.stats import kstest  # takes as long to import as all else together, and few runs need it

    found = kstest(shares, "uniform")
    return round(float(found.statistic), 6), float(found.pvalue)
