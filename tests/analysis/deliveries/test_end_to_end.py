"""Events through a delivery service, joined with their arrivals: what never came, and what may yet come."""

import pytest

from _hookswarm.analysis.reports import analyse
from _hookswarm.analysis.schema.report import Stage
from _hookswarm.records.timeline import ServiceDrained
from tests.support.journals import SECOND, START, planned
from tests.support.published import arrived, frames_of, published


def played(settled: bool) -> Stage:
    """Ten accepted events, of which eight arrived until they were waited for no longer."""
    events = [published(sequence, sequence) for sequence in range(10)]
    seen = [arrived(event, 20) for event in events[:8]]
    drained = ServiceDrained(
        at_ns=START + 90 * SECOND, stage=0, accepted=10, expected=10, taken=8, waited_s=60, patience_s=10,
        settled=settled,
    )  # fmt: skip
    [stage] = analyse(frames_of(events, seen, [planned()], [drained]), keep_disturbed=True).performance.stages
    return stage


@pytest.mark.parametrize("settled", [True, False])
def test_what_may_yet_come_is_missing_and_not_lost(settled: bool) -> None:
    """After a drain in which nothing moved any more it is lost; where others still came, nobody can tell."""
    stage = played(settled)
    assert stage.through
    assert (stage.ledger.lost, stage.through.missing) == ((2, 0) if settled else (0, 2))
    assert (stage.through.accepted, stage.through.arrived) == (10, 8)
    assert stage.ledger.balanced is False
