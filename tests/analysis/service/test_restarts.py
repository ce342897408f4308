"""What a restart of a service cost: events, and time."""

from typing import Any

import pytest

from _hookswarm.analysis.reading.frames import RunFrames
from _hookswarm.analysis.schema.restarts import Restarted
from _hookswarm.analysis.schema.verdict import Status
from _hookswarm.analysis.verdicts.codes import Code
from _hookswarm.records.rows import Outcome
from _hookswarm.records.timeline import ServiceRestarted
from tests.support.journals import MS, START, Row, planned
from tests.support.published import arrived, drained, frames_of, published, report_of, verdict_of

STOP_MS, READY_MS, RESUMED_MS = 2000, 3000, 4000
NAME = {"restart": "own"}


def entry(**fields: Any) -> ServiceRestarted:
    told: dict[str, Any] = {
        "at_ns": START + STOP_MS * MS, "stage": 0, "name": "own", "how": "KILL to process 7 (made-up)",
        "gone_ns": START + (STOP_MS + 10) * MS, "started_ns": START + (STOP_MS + 20) * MS,
        "ready_ns": START + READY_MS * MS,
    }  # fmt: skip
    return ServiceRestarted.model_validate(told | fields)


def outage() -> tuple[list[Row], list[Row]]:
    """An event every 10 ms for 5 s. While it is gone, publishes are refused, but for ten that nobody answers, five of
    which arrive all the same; what is accepted before deliveries come again waits for that.
    """
    events, arrivals = [], []
    for n in range(500):
        at_ms = n * 10
        if STOP_MS <= at_ms < READY_MS:
            unknown = at_ms < STOP_MS + 100
            one = published(at_ms, n, outcome=Outcome.READ_TIMEOUT if unknown else Outcome.REFUSED)
            arrives_ms = RESUMED_MS if unknown and n % 2 else None
        else:
            one = published(at_ms, n)
            arrives_ms = at_ms + 2 if at_ms < STOP_MS else max(at_ms + 2, RESUMED_MS + (n - 300))
        events.append(one)
        if arrives_ms is not None:
            arrivals.append(arrived(one, arrives_ms))
    return events, arrivals


def found_in(events: list[Row], arrivals: list[Row], *entries: Any, **told: Any) -> Restarted:
    frames = frames_of(events, arrivals, [planned("restart own", **NAME)], [entry(**told), *entries])
    (found,) = report_of(frames).restarts
    return found


def test_an_honest_restart_loses_nothing() -> None:
    """What is refused, or in doubt, meanwhile is counted, and neither lost nor unexpected; the times are known ones."""
    found = found_in(*outage())
    assert (found.lost, found.late, found.twice) == (0, 0, 0)
    assert (found.accepted_before, found.accepted_after) == (200, 200)
    assert (found.refused, found.in_doubt, found.in_doubt_arrived) == (90, 10, 5)
    assert (found.at_s, found.gone_s, found.ready_s) == (2.0, 0.01, 1.0)
    assert found.nothing_moved_s == pytest.approx(2, abs=0.02)
    assert found.resumed_s == pytest.approx(2, abs=0.02)
    assert found.backlog_gone_s == pytest.approx(2.1, abs=0.05)


def test_what_it_loses_is_counted_by_when_it_was_accepted() -> None:
    """Three that were accepted before, and two after, never arrived."""
    events, arrivals = outage()
    gone = {197, 198, 199, 300, 301}
    found = found_in(events, [row for row in arrivals if row["sequence"] not in gone])
    assert (found.lost_before, found.lost_after, found.lost) == (3, 2, 5)


def test_late_is_not_lost() -> None:
    """What arrives after the drain has given it up is told apart."""
    events, arrivals = outage()
    held = [row | {"start": START + 20_000 * MS} if row["sequence"] == 199 else row for row in arrivals]
    found = found_in(events, held, drained(at_s=15))
    assert (found.lost, found.late) == (0, 1)


def test_what_waits_when_it_is_ended_is_counted() -> None:
    """Twenty that were accepted by then: ten that arrive only once it is back, and ten that never do."""
    events, arrivals = outage()
    held = [row | {"start": row["start"] + 2_000 * MS} if 180 <= row["sequence"] < 190 else row for row in arrivals]
    found = found_in(events, [row for row in held if not 190 <= row["sequence"] < 200])
    assert found.waiting == 20


def test_what_comes_twice_is_counted() -> None:
    """A service that was killed cannot know what was taken, and may deliver it again."""
    events, arrivals = outage()
    again = [arrived(events[n], RESUMED_MS + 5, attempt=2) for n in (190, 195)]
    assert found_in(events, [*arrivals, *again]).twice == 2


def test_a_service_that_does_not_come_back() -> None:
    """Nothing arrives after it was ended: there is no time to tell, and why is told."""
    events, arrivals = outage()
    before = [row for row in arrivals if row["start"] < START + STOP_MS * MS]
    found = found_in(events, before, ready_ns=None, fault="it was not ready within 60 s")
    assert (found.nothing_moved_s, found.resumed_s, found.backlog_gone_s, found.ready_s) == (None, None, None, None)
    assert found.fault == "it was not ready within 60 s"
    assert found.lost_after == 200


def test_a_service_that_gives_up_a_while_later_stands_still_for_ever() -> None:
    """It is back, delivers ten more, and nothing of what it accepts after that: not the time between those is told."""
    events, arrivals = outage()
    found = found_in(events, [row for row in arrivals if row["start"] < START + (RESUMED_MS + 10) * MS])
    assert (found.nothing_moved_s, found.resumed_s, found.backlog_gone_s) == (None, None, None)
    assert found.lost > 100


def test_what_arrives_before_it_is_said_to_be_accepted_is_no_standing_still() -> None:
    """The last events arrive at once, and are said to be accepted a second later."""
    events, arrivals = outage()
    late = [published(5000 + n, 500 + n, done=START + (6000 + n) * MS) for n in range(20)]
    came = [arrived(one, 5001 + n) for n, one in enumerate(late)]
    found = found_in([*events, *late], [*arrivals, *came])
    assert found.nothing_moved_s == pytest.approx(2, abs=0.02)


def test_what_failed_late_is_the_fault_of_its_restart() -> None:
    """It is written once more, with the fault: that one counts, and there is still one restart."""
    assert found_in(*outage(), entry(fault="it ended with 3")).fault == "it ended with 3"


def refused_until_restarted(*entries: Any) -> RunFrames:
    """Two stages with a restart each; before the second one nothing is accepted."""
    events, arrivals = outage()
    later = START + 10_000 * MS
    for row in events[:400]:
        refused = row["due"] < START + STOP_MS * MS
        moved = {name: row[name] + later - START for name in ("due", "start", "done")}
        events.append(row | moved | {"stage": 1} | ({"outcome": Outcome.REFUSED, "status": 0} if refused else {}))
    own = [planned(f"restart {name}", restart=name) for name in ("store", "own")]
    again = entry(stage=1, at_ns=later + STOP_MS * MS, gone_ns=later + STOP_MS * MS, ready_ns=later + READY_MS * MS)
    return frames_of(events, arrivals, own, [*entries, again])


@pytest.mark.parametrize(
    ("told", "why"),
    [
        (
            {"ready_ns": None, "fault": "x was not ready"},
            "the service was not back after the restart before, store (x was not ready)",
        ),
        ({"ready_ns": None}, "the service was not back after the restart before, store"),
        ({}, "though the service seemed to be back after the restart before, store"),
    ],
)
def test_a_restart_before_which_nothing_was_accepted_is_no_pass(told: dict[str, Any], why: str) -> None:
    """What the run waited for, the service after the restart before, is told."""
    verdict = verdict_of(refused_until_restarted(entry(name="store", **told)))
    reasons = [one for one in verdict.reasons if one.code == Code.RESTART_UNTESTED]
    assert verdict.status == Status.FAIL
    assert len(reasons) == 1
    assert reasons[0].message.startswith(
        "restart own: none of 200 events that fell due before its restart was accepted"
    )
    assert why in reasons[0].message


def test_a_restart_that_went_wrong_is_no_pass() -> None:
    """Its fault is the reason."""
    verdict = verdict_of(frames_of(*outage(), [planned("restart own", **NAME)], [entry(fault="it ended with 3")]))
    assert [one.message for one in verdict.reasons if one.code == Code.RESTART_FAILED] == [
        "restart own: it ended with 3"
    ]
    assert verdict.status == Status.FAIL


def test_a_restart_before_any_event_is_a_note() -> None:
    """The plan was too small for it: that is no fault of the service."""
    events, arrivals = outage()
    late = [row for row in events if row["due"] >= START + READY_MS * MS]
    came = [row for row in arrivals if row["sequence"] >= READY_MS // 10]
    verdict = verdict_of(frames_of(late, came, [planned("restart own", **NAME)], [entry()]))
    told = [one.message for one in verdict.reasons if one.code == Code.RESTART_UNTESTED]
    assert told == [
        "restart own: no event fell due before its restart, so it tested nothing; raise --rate or --duration"
    ]
    assert verdict.status == Status.PASS
