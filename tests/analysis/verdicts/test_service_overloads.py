"""A service that is behind when its drain ends: given too much, or with retries that a plan's own faults ask for."""

import pytest

from _hookswarm.analysis.reports import analyse
from _hookswarm.records.timeline import ServiceDrained
from tests.support.journals import START, planned
from tests.support.published import arrived, frames_of, published
from tests.support.runs import codes

EVENTS = 100


@pytest.mark.parametrize(
    ("faults", "left", "overloaded"),
    [
        (None, 4, True),
        (None, -4, False),
        ({"status": {"503": 0.1}}, 4, False),
        ({"status": {"503": 0.1}}, 50, True),
    ],
)
def test_what_waits_for_planned_retries_is_no_overload(
    faults: dict[str, object] | None, left: int, overloaded: bool
) -> None:
    """As long as it is a small part of the stage's events; nor is it where more came than was expected."""
    events = [published(sequence, sequence) for sequence in range(EVENTS)]
    seen = [arrived(event, 20) for event in events[max(left, 0) :]]
    drained = ServiceDrained(
        at_ns=START + 90 * 10**9, stage=0, accepted=EVENTS, expected=EVENTS, taken=EVENTS - left, waited_s=60,
        patience_s=10, settled=False,
    )  # fmt: skip
    section = analyse(frames_of(events, seen, [planned(faults=faults)], [drained]), keep_disturbed=True).performance
    assert ("overloaded" in codes(section)) is overloaded
