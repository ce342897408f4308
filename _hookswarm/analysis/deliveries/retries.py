"""What retries brought and cost in one stage: deliveries, attempts, time, and the queue that they made."""

from collections.abc import Sequence

import numpy as np

from _hookswarm.analysis.deliveries import conformance, quantiles
from _hookswarm.analysis.deliveries.conformance import OBSERVED_TOLERANCE_S, SCHEDULED_TOLERANCE_S, waits
from _hookswarm.analysis.deliveries.deliveries import Frame, State
from _hookswarm.analysis.reading.law import Law
from _hookswarm.analysis.reading.rows import Grouped, Ints
from _hookswarm.analysis.schema.report import Ledger, Retry, RetryConformance
from _hookswarm.records.timeline import FaultsSet


def retry_figures(
    law: Law, delivered: Frame, arrivals: Grouped | None, ledger: Ledger, faults: Sequence[FaultsSet], ended_ns: int
) -> Retry:
    """The figures of one stage, with the faults that were set in it."""
    acknowledged = delivered.state == State.ACKNOWLEDGED
    unfinished = Unfinished(delivered)
    return Retry(
        share_delivered=round(float(acknowledged.mean()), 6) if len(delivered) else None,
        amplification=delivered.attempts_each(),
        time_to_deliver_ms=quantiles.quantiles_of((delivered.acknowledged_ns - delivered.due_ns)[acknowledged] / 1e6),
        retried=int(np.count_nonzero(delivered.sent > 1)),
        given_up=delivered.count(State.FAILED) + delivered.count(State.IN_DOUBT),
        drain_s=_drain_s(unfinished, faults, ended_ns),
        peak_queue=unfinished.peak(),
        duplicates=ledger.duplicated,
        conformance=RetryConformance(
            scheduled=conformance.conformance_of(waits(delivered.attempts, "due"), law, SCHEDULED_TOLERANCE_S),
            observed=None
            if arrivals is None
            else conformance.conformance_of(waits(arrivals, "start"), law, OBSERVED_TOLERANCE_S),
        ),
    )


class Unfinished:
    """How many events were due and not finished, at any time. It rises when events fall due, and only then."""

    def __init__(self, delivered: Frame) -> None:
        self._due = np.sort(delivered.due_ns)
        self._finished = np.sort(delivered.finished_ns[delivered.finished_ns != 0])
        self._risen = np.arange(1, len(self._due) + 1) - np.searchsorted(self._finished, self._due, side="right")

    def peak(self, before_ns: int | None = None, after_ns: int = 0) -> int:
        """The highest number there was, or was before an instant, or from one to another."""
        first = int(np.searchsorted(self._due, after_ns))
        upto = None if before_ns is None else int(np.searchsorted(self._due, before_ns))
        return int(self._risen[first:upto].max(initial=self._at(np.array([after_ns]))[0]))

    def fallen_to(self, number: int, after_ns: int) -> int | None:
        """The first instant, not before `after_ns`, with no more than this number; None if there was none."""
        ends = self._finished[np.searchsorted(self._finished, after_ns, side="right") :]
        at: Ints = np.concatenate(([after_ns], ends))
        low = np.flatnonzero(self._at(at) <= number)
        return int(at[low[0]]) if len(low) else None

    def _at(self, times: Ints) -> Ints:
        """How many there were at each instant."""
        due = np.searchsorted(self._due, times, side="right")
        return due - np.searchsorted(self._finished, times, side="right")


def _drain_s(unfinished: Unfinished, faults: Sequence[FaultsSet], ended_ns: int) -> float | None:
    """Seconds from the last fault's end to when no more events were unfinished than ever before the first."""
    ends = [entry.until_ns for entry in faults if entry.until_ns is not None and entry.until_ns < ended_ns]
    if not ends or len(ends) < len(faults):
        return None
    usual = unfinished.peak(before_ns=min(entry.at_ns for entry in faults))
    back = unfinished.fallen_to(usual, max(ends))
    return None if back is None else round((back - max(ends)) / 1e9, 6)
