"""One event for several endpoints: each has it, and the books balance."""

from pathlib import Path

import pytest

from tests.support.delivery_services import delivery_service
from tests.support.through_service import own_table, run_through

pytestmark = pytest.mark.slow

ENDPOINTS = 3


def test_a_tenant_of_three_endpoints_has_each_event_three_times(tmp_path: Path) -> None:
    """What senders and Locust count once, the ledger counts for each endpoint, where some is refused at first, too."""
    with delivery_service(tmp_path, "--retries", "0.2,0.4,0.8,1.6") as service:
        table = own_table(tmp_path, service, "0.2, 0.4, 0.8, 1.6", tenant_of=ENDPOINTS)
        run = run_through(
            tmp_path,
            table,
            "performance",
            "--quick",
            "--stages",
            "sequential*=100,retry ack*",
            "--rate",
            "50",
            "--no-probe",
        )
        told = service.stats()
    assert not run.faults, run.said
    assert len(run.section.stages) == 3
    for stage in run.section.stages:
        assert stage.through
        assert stage.through.published > 0
        assert stage.deliveries.due == ENDPOINTS * stage.through.published
        assert stage.deliveries.acknowledged == stage.deliveries.due
        assert stage.ledger.lost == stage.ledger.unexpected == 0
    published = sum(stage.through.published for stage in run.section.stages if stage.through)
    assert told["accepted"] == ENDPOINTS * published
