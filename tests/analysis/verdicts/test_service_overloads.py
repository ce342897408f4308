"""A service that is behind when its drain ends: given too much, or with retries that a plan's own faults ask for."""

from typing import Any

import pytest

from _hookswarm.analysis.reports import analyse
from _hookswarm.records.timeline import ServiceDrained
from tests.support.journals import START, planned
from tests.support.published import arrived, frames_of, published
from tests.support.runs import codes

EVENTS = 100


@pytest.mark.parametrize(
    ("plan", "left", "overloaded"),
    [
        ({}, 4, True),
        ({}, -4, False),
        ({"faults": {"status": {"503": 0.1}}}, 4, False),
        ({"faults": {"status": {"503": 0.1}}}, 50, True),
        ({"faults": {"status": {"503": 1.0}}, "evidence": True}, 50, False),
    ],
)
def test_what_waits_for_planned_retries_is_no_overload(plan: dict[str, Any], left: int, overloaded: bool) -> None:
    """As long as it is a small part of the stage's events, or the stage asks for manners and not for a rate; nor is it
    where more came than was expected."""
    events = [published(sequence, sequence) for sequence in range(EVENTS)]
    seen = [arrived(event, 20) for event in events[max(left, 0) :]]
    drained = ServiceDrained(
        at_ns=START + 90 * 10**9, stage=0, accepted=EVENTS, expected=EVENTS, taken=EVENTS - left, waited_s=60,
        patience_s=10, settled=False,
    )  # fmt: skip
    section = analyse(frames_of(events, seen, [planned(**plan)], [drained]), keep_disturbed=True).performance
    assert ("overloaded" in codes(section)) is overloaded
