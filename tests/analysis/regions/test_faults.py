"""What the figures of a failover are made of, against the same counted slowly."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from _hookswarm.analysis.deliveries.disorder import overtaken
from _hookswarm.analysis.reading.frames import PlannedHealth
from _hookswarm.analysis.regions.detection import Bound, Told, bound, detected, within_bound
from _hookswarm.analysis.regions.failover_impact import busiest
from _hookswarm.analysis.regions.faults import SECOND, grouped, sustained
from _hookswarm.records.timeline import IncidentPlayed
from _hookswarm.records.worker_report import Flip

Instants = list[tuple[int, bool]]
INSTANTS = st.lists(st.tuples(st.integers(0, 40), st.booleans()), max_size=30)


@given(INSTANTS, st.integers(1, 10), st.integers(0, 40), st.integers(0, 60), st.sampled_from([0.5, 0.75, 1.0]))
def test_sustained(instants: Instants, hold: int, begin: int, end: int, share: float) -> None:
    """The first good instant in the window with enough good ones from it on, counted one by one."""

    def holds(at: int) -> bool:
        ahead = [good for other, good in instants if at <= other < at + hold]
        return sum(ahead) >= share * len(ahead) and at >= begin and at + hold <= end

    wanted = min((at for at, good in instants if good and holds(at)), default=None)
    times, good = np.array([at for at, _ in instants], np.int64), np.array([good for _, good in instants], np.bool_)
    assert sustained(times, good, share, hold, (begin, end)) == wanted


@given(st.lists(st.integers(0, 40), max_size=30), st.integers(0, 20), st.integers(0, 30))
def test_the_busiest_second(steps: list[int], begin: int, length: int) -> None:
    """In steps of a tenth of a second: the most instants of any second, of those in the window."""
    step = SECOND // 10
    window = (begin * step, (begin + length) * step)
    found = busiest(np.array(steps, np.int64) * step, window)
    if not length:
        assert found is None
        return
    width = min(length, 10)
    inside = [at for at in steps if begin <= at < begin + length]
    most = max((sum(at <= other < at + width for other in inside) for at in inside), default=0)
    assert found == pytest.approx(most * 10 / width)


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 9)), max_size=15))
def test_overtaken(events: list[tuple[int, int]]) -> None:
    """An event that a later one of its webhook came before, pair by pair."""
    events.sort(key=lambda event: event[0])
    webhook, seen = np.array([w for w, _ in events], np.uint64), np.array([at for _, at in events], np.int64)
    wanted = [
        any(other == own and at < mine for other, at in events[place + 1 :]) for place, (own, mine) in enumerate(events)
    ]
    assert overtaken(webhook, seen).tolist() == wanted


def played(at_ns: int, until_ns: int, fault: str = "refused", period_s: float | None = None) -> IncidentPlayed:
    return IncidentPlayed.model_validate(
        {
            "at_ns": at_ns, "until_ns": until_ns, "stage": 0, "fault": fault,
            "regions": [at_ns], "origins": [0], "period_s": period_s,
        }
    )  # fmt: skip


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 8)), max_size=8), st.integers(0, 30))
def test_faults_are_apart(spans: list[tuple[int, int]], end: int) -> None:
    """Every incident is in one fault; faults follow each other, and within one each meets the others' union."""
    faults = grouped([played(begin, begin + length) for begin, length in spans], end)
    assert sorted(i.at_ns for fault in faults for i in fault.incidents) == sorted(begin for begin, _ in spans)
    for fault, following in pairwise(faults):
        assert fault.until_ns <= following.at_ns == fault.ends_ns
        assert fault.at_ns < following.at_ns
    for fault in faults:
        until = fault.at_ns
        for incident in fault.incidents:
            assert incident.at_ns < until or incident.at_ns == fault.at_ns
            until = max(until, incident.until_ns)
    if faults:
        assert faults[-1].ends_ns == max(end, faults[-1].at_ns)


By = Literal["failures", "probes", "trial"]


def told(worker: str, at_ns: int, target: int = 0, healthy: bool = False, origin: int = 0, by: By = "failures") -> Told:
    return Told(worker, Flip(at_ns=at_ns, origin=origin, target=target, healthy=healthy, by=by))


@pytest.mark.parametrize(
    ("flips", "wanted"),
    [
        ([], None),
        ([told("a", 9), told("a", 30)], None),
        ([told("a", 12, healthy=True), told("a", 13, origin=1), told("a", 14, target=2)], None),
        ([told("a", 29, by="probes")], (29, 29, "probes", 1)),
        ([told("a", 15), told("a", 12), told("b", 14, by="probes")], (12, 14, "failures", 2)),
        ([told("a", 12), told("a", 20, target=1)], (12, 20, "failures", 1)),
    ],
)
def test_detected(flips: Sequence[Told], wanted: tuple[int, int, str, int] | None) -> None:
    """The first flip to unhealthy counts, of each process and target, in the half-open window."""
    assert detected(flips, 0, [0, 1], (10, 30)) == wanted


IN_A_ROW = PlannedHealth(failures=9)
PROBES = PlannedHealth(probe_s=0.5, probe_timeout_s=0.2, fall=3)
EITHER = PlannedHealth(failures=9, probe_s=0.5, probe_timeout_s=0.2, fall=3)


@pytest.mark.parametrize(
    ("health", "fault", "rate_per_s", "timeout_s", "wanted"),
    [
        (IN_A_ROW, "refused", 10, 2.0, (0.9, 0.9 + 0.9 + 0.25)),
        (IN_A_ROW, "grey", 10, None, (0.9, 0.9 + 0.9 + 0.25)),
        (IN_A_ROW, "frozen", 10, 2.0, (6.9, 6.9 + 0.9 + 0.25)),
        (IN_A_ROW, "slow", 10, 2.0, (6.9, 6.9 + 0.9 + 0.25)),
        (IN_A_ROW, "cut_back", 10, 2.0, (6.9, 6.9 + 0.9 + 0.25)),
        (IN_A_ROW, "cut", 10, None, None),
        (IN_A_ROW, "refused", 0, 2.0, None),
        (PROBES, "refused", 0, 2.0, (1.7, 1.95)),
        (PROBES, "cut", 10, None, (1.7, 1.95)),
        (PROBES, "grey", 10, 2.0, None),
        (PROBES, "slow", 10, 2.0, None),
        (EITHER, "errors", 10, 2.0, (0.9, 2.05)),
        (EITHER, "errors", 1, 2.0, (1.7, 1.95)),
        (EITHER, "frozen", 10, 2.0, (1.7, 1.95)),
        (PlannedHealth(), "refused", 10, 2.0, None),
    ],
)
def test_bound(
    health: PlannedHealth, fault: str, rate_per_s: float, timeout_s: float | None, wanted: tuple[float, float] | None
) -> None:
    """Nine failures in a row, that four workers wait for in three rounds of time-outs; or three probes."""
    found = bound(health, played(0, 1, fault), rate_per_s, 4, timeout_s)
    assert found == (None if wanted is None else pytest.approx(wanted))


@pytest.mark.parametrize(("period_s", "known"), [(4.2, True), (4.0, False)])
def test_bound_of_a_square_wave(period_s: float, known: bool) -> None:
    """None where its bad half may be over before."""
    assert (bound(IN_A_ROW, played(0, 1, "flapping", period_s), 10, 4, None) is not None) == known


@pytest.mark.parametrize(
    ("detected_s", "lasted_s", "wanted"),
    [(2.0, 9, True), (1.0, 9, True), (2.001, 9, False), (None, 2.0, False), (None, 1.999, None)],
)
def test_within_bound(detected_s: float | None, lasted_s: float, wanted: bool | None) -> None:
    """With the slack; a fault that was over before need not be found."""
    assert within_bound(detected_s, Bound(1.5, 2.0), lasted_s) is wanted
    assert within_bound(detected_s, None, lasted_s) is None
