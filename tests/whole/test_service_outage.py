"""A region that a service delivers to is out for a while: what piled up, how it drained, and how hard it came."""

from pathlib import Path

import pytest

from tests.support.delivery_services import delivery_service
from tests.support.through_service import own_table, run_through

pytestmark = pytest.mark.slow


def test_a_region_that_is_refused_comes_back(tmp_path: Path) -> None:
    """Nothing is lost, what was offered meanwhile piled up and was delivered after it, and no sender chose a region."""
    with delivery_service(tmp_path, "--retries", "0.3,0.6,1.2,2.4") as service:
        table = own_table(tmp_path, service, "0.3, 0.6, 1.2, 2.4")
        run = run_through(tmp_path, table, "distribution", "--quick", "--stages", "failover refused", "--rate", "200")
    assert not run.faults, run.said
    assert run.section.failovers is None
    assert run.section.strategies is None
    assert run.section.service
    (found,) = run.section.service.outages
    assert found.faults == ["refused"]
    assert len(found.regions) == 1
    assert found.lasted_s > 1
    assert found.missing == 0
    assert found.drained_s is not None
    assert 0.5 * found.offered < found.backlog <= found.offered + 5
    assert found.herd_per_s > found.offered_per_s
    assert found.held
    assert found.told() in " ".join(run.said.split())
    (stage,) = run.section.stages
    assert stage.ledger.lost == 0
    assert stage.deliveries.acknowledged == stage.deliveries.due
