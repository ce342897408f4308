"""What a delivery service is held against, and where."""

from typing import Any

import pytest

from _hookswarm.analysis.reports import analyse
from _hookswarm.analysis.verdicts.service_checks import BODILESS, holds_in
from tests.support.journals import planned
from tests.support.published import arrived, frames_of, published


@pytest.mark.parametrize(
    ("faults", "held"),
    [
        ({"status": {"503": 1.0}}, True),
        ({"status": {"302": 0.5}}, False),
        ({"fail_first": 1, "fail_status": 302}, False),
        ({"fail_status": 302}, True),
        ({"answer": 304}, False),
    ],
)
def test_what_has_no_body_is_a_fault_unless_redirects_were_planned(faults: dict[str, Any], held: bool) -> None:
    """However they are planned: of some attempts, of each event's first ones, or of all."""
    event = published(1, 0)
    own = {"name": "own", "first": 0, "count": 1, "faults": faults}
    for plan in (planned(faults=faults), planned(classes=[own])):
        [stage] = analyse(frames_of([event], [arrived(event, 2)], [plan]), keep_disturbed=True).performance.stages
        assert holds_in(BODILESS, stage) is held
